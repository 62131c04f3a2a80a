"""Verdict then and verdict now, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from gate.report.encoding import visible, visible_json
from gate.run.whatif import Change, FindingChange, RuleChange, Standing, WhatIf

SCHEMA = "https://patchgate.dev/schema/what-if-1.json"
_SHOWN = 50
_SIGNS = {Change.NEW: "+", Change.GONE: "-", Change.CHANGED: "~"}


def render_json(found: WhatIf) -> bytes:
    """Return the whole answer as JSON; fields are only ever added."""
    document = {"schema": SCHEMA, **msgspec.to_builtins(found)}
    data = msgspec.json.format(msgspec.json.encode(document), indent=2)
    return visible_json(data) + b"\n"


def render_text(found: WhatIf) -> str:
    """Return lines for a terminal."""
    return "\n".join([*_lines(found), ""])


def _lines(found: WhatIf) -> Iterator[str]:
    yield f"{found.run_id}: would have been {found.would_be.value}, was {found.was.value}"
    for reason in found.reasons_gone:
        yield f"  - {visible(reason.message)}"
    for reason in found.reasons_new:
        yield f"  + {visible(reason.message)}"
    if found.rules:
        yield f"rules that come out otherwise: {len(found.rules)}"
        yield from map(_rule, found.rules)
    if found.findings:
        counts = ", ".join(
            f"{number} {change.value}"
            for change in Change
            if (number := sum(one.change is change for one in found.findings))
        )
        yield f"findings: {counts}"
        yield from map(_finding, found.findings[:_SHOWN])
        if len(found.findings) > _SHOWN:
            yield f"  and {len(found.findings) - _SHOWN} more (--json has all)"
    if not (found.reasons_gone or found.reasons_new or found.rules or found.findings):
        yield "  nothing is different"


def _rule(one: RuleChange) -> str:
    was = one.was.value if one.was else "not there"
    would_be = one.would_be.value if one.would_be else "not there"
    arrow = was if was == would_be else f"{was} → {would_be}"
    return f"  {one.rule}: {arrow}: {visible(one.would_say or one.said)}"


def _finding(one: FindingChange) -> str:
    states = [one_side for one_side in (one.was, one.would_be) if one_side is not None]
    severity = states[-1].severity.value
    head = f"  {_SIGNS[one.change]} {visible(one.id)} {severity} in {visible(one.package)}"
    return f"{head}: {' → '.join(map(_state, states))}"


def _state(one: Standing) -> str:
    due = f" (due {one.due:%Y-%m-%d})" if one.due is not None else ""
    by = f" by {visible(one.exception)}" if one.exception else ""
    breaks = f", breaks {', '.join(one.breaks)}" if one.breaks else ""
    return f"{one.state.value}{by}{due}{breaks}"
