"""The charts of an audit: four drawings, each with its numbers beside its bars."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from gate.advisories.severity import Severity
from gate.estate.audit import Audit, System
from gate.estate.coverage import Week
from gate.estate.figures import coverage, open_flaws, remediation, share_by_month
from gate.policy.durations import parse_duration
from gate.report.charts import Bar, Counts, Group, columns
from gate.report.drawing import WIDTH, drawing, line, rect, text
from gate.report.markup import Markup, tag

_AGES = ((7, "0-7"), (30, "8-30"), (90, "31-90"), (365, "91-365"), (None, "older"))
_LEAST = 2.0
_MONTHS = 13
_LABELS = 7


class Part(NamedTuple):
    """One part of a bar: how large, and the class that colours it."""

    amount: int
    kind: str


class Column(NamedTuple):
    """One upright bar, from the bottom up."""

    label: str
    parts: tuple[Part, ...]
    top: str
    """What stands above it."""
    below: str = ""
    """What stands below its label."""


def kept_by_month(audit: Audit) -> Markup:
    """Return how many flaws kept their time to patch, by month."""
    months = share_by_month(audit)[-_MONTHS:]
    bars = [
        Column(
            f"{month.begin:%b}" + (f" {month.begin:%y}" if month.begin.month == 1 else ""),
            (
                Part(share.kept, "kept"),
                Part(share.excepted, "excepted"),
                Part(share.breached, "breached"),
            ),
            f"{share.percent:.0f}%" if share.percent is not None else "",
            f"{share.kept}/{share.total}" if share.total else "none",
        )
        for month, share in months
    ]
    said = "; ".join(
        f"{month.begin:%Y-%m}: {share.kept} of {share.total} in time, {share.excepted} excepted, "
        f"{share.breached} breached"
        for month, share in months
    )
    return _columns("Fixed within the time to patch, by month", said, bars)


def open_by_age(audit: Audit) -> Markup:
    """Return how many flaws were open when the period ended, by age."""
    ages: dict[str, Counts] = defaultdict(Counter)
    for life in open_flaws(audit):
        days = life.days_open(audit.as_of)
        label = next(label for most, label in _AGES if most is None or days <= most)
        ages[label][life.severity] += 1
    bars = tuple(Bar(label, ages[label]) for _, label in _AGES)
    return columns("Age of open flaws", [Group("days since the time to patch began", bars)])


def open_severities(audit: Audit) -> Counts:
    """Return how many flaws of each severity were open when the period ended."""
    found: Counter[Severity] = Counter(life.severity for life in open_flaws(audit))
    return found


def time_to_patch(audit: Audit) -> Markup:
    """Return the mean time to patch by severity, and the time that was allowed."""
    found = remediation(audit)
    height, thick, room = 46.0, 14.0, 4.0
    allowed = {severity: _days(one.allowed) for severity, one in found.items()}
    most = max([one.mean for one in found.values()] + [*allowed.values()], default=0) or 1
    unit = (WIDTH - room) / most
    parts: list[Markup] = []
    for number, (severity, one) in enumerate(found.items()):
        top = number * height
        limit = f", {one.allowed} allowed" if one.allowed else ""
        label = f"{severity.value}: {one.mean:.1f} days, median {one.median:.1f}{limit}"
        parts.append(text(f"{label} ({_flaws(one.flaws)})", 0, top + 12, "label"))
        parts.append(rect(0, top + 19, max(one.mean * unit, _LEAST), thick, severity.value))
        if allowed[severity]:
            at = allowed[severity] * unit
            parts.append(line(at, top + 15, at, top + 37, "limit"))
    said = "; ".join(
        f"{severity.value}: {one.mean:.1f} days mean, {one.median:.1f} median, {one.flaws} flaws"
        for severity, one in found.items()
    )
    if not found:
        parts.append(text("no patch was seen in the period", 0, 14, "label"))
    return drawing("Mean time to patch", said, int(height * max(len(found), 1)), parts)


def coverage_by_week(audit: Audit) -> Markup:
    """Return how many systems in scope were checked, by week."""
    weeks = coverage(audit)
    step = max(math.ceil(len(weeks) / _LABELS), 1)
    bars = [
        Column(
            f"{week.begin:%d %b}" if number % step == 0 else "",
            (
                Part(week.checked, "kept"),
                Part(week.partly, "excepted"),
                Part(week.missing, "missing"),
            ),
            "",
        )
        for number, week in enumerate(weeks)
    ]
    said = "; ".join(
        f"week of {week.begin:%Y-%m-%d}: {week.checked} checked, {week.partly} in part, "
        f"{week.missing} not"
        for week in weeks
    )
    return _columns("Systems checked, by week", said, bars)


def strip(system: System) -> Markup:
    """Return the weeks of one system as a row of small fields."""
    count = max(len(system.weeks), 1)
    wide = min(WIDTH / 2 / count, 8.0)
    fields = [
        rect(number * wide, 0, max(wide - 1, 0.6), 12, _WEEKS[week])
        for number, week in enumerate(system.weeks)
        if week is not Week.OUT_OF_SCOPE
    ]
    missing = sum(week is Week.MISSING for week in system.weeks)
    said = f"{missing} of {count} weeks without a check"
    return tag(
        "svg",
        tag("title", said),
        *fields,
        viewBox=f"0 0 {wide * count:.0f} 12",
        width=f"{wide * count:.0f}",
        height="12",
        role="img",
        class_="strip",
    )


_WEEKS = {Week.CHECKED: "kept", Week.PARTLY: "excepted", Week.MISSING: "missing"}


def meanings(*pairs: tuple[str, str]) -> Markup:
    """Return what the colours of a chart mean: pairs of class and words."""
    return tag(
        "p", *(tag("span", words, class_=f"key {kind}") for kind, words in pairs), class_="legend"
    )


def _columns(title: str, said: str, bars: Sequence[Column]) -> Markup:
    has_below = any(bar.below for bar in bars)
    top, base = 20.0, 150.0
    bottom = 186 if has_below else 170
    most = max((sum(part.amount for part in bar.parts) for bar in bars), default=0) or 1
    parts: list[Markup] = [line(0, base, WIDTH, base)]
    left = 0.0 if has_below else _axis(most, top, parts)
    step = (WIDTH - left) / max(len(bars), 1)
    wide = min(step * 0.72, 44)
    for number, bar in enumerate(bars):
        centre = left + step * (number + 0.5)
        at = base
        for part in bar.parts:
            if part.amount:
                tall = max(part.amount * (base - top) / most, _LEAST)
                at -= tall
                parts.append(rect(centre - wide / 2, at, wide, tall, part.kind))
        if bar.top:
            parts.append(text(bar.top, centre, at - 5, "value"))
        parts.append(text(bar.label, centre, base + 15, "tick"))
        if bar.below:
            parts.append(text(bar.below, centre, base + 30, "axis"))
    return drawing(title, said, bottom, parts)


def _axis(most: int, top: float, parts: list[Markup]) -> float:
    """Draw the greatest number at the left, and return how much room that takes."""
    parts.append(text(f"{most:,}", 0, top + 4, "label"))
    parts.append(line(0, top, WIDTH, top, "grid"))
    return 8.0 + 7 * len(f"{most:,}")


def _days(allowed: str) -> float:
    try:
        return parse_duration(allowed) / timedelta(days=1)
    except ValueError:
        return 0.0


def _flaws(count: int) -> str:
    return f"{count:,} flaw{'s' if count != 1 else ''}"
