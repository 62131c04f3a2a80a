"""Time zones as data of the policy: the same on every machine, and years later.

The rules of a zone are data of the machine that change with its updates; a verdict has to
come out the same without them.  So a zone is its POSIX rule (POSIX.1-2024, Base
Definitions 8.3, ``TZ``: ``CET-1CEST,M3.5.0,M10.5.0/3``), written out, or one of the names
below, whose rules were those of the IANA database (2025b) at the given date and had
been for ten years.  Past times are reckoned by the present rule.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

AS_OF = "2026-11-27"
"""Day on which the table was held against the IANA database."""
_EUROPE = {
    "WET0WEST,M3.5.0/1,M10.5.0": ("Europe/Lisbon",),
    "GMT0BST,M3.5.0/1,M10.5.0": ("Europe/London",),
    "IST-1GMT0,M10.5.0,M3.5.0/1": ("Europe/Dublin",),
    "CET-1CEST,M3.5.0,M10.5.0/3": (
        *("Europe/Amsterdam", "Europe/Berlin", "Europe/Brussels", "Europe/Budapest"),
        *("Europe/Copenhagen", "Europe/Madrid", "Europe/Oslo", "Europe/Paris", "Europe/Prague"),
        *("Europe/Rome", "Europe/Stockholm", "Europe/Vienna", "Europe/Warsaw", "Europe/Zurich"),
    ),
    "EET-2EEST,M3.5.0/3,M10.5.0/4": (
        *("Europe/Athens", "Europe/Bucharest", "Europe/Helsinki", "Europe/Kyiv"),
        *("Europe/Riga", "Europe/Sofia", "Europe/Tallinn", "Europe/Vilnius"),
    ),
}
_ELSEWHERE = {
    "EST5EDT,M3.2.0,M11.1.0": ("America/New_York", "America/Toronto"),
    "CST6CDT,M3.2.0,M11.1.0": ("America/Chicago",),
    "MST7MDT,M3.2.0,M11.1.0": ("America/Denver",),
    "MST7": ("America/Phoenix",),
    "PST8PDT,M3.2.0,M11.1.0": ("America/Los_Angeles", "America/Vancouver"),
    "AEST-10AEDT,M10.1.0,M4.1.0/3": ("Australia/Melbourne", "Australia/Sydney"),
    "NZST-12NZDT,M9.5.0,M4.1.0/3": ("Pacific/Auckland",),
    "IST-5:30": ("Asia/Kolkata",),
    "CST-8": ("Asia/Shanghai",),
    "HKT-8": ("Asia/Hong_Kong",),
    "<+08>-8": ("Asia/Singapore",),
    "JST-9": ("Asia/Tokyo",),
    "KST-9": ("Asia/Seoul",),
    "SAST-2": ("Africa/Johannesburg",),
    "UTC0": ("UTC", "Etc/UTC"),
}
NAMES = {
    name: rule for rules in (_EUROPE, _ELSEWHERE) for rule, all_ in rules.items() for name in all_
}
"""IANA name to POSIX rule."""

_NAME = r"(?:[A-Za-z]{3,10}|<[A-Za-z0-9+-]{3,10}>)"
_OFFSET = r"[+-]?\d{1,2}(?::\d{2}){0,2}"
_DATE = r"M(\d{1,2})\.([1-5])\.([0-6])(?:/([+-]?\d{1,3}(?::\d{2}){0,2}))?"
_RULE = re.compile(rf"{_NAME}({_OFFSET})(?:{_NAME}({_OFFSET})?,{_DATE},{_DATE})?")
_TWO = timedelta(hours=2)
_HOUR = timedelta(hours=1)
_WEEK = timedelta(weeks=1)
_MOST = timedelta(hours=26)


class _Change(NamedTuple):
    """When a rule says that the clocks change: the n-th weekday of a month, at a local time."""

    month: int
    number: int
    """1 to 4; 5 is the last."""
    weekday: int
    """0 is Sunday."""
    at: timedelta

    def local(self, year: int) -> datetime:
        first = datetime(year, self.month, 1)  # noqa: DTZ001 - a wall clock
        ahead = (self.weekday - first.isoweekday()) % 7
        day = first + timedelta(days=ahead) + (self.number - 1) * _WEEK
        while day.month != self.month:
            day -= _WEEK
        return day + self.at


class Zone(NamedTuple):
    """Wall clocks of a place."""

    standard: timedelta
    """Ahead of UTC."""
    summer: timedelta
    begin: _Change | None = None
    """Of summer time, by the standard clock; None where there is none."""
    end: _Change | None = None
    """By the summer clock."""

    def offset(self, moment: datetime) -> timedelta:
        """Return how far the clocks are ahead of UTC at a moment (UTC)."""
        if self.begin is None or self.end is None:
            return self.standard
        utc = moment.replace(tzinfo=None)
        year = (utc + self.standard).year
        begin = self.begin.local(year) - self.standard
        end = self.end.local(year) - self.summer
        in_summer = begin <= utc < end if begin < end else not end <= utc < begin
        return self.summer if in_summer else self.standard

    def wall(self, moment: datetime) -> datetime:
        """Return what the clocks show at a moment (UTC), without a zone."""
        return moment.replace(tzinfo=None) + self.offset(moment)

    def moment(self, wall: datetime) -> datetime:
        """Return when (UTC) the clocks show `wall`.

        The first of two times; a time that is skipped is as much after the change
        as it would have been.
        """
        for offset in sorted({self.standard, self.summer}, reverse=True):
            moment = (wall - offset).replace(tzinfo=UTC)
            if self.offset(moment) == offset:
                return moment
        return (wall - min(self.standard, self.summer)).replace(tzinfo=UTC)


@lru_cache(maxsize=64)
def read_zone(written: str) -> Zone:
    """Return the zone of a name in `NAMES` or of a POSIX rule; ValueError for anything else."""
    found = _RULE.fullmatch(NAMES.get(written, written))
    if found is None:
        raise ValueError(
            f"'{written}' is not a zone that is known: write its POSIX rule, like "
            "CET-1CEST,M3.5.0,M10.5.0/3"
        )
    standard = -_span(found[1])
    if found[3] is None:
        zone = Zone(standard, standard)
    else:
        summer = -_span(found[2]) if found[2] else standard + _HOUR
        begin, end = _change(found, 3), _change(found, 7)
        zone = Zone(standard, summer, begin, end)
    if max(abs(zone.standard), abs(zone.summer)) > _MOST:
        raise ValueError(f"'{written}' is more than a day from UTC")
    return zone


def _change(found: re.Match[str], group: int) -> _Change:
    month, number, weekday = (int(found[group + place]) for place in range(3))
    if not 1 <= month <= 12:
        raise ValueError(f"there is no month {month}")
    at = _span(found[group + 3]) if found[group + 3] else _TWO
    return _Change(month, number, weekday, at)


def _span(written: str) -> timedelta:
    hours, minutes, seconds = (*written.lstrip("+-").split(":"), "0", "0")[:3]
    span = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds))
    return -span if written.startswith("-") else span
