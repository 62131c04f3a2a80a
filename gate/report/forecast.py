"""What will fail and when, for a terminal: the next dates, and what to do before them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

import msgspec

from gate.policy.durations import write_duration
from gate.policy.forecast import Coming, Forecast, Kind
from gate.policy.verdict import Outcome
from gate.report.encoding import visible, visible_json
from gate.run.result import Result

_SHOWN = 40
_NAMES = 3


def headline(result: Result) -> str:
    """Return one line: passes today, and for how long."""
    ahead = result.forecast
    if ahead is None:
        return ""
    days = write_duration(ahead.until - result.now)
    if result.verdict.outcome is not Outcome.PASS:
        return f"{result.verdict.outcome} today"
    if ahead.fails_at is None:
        return f"passes today, and for {days} if nothing changes"
    first = next((one for one in ahead.coming if one.at >= ahead.fails_at), None)
    why = f": {visible(first.message)}; {visible(first.remedy)}" if first is not None else ""
    return f"passes today; fails in {write_duration(ahead.fails_at - result.now)}{why}"


def render_text(result: Result) -> str:
    """Return the forecast: when the verdict turns, and what to do before each day."""
    ahead = result.forecast
    if ahead is None:
        return headline(result) + "\n"
    lines = [headline(result)]
    rows = list(_rows(ahead))
    if rows:
        lines += ["", f"Until {ahead.until:%Y-%m-%d}"]
        widest = max(len(what) for _, what, _ in rows[:_SHOWN])
        lines += [
            f"  {at:%Y-%m-%d}  {what:<{widest}}  {remedy}".rstrip()
            for at, what, remedy in rows[:_SHOWN]
        ]
    if len(rows) > _SHOWN:
        lines.append(f"  and {len(rows) - _SHOWN} more; -o json lists all")
    return "\n".join(lines) + "\n"


def _rows(ahead: Forecast) -> Iterator[tuple[datetime, str, str]]:
    """Yield a line for each day and remedy: flaws that one upgrade closes stand together."""
    together: dict[tuple[datetime, str, str], list[Coming]] = defaultdict(list)
    for one in ahead.coming:
        package = one.message.rpartition(" in ")[2] if one.kind is Kind.DUE else one.message
        together[one.at, package, one.remedy].append(one)
    for (at, _, remedy), ones in together.items():
        if len(ones) == 1:
            yield at, visible(ones[0].message, 90), visible(remedy, 90)
            continue
        names = [one.finding.partition(" ")[0] for one in ones]
        package = ones[0].message.rpartition(" in ")[2].removesuffix(" is due")
        more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
        shown = ", ".join(names[:_NAMES])
        yield at, visible(f"{package}: {shown}{more} are due", 90), visible(remedy, 90)


def render_json(result: Result) -> bytes:
    """Return the forecast as JSON: ``{"verdict", "decided_at", "forecast": {until, …}}``."""
    document = {
        "target": result.target,
        "verdict": result.verdict.outcome,
        "decided_at": result.now,
        "forecast": result.forecast,
    }
    return visible_json(msgspec.json.format(msgspec.json.encode(document), indent=2)) + b"\n"
