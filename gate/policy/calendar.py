"""When a span of time ends, counted by the days and hours that a policy counts.

Business days are whole days, or the working hours of each: by the wall clocks of the
policy's zone, without the weekend and the holidays.  Of whole days ``3d`` and ``72h`` are
three.  Where working hours are given, ``3d`` are three working days and ``72h`` are 72
working hours.  What begins outside of them begins with the next.  Reckoned on wall
clocks: a day on which they change counts as any other.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from gate.policy.settings import Calendar
from gate.policy.zones import Zone, read_zone

_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = timedelta(days=1)
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
"""No flaw is older; it keeps the offset from leading out of the calendar."""
_LATEST = datetime.max.replace(tzinfo=UTC)


def end_of(
    start: datetime, span: timedelta, calendar: Calendar, *, in_hours: bool = False
) -> datetime:
    """Return the moment, in UTC, at which `span` from `start` has passed.

    `in_hours` says that it was written in hours, which matters where working hours count.
    What would lie beyond the calendar's last day ends with it.
    """
    try:
        if calendar.count == "business":
            return _business_end(start, span, calendar, in_hours)
        return start + span
    except OverflowError:
        return _LATEST


@lru_cache(maxsize=4096)
def _business_end(start: datetime, span: timedelta, calendar: Calendar, in_hours: bool) -> datetime:
    zone, free = zone_of(calendar), _Free(calendar)
    opens, closes = hours_of(calendar)
    left = span if in_hours or not calendar.hours else span / _DAY * (closes - opens)
    now = zone.wall(max(start, _EARLIEST))
    day = _midnight(now)
    while True:
        if not free.on(day.date()):
            begin, end = max(now, day + opens), day + closes
            if begin < end or (begin == end and not left):
                if left <= end - begin:
                    return zone.moment(begin + left)
                left -= end - begin
        day += _DAY


class _Free:
    """The days that do not count."""

    def __init__(self, calendar: Calendar) -> None:
        self._weekdays = {_WEEK.index(name) for name in calendar.weekend}
        self._holidays = {date.fromisoformat(day) for day in calendar.holidays}

    def on(self, day: date) -> bool:
        return day.weekday() in self._weekdays or day in self._holidays


def hours_of(calendar: Calendar) -> tuple[timedelta, timedelta]:
    """Return when work begins and ends, from midnight; ValueError where it ends before."""
    if not calendar.hours:
        return timedelta(0), _DAY
    opens, closes = map(_since_midnight, calendar.hours.split("-"))
    if not opens < closes <= _DAY:
        raise ValueError(f"'{calendar.hours}' ends before it begins")
    return opens, closes


def zone_of(calendar: Calendar) -> Zone:
    """Return the zone whose clocks count; ValueError where there is none of that name."""
    if calendar.time_zone:
        return read_zone(calendar.time_zone)
    offset = _since_midnight(calendar.utc_offset[1:])
    ahead = -offset if calendar.utc_offset[0] == "-" else offset
    return Zone(ahead, ahead)


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _since_midnight(written: str) -> timedelta:
    hours, _, minutes = written.partition(":")
    return timedelta(hours=int(hours), minutes=int(minutes))
