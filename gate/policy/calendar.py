"""When a span of time ends, counted by the days that a policy counts.

Business days are whole days: from midnight to midnight at the policy's UTC
offset, without the weekend and the holidays.  ``3d`` and ``72h`` are three such
days; what begins on a day that does not count begins with the next that does.
The offset is fixed: rules for daylight saving are data of the machine, and a
verdict has to come out the same on every one.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

from gate.policy.settings import Calendar

_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = timedelta(days=1)
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
"""No flaw is older; it keeps the offset from leading out of the calendar."""
_LATEST = datetime.max.replace(tzinfo=UTC)


def end_of(start: datetime, span: timedelta, calendar: Calendar) -> datetime:
    """Return the moment, in UTC, at which `span` from `start` has passed.

    What would lie beyond the calendar's last day ends with it.
    """
    try:
        if calendar.count == "business":
            return _business_end(start, span, calendar)
        return start + span
    except OverflowError:
        return _LATEST


@lru_cache(maxsize=4096)
def _business_end(start: datetime, span: timedelta, calendar: Calendar) -> datetime:
    free = _Free(calendar)
    now = max(start, _EARLIEST).astimezone(_zone(calendar.utc_offset))
    left = span
    while free.on(now.date()):
        now = _midnight_after(now)
    while True:
        tomorrow = _midnight_after(now)
        if left <= tomorrow - now:
            return (now + left).astimezone(UTC)
        left -= tomorrow - now
        now = tomorrow
        while free.on(now.date()):
            now = _midnight_after(now)


class _Free:
    """The days that do not count."""

    def __init__(self, calendar: Calendar) -> None:
        self._weekdays = {_WEEK.index(name) for name in calendar.weekend}
        self._holidays = {date.fromisoformat(day) for day in calendar.holidays}

    def on(self, day: date) -> bool:
        return day.weekday() in self._weekdays or day in self._holidays


def _midnight_after(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0) + _DAY


def _zone(offset: str) -> timezone:
    hours, minutes = int(offset[1:3]), int(offset[4:6])
    ahead = timedelta(hours=hours, minutes=minutes)
    return timezone(-ahead if offset[0] == "-" else ahead)
