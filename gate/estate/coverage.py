"""When systems were checked, and when they were not.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

import msgspec

from gate.estate.lines import RunLine
from gate.estate.period import Period

_DAY = timedelta(days=1)


class Week(StrEnum):
    """How a system stands in one week."""

    CHECKED = "checked"
    PARTLY = "partly"
    """There were checks, and none of them saw everything."""
    MISSING = "missing"
    OUT_OF_SCOPE = "out-of-scope"


class GapKind(StrEnum):
    """Where a gap lies."""

    NEVER = "never"
    """No check in the whole time."""
    BEFORE = "before-the-first"
    BETWEEN = "between"
    AFTER = "after-the-last"


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """A time without a check that saw everything, longer than is allowed."""

    kind: GapKind
    begin: datetime
    end: datetime
    days: int


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One run, as coverage counts it."""

    line: RunLine
    entry: int | None
    whole: bool
    """Whether it saw everything."""
    given_time: bool
    """Whether its time was given, and is not that of a clock."""


def weeks(period: Period, scope: Period, checks: Sequence[Check]) -> tuple[Week, ...]:
    """Return how a system stands in every week of `period`; `scope` is when it belongs to it."""
    return tuple(_week(week, scope, checks) for week in period.weeks())


def _week(week: Period, scope: Period, checks: Sequence[Check]) -> Week:
    found = [check.whole for check in checks if check.line.decided_at in week]
    if found:
        return Week.CHECKED if any(found) else Week.PARTLY
    return Week.MISSING if scope.begin < week.end and week.begin < scope.end else Week.OUT_OF_SCOPE


def gaps(scope: Period, checks: Sequence[Check], allowed: timedelta) -> Iterator[Gap]:
    """Yield the times in `scope` longer than `allowed` without a check that saw everything.

    Days are counted from date to date, so that a weekly check may come an hour late.
    """
    moments = [check.line.decided_at for check in checks if check.whole]
    before = [moment for moment in moments if moment < scope.begin]
    within = [moment for moment in moments if moment in scope]
    last = before[-1] if before else None
    if not within:
        kind = GapKind.NEVER if last is None else GapKind.AFTER
        yield from _gap(kind, last or scope.begin, scope.end, allowed)
        return
    if last is None:
        yield from _gap(GapKind.BEFORE, scope.begin, within[0], allowed)
    else:
        within.insert(0, last)
    for one, two in pairwise(within):
        yield from _gap(GapKind.BETWEEN, one, two, allowed)
    yield from _gap(GapKind.AFTER, within[-1], scope.end, allowed)


def _gap(kind: GapKind, begin: datetime, end: datetime, allowed: timedelta) -> Iterator[Gap]:
    span = end.date() - begin.date()
    if span > allowed or kind is GapKind.NEVER:
        yield Gap(kind=kind, begin=begin, end=end, days=span // _DAY)
