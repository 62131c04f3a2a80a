"""The difference between two inventories, for people and as JSON."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from gate.matching.diff import Change, Difference
from gate.report.encoding import visible

_SIGNS = {
    Change.ADDED: "+",
    Change.REMOVED: "-",
    Change.UPGRADED: "↑",
    Change.DOWNGRADED: "↓",
    Change.CHANGED: "~",
}
_WIDEST = 50


def render_text(found: Sequence[Difference]) -> str:
    """Return a line for each difference, and one that counts them."""
    rows = [
        (
            _SIGNS[item.change],
            visible(item.type),
            visible(item.name + (f" ({item.arch})" if item.arch else "")),
            visible(" → ".join(part for part in (item.before, item.after) if part)),
        )
        for item in found
    ]
    widths = [min(max((len(row[at]) for row in rows), default=0), _WIDEST) for at in (1, 2)]
    lines = [f"{s} {t:{widths[0]}}  {n:{widths[1]}}  {v}".rstrip() for s, t, n, v in rows]
    counts = [
        f"{number} {change.value}"
        for change in Change
        if (number := sum(item.change is change for item in found))
    ]
    return "\n".join([*lines, ", ".join(counts) or "no difference", ""])


def render_json(found: Sequence[Difference]) -> bytes:
    """Return the differences as JSON: ``{"differences": [{type, name, change, …}]}``."""
    document = msgspec.json.encode({"differences": found}, order="sorted")
    return msgspec.json.format(document, indent=2) + b"\n"
