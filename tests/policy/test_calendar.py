"""Business days against a day-by-day count, and the edges of the calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.errors import UsageError
from gate.policy.calendar import end_of
from gate.policy.document import parse_policy
from gate.policy.settings import Calendar
from gate.policy.zones import NAMES, read_zone

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CALENDARS = st.builds(
    lambda offset, weekend, holidays: Calendar(
        count="business",
        utc_offset=offset,
        weekend=tuple(weekend),
        holidays=tuple(str(day) for day in holidays),
    ),
    st.sampled_from(["+00:00", "+01:00", "-03:30", "+14:00"]),
    st.lists(st.sampled_from(WEEKDAYS), max_size=6, unique=True).filter(lambda days: len(days) < 7),
    st.lists(st.dates(date(2024, 1, 1), date(2024, 12, 31)), max_size=5),
)
STARTS = st.datetimes(datetime(2024, 1, 1), datetime(2024, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001
SPANS = st.integers(0, 24 * 30).map(lambda hours: timedelta(hours=hours))


def zone(calendar: Calendar) -> timezone:
    sign = -1 if calendar.utc_offset[0] == "-" else 1
    hours, minutes = calendar.utc_offset[1:].split(":")
    return timezone(sign * timedelta(hours=int(hours), minutes=int(minutes)))


def counts(moment: datetime, calendar: Calendar) -> bool:
    day = moment.astimezone(zone(calendar)).date()
    return WEEKDAYS[day.weekday()] not in calendar.weekend and str(day) not in calendar.holidays


@settings(deadline=None)
@given(STARTS, SPANS, CALENDARS)
def test_exactly_the_span_of_counting_time_lies_between(
    start: datetime, span: timedelta, calendar: Calendar
) -> None:
    start = start.replace(minute=0, second=0, microsecond=0)
    end = end_of(start, span, calendar)
    half = timedelta(minutes=30)
    counted = timedelta(0)
    at = start
    while at < end:
        counted += half if counts(at, calendar) else timedelta(0)
        at += half
    assert counted == span


@given(STARTS, STARTS, SPANS, CALENDARS)
def test_a_later_start_never_ends_earlier(
    one: datetime, other: datetime, span: timedelta, calendar: Calendar
) -> None:
    first, second = sorted([one, other])
    assert end_of(first, span, calendar) <= end_of(second, span, calendar)


@given(STARTS, SPANS, CALENDARS)
def test_business_days_are_never_less_time(
    start: datetime, span: timedelta, calendar: Calendar
) -> None:
    assert end_of(start, span, calendar) >= end_of(start, span, Calendar())


def test_the_edges_of_the_calendar_are_no_error() -> None:
    business = Calendar(count="business", utc_offset="+14:00")
    last = datetime(9999, 12, 31, tzinfo=UTC)
    assert end_of(last, timedelta(weeks=999_999), Calendar()).year == 9999
    assert end_of(last, timedelta(days=3), business).year == 9999
    early = datetime(1, 1, 1, tzinfo=UTC)
    west = Calendar(count="business", utc_offset="-03:30")
    assert end_of(early, timedelta(0), west).year == 1900


HOURS = st.sampled_from(["09:00-17:00", "00:00-24:00", "22:30-23:00", "08:15-12:45"])
ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata"])
MOMENTS = st.datetimes(datetime(2016, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def _minutes(written: str) -> tuple[int, int]:
    opens, closes = (one.split(":") for one in written.split("-"))
    return int(opens[0]) * 60 + int(opens[1]), int(closes[0]) * 60 + int(closes[1])


@given(STARTS, st.integers(0, 30), CALENDARS, HOURS)
def test_exactly_the_working_hours_lie_between(
    start: datetime, hours: int, days: Calendar, written: str
) -> None:
    calendar = Calendar(
        count="business",
        hours=written,
        utc_offset=days.utc_offset,
        weekend=days.weekend,
        holidays=days.holidays,
    )
    start = start.replace(minute=0, second=0, microsecond=0)
    span = timedelta(hours=hours)
    end = end_of(start, span, calendar, in_hours=True)
    opens, closes = (timedelta(minutes=minute) for minute in _minutes(written))
    begin = start.astimezone(zone(calendar))
    midnight = begin.replace(hour=0, minute=0)
    counted = timedelta(0)
    while midnight < end:
        if counts(midnight, calendar):
            shut = min(end, midnight + closes)
            counted += max(timedelta(0), shut - max(begin, midnight + opens))
        midnight += timedelta(days=1)
    assert counted == span


@given(STARTS, st.integers(1, 30), CALENDARS, HOURS)
def test_a_working_day_is_as_long_as_its_hours(
    start: datetime, days: int, free: Calendar, written: str
) -> None:
    opens, closes = _minutes(written)
    calendar = Calendar(count="business", hours=written, weekend=free.weekend)
    same = end_of(start, timedelta(minutes=(closes - opens) * days), calendar, in_hours=True)
    assert end_of(start, timedelta(days=days), calendar) == same


@given(MOMENTS, MOMENTS, st.integers(0, 200), ZONES, HOURS)
def test_no_change_of_the_clocks_turns_time_back(
    one: datetime, other: datetime, hours: int, name: str, written: str
) -> None:
    calendar = Calendar(count="business", hours=written, time_zone=name)
    first, second = sorted([one, other])
    span = timedelta(hours=hours)
    ends = [end_of(at, span, calendar, in_hours=True) for at in (first, second)]
    assert ends[0] <= ends[1]
    assert ends[0] >= first - timedelta(hours=1)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_zone_is_that_of_the_database(name: str) -> None:
    """Every eleven hours of fifteen years, against the zones of this machine."""
    try:
        reference = ZoneInfo(name)
    except ZoneInfoNotFoundError:
        pytest.skip("no time zones here (tzdata): the table is not tested")
    zone_ = read_zone(name)
    at = datetime(2020, 1, 1, tzinfo=UTC)
    while at.year < 2035:
        assert zone_.offset(at) == at.astimezone(reference).utcoffset(), at
        at += timedelta(hours=11)


@given(MOMENTS, st.sampled_from(sorted(NAMES)))
def test_wall_clocks_and_moments(moment: datetime, name: str) -> None:
    zone_ = read_zone(name)
    wall = zone_.wall(moment)
    back = zone_.moment(wall)
    assert back == moment or (back < moment and zone_.wall(back) == wall)


def test_an_hour_that_is_skipped_and_one_that_is_there_twice() -> None:
    berlin = read_zone("Europe/Berlin")
    skipped = berlin.moment(datetime(2026, 3, 29, 2, 30))  # noqa: DTZ001
    assert skipped == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    twice = berlin.moment(datetime(2026, 10, 25, 2, 30))  # noqa: DTZ001
    assert twice == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("calendar", "message"),
    [
        ("{count: business, hours: '17:00-09:00'}", "ends before it begins"),
        ("{count: business, hours: '9-17'}", "hours"),
        ("{hours: '09:00-17:00'}", "count: business"),
        ("{count: business, time_zone: Europe/Atlantis}", "POSIX rule"),
        ("{count: business, time_zone: 'AAA30'}", "more than a day"),
        ("{count: business, time_zone: 'CET-1CEST,M13.5.0,M10.5.0'}", "no month 13"),
        (
            "{count: business, time_zone: Europe/Berlin, utc_offset: '+01:00'}",
            "stands beside a time_zone",
        ),
    ],
)
def test_mistakes_are_told_where_they_are(calendar: str, message: str) -> None:
    text = f"version: 1\nrules:\n  patch_sla:\n    calendar: {calendar}\n"
    with pytest.raises(UsageError, match=message) as raised:
        parse_policy(text, "p.yaml")
    assert "line 4" in str(raised.value)
