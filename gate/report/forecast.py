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
from gate.report.html_around import ahead as ahead_parts
from gate.report.markup import tag
from gate.report.page import page
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
    lines += _plan(result)
    return "\n".join(lines) + "\n"


def _plan(result: Result) -> list[str]:
    """Return the least to do to stay green, for a terminal."""
    found = result.plan
    if found is None or not (found.steps or found.unfixed or found.rules):
        return []
    lines = ["", f"To be green until {found.until:%Y-%m-%d}"]
    for step in found.steps[:_SHOWN]:
        names = ", ".join(step.packages[:_NAMES])
        more = f" and {len(step.packages) - _NAMES} more" if len(step.packages) > _NAMES else ""
        when = f"{step.by:%Y-%m-%d}" if step.by is not None else "now"
        closes = f"{len(step.closes)} flaw{'s' if len(step.closes) != 1 else ''}"
        what = visible(f"raise {names}{more} from {step.version} to {step.to}", 120)
        lines.append(f"  {when:<10}  {what}  ({closes}{', base' if step.of_base else ''})")
    if len(found.steps) > _SHOWN:
        lines.append(f"  and {len(found.steps) - _SHOWN} more upgrades; -o json lists all")
    lines += [f"  {visible(f'{rule}: {remedy}', 160)}" for rule, remedy in found.rules.items()]
    if found.unfixed:
        names = ", ".join(key.partition(" ")[0] for key in found.unfixed[:_NAMES])
        more = f" and {len(found.unfixed) - _NAMES} more" if len(found.unfixed) > _NAMES else ""
        lines.append(
            f"  no fix yet: {visible(names)}{more}; replace, remove, or ask for exceptions"
        )
    if found.base:
        lines.append(f"  or {visible(found.base, 200)}")
    if found.steps:
        by = f", by {', '.join(found.rules)}" if found.rules else ""
        lines.append(f"  once the packages are raised, the verdict is {found.outcome} then{by}")
    return lines


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


def render_html(result: Result) -> bytes:
    """Return the forecast as one HTML page: timeline, dates, and what to do."""
    word, _, why = headline(result).partition(": ")
    header = tag(
        "header",
        tag("p", word, class_="word"),
        tag("p", why) if why else None,
        tag("h1", tag("code", result.target)),
        tag("p", f"as of {result.now:%Y-%m-%d %H:%M} UTC"),
        class_=f"verdict {result.verdict.outcome.value}",
    )
    body = tag("body", tag("main", header, *ahead_parts(result)))
    return page(f"Forecast: {result.target}", body)


def render_json(result: Result) -> bytes:
    """Return the forecast as JSON: ``{"verdict", "decided_at", "forecast": {…}, "plan": {…}}``."""
    document = {
        "target": result.target,
        "verdict": result.verdict.outcome,
        "decided_at": result.now,
        "forecast": result.forecast,
        "plan": result.plan,
    }
    return visible_json(msgspec.json.format(msgspec.json.encode(document), indent=2)) + b"\n"
