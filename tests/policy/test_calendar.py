"""Business days against a day-by-day count, and the edges of the calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from gate.policy.calendar import end_of
from gate.policy.settings import Calendar

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
