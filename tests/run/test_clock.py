"""The clock of a run, and the date of a document."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gate.errors import UsageError
from gate.run.clock import read_clock, read_source_date


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ("2026-08-21", datetime(2026, 8, 21, tzinfo=UTC)),
        ("2026-08-21T12:30:00Z", datetime(2026, 8, 21, 12, 30, tzinfo=UTC)),
        ("2026-08-21T12:30:00.9+02:00", datetime(2026, 8, 21, 10, 30, tzinfo=UTC)),
    ],
)
def test_a_given_time(given: str, moment: datetime) -> None:
    clock = read_clock(given)
    assert (clock.now, clock.basis) == (moment, "--now")


def test_the_time_of_the_machine() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    clock = read_clock(None)
    assert before <= clock.now <= datetime.now(UTC)
    assert (clock.basis, clock.now.microsecond) == ("clock", 0)


@pytest.mark.parametrize("given", ["", "now", "2026-13-01", "21.8.2026"])
def test_no_time(given: str) -> None:
    with pytest.raises(UsageError, match="is not a time"):
        read_clock(given)


def test_the_date_of_a_document() -> None:
    clock = read_source_date({"SOURCE_DATE_EPOCH": "0"})
    assert (clock.now, clock.basis) == (datetime(1970, 1, 1, tzinfo=UTC), "SOURCE_DATE_EPOCH")
    assert read_source_date({}).basis == "clock"
    for stated in ("-1", "1.5", "soon", "9" * 12):
        with pytest.raises(UsageError, match="is not a number of seconds"):
            read_source_date({"SOURCE_DATE_EPOCH": stated})
