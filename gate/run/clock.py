"""The clock of a run: read once, and then a value like any other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from gate.errors import UsageError


class Clock(msgspec.Struct, frozen=True):
    """The time a run decides for, and where it comes from."""

    now: datetime
    """UTC, whole seconds."""
    basis: str
    """``clock``, ``--now`` or ``SOURCE_DATE_EPOCH``."""


def read_clock(given: str | None) -> Clock:
    """Return the time in `given` (ISO 8601; without a zone it is UTC), else the machine's.

    SOURCE_DATE_EPOCH is not asked: a build that pins it to its commit would
    stop the clock that the patch SLA runs by (docs/decisions/0004).
    """
    if given is None:
        return Clock(datetime.now(UTC).replace(microsecond=0), "clock")
    return Clock(read_time(given, "--now"), "--now")


def read_time(given: str, option: str) -> datetime:
    """Return a time in ISO 8601 as UTC in whole seconds; UsageError names `option`."""
    try:
        moment = datetime.fromisoformat(given)
    except ValueError as error:
        raise UsageError(
            f"'{given}' is not a time",
            where=option,
            hint="write it as 2026-08-21 or 2026-08-21T12:00:00Z",
        ) from error
    zoned = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return zoned.replace(microsecond=0)


def read_source_date(environment: Mapping[str, str]) -> Clock:
    """Return the time that SOURCE_DATE_EPOCH names, else the machine's.

    For documents that state when they were made, never for a decision.
    """
    stated = environment.get("SOURCE_DATE_EPOCH", "")
    if not stated:
        return read_clock(None)
    if not stated.isdecimal() or len(stated) > 11:
        raise UsageError(f"'{stated}' is not a number of seconds", where="SOURCE_DATE_EPOCH")
    return Clock(datetime.fromtimestamp(int(stated), UTC), "SOURCE_DATE_EPOCH")
