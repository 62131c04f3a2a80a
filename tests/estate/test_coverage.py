"""Weeks and gaps: a time without a check that saw everything is seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gate.estate.coverage import Check, Gap, GapKind, Week, gaps, weeks
from gate.estate.lines import RunLine
from gate.estate.period import Period, read_period
from gate.evidence.extension import RunVerdict

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MONTH = Period(BEGIN, BEGIN + 28 * DAY)
WEEKLY = timedelta(days=7)


def check(day: float, *, whole: bool = True) -> Check:
    line = RunLine(
        run_id="",
        verdict=RunVerdict.PASS,
        decided_at=BEGIN + day * DAY,
        subject="web",
        sha256="",
    )
    return Check(line=line, entry=0, whole=whole, given_time=False)


def found(*checks: Check, scope: Period = MONTH) -> list[tuple[GapKind, int]]:
    return [(gap.kind, gap.days) for gap in gaps(scope, checks, WEEKLY)]


def test_weekly_checks_leave_no_gap_also_if_one_is_late() -> None:
    assert found(check(0.2), check(7.9), check(14.1), check(21.5)) == []


def test_every_kind_of_gap() -> None:
    assert found() == [(GapKind.NEVER, 28)]
    assert found(check(10), check(20)) == [
        (GapKind.BEFORE, 10), (GapKind.BETWEEN, 10), (GapKind.AFTER, 8),
    ]  # fmt: skip
    assert found(check(-1), check(5), check(12), check(19), check(24)) == []
    assert found(check(-9), check(5), check(12), check(19), check(24)) == [(GapKind.BETWEEN, 14)]
    assert found(check(-5)) == [(GapKind.AFTER, 33)]


def test_a_check_that_did_not_see_everything_closes_no_gap() -> None:
    assert found(check(0), check(7, whole=False), check(14), check(21)) == [(GapKind.BETWEEN, 14)]


def test_a_short_time_in_scope_without_a_check_is_a_gap_all_the_same() -> None:
    assert found(scope=Period(BEGIN, BEGIN + 3 * DAY)) == [(GapKind.NEVER, 3)]


def test_weeks() -> None:
    scope = Period(BEGIN, BEGIN + 21 * DAY)
    checks = [check(1), check(8, whole=False)]
    assert weeks(MONTH, scope, checks) == (
        Week.CHECKED, Week.PARTLY, Week.MISSING, Week.OUT_OF_SCOPE,
    )  # fmt: skip


def test_periods() -> None:
    period = read_period("2026-01-01..2026-06-30")
    assert period.written == "2026-01-01..2026-06-30"
    assert period.end == datetime(2026, 7, 1, tzinfo=UTC)
    assert [f"{month.begin:%m-%d}" for month in period.months()] == [
        "01-01", "02-01", "03-01", "04-01", "05-01", "06-01",
    ]  # fmt: skip
    spans = list(read_period("2026-01-15..2026-02-03").weeks())
    assert [(one.begin.day, one.end.day) for one in spans] == [(15, 22), (22, 29), (29, 4)]


@given(st.lists(st.integers(0, 27), max_size=12), st.integers(1, 10))
def test_no_day_is_lost(days: list[int], allowed: int) -> None:
    """Days of the scope are in a gap, or within the allowed time of a check before them."""
    checks = [check(day) for day in sorted(days)]
    missing: list[Gap] = list(gaps(MONTH, checks, timedelta(days=allowed)))
    for day in range(28):
        moment = BEGIN + day * DAY
        in_gap = any(gap.begin <= moment < gap.end for gap in missing)
        near = any(0 <= day - one <= allowed for one in days) or (
            bool(days) and min(days) <= allowed and day < min(days)
        )
        assert in_gap or near
