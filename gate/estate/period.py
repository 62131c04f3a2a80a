"""A period of days, in UTC, and the months and weeks in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import msgspec

from gate.errors import UsageError
from gate.evidence.extension import read_run_time

_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)
_LONGEST = timedelta(days=3700)


class Period(msgspec.Struct, frozen=True):
    """From `begin`, up to and without `end`; UTC."""

    begin: datetime
    end: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.begin <= moment < self.end

    def has_run(self, run_id: str) -> bool:
        """Return whether the run of this name claims to be of the period."""
        return read_run_time(run_id) in self

    @property
    def last_day(self) -> str:
        """The last day, as it is written."""
        return f"{self.end - _DAY:%Y-%m-%d}"

    @property
    def written(self) -> str:
        """As `read_period` reads it."""
        return f"{self.begin:%Y-%m-%d}..{self.last_day}"

    def months(self) -> Iterator[Period]:
        """Yield the calendar months, cut to the period."""
        at = self.begin
        while at < self.end:
            first = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
            following = (first + timedelta(days=32)).replace(day=1)
            yield Period(at, min(following, self.end))
            at = following

    def weeks(self) -> Iterator[Period]:
        """Yield spans of seven days from the begin; the last may be shorter."""
        at = self.begin
        while at < self.end:
            yield Period(at, min(at + _WEEK, self.end))
            at += _WEEK


def read_period(written: str) -> Period:
    """Return the period ``2026-01-01..2026-06-30``, both days included; UsageError for others."""
    first, dots, last = written.partition("..")
    try:
        begin, end = _midnight(first), _midnight(last) + _DAY
    except (ValueError, OverflowError):
        dots = ""
    if not dots or not timedelta(0) < end - begin <= _LONGEST:
        raise UsageError(
            f"'{written}' is not a period",
            where="--period",
            hint="write its first and its last day: 2026-01-01..2026-06-30",
        )
    return Period(begin, end)


def _midnight(day: str) -> datetime:
    if len(day) != len("2026-01-01"):
        raise ValueError(day)
    parsed = date.fromisoformat(day)
    return datetime(parsed.year, parsed.month, parsed.day, tzinfo=UTC)
