"""The kinds of value that a policy is written with."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from gate.policy import durations

_ALLOWANCE = r"^(none|\d{1,6}(h|d|w))$"
_KEV_ALLOWANCE = r"^(none|kev_due|\d{1,6}(h|d|w))$"
_DAY = r"^\d{4}-\d{2}-\d{2}$"
_OFFSET = r"^[+-](0\d|1[0-4]):[0-5]\d$"
_SHA256 = r"^sha256:[0-9a-f]{64}$"
_HEX = r"^[0-9a-f]{64}$"

EXPECTED: dict[str, str] = {
    durations.PATTERN: "a span of time in hours, days or weeks: 72h, 14d, 2w",
    _ALLOWANCE: "a span of time (72h, 14d, 2w), or 'none' for no time limit at all",
    _KEV_ALLOWANCE: "a span of time (72h, 14d, 2w), 'none' for no time limit, "
    "or 'kev_due' for the date that CISA set",
    _DAY: "a day: 2026-12-25",
    _OFFSET: "hours and minutes ahead of UTC, in quotes: '+01:00'",
    _SHA256: "sha256: and 64 hex digits",
    _HEX: "64 hex digits",
}
"""What a text has to be, for a person: by the pattern that says so for programs."""


def _text(pattern: str) -> msgspec.Meta:
    return msgspec.Meta(pattern=pattern, description=EXPECTED[pattern])


Duration = Annotated[str, _text(durations.PATTERN)]
Allowance = Annotated[str, _text(_ALLOWANCE)]
KevAllowance = Annotated[str, _text(_KEV_ALLOWANCE)]
Day = Annotated[str, _text(_DAY)]
UtcOffset = Annotated[str, _text(_OFFSET)]
Sha256 = Annotated[str, _text(_SHA256)]
Hex256 = Annotated[str, _text(_HEX)]
CvssScore = Annotated[float, msgspec.Meta(ge=0, le=10)]
Probability = Annotated[float, msgspec.Meta(ge=0, le=1)]
Level = Literal["critical", "high", "medium", "low"]
RuleName = Literal["image_age", "base_image", "end_of_life", "restart", "scan_coverage", "packages"]
"""Rules that a subject as a whole breaks; the others are broken by findings."""
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Action(StrEnum):
    """What a rule does when it is not met."""

    OFF = "off"
    WARN = "warn"
    FAIL = "fail"


class Clock(StrEnum):
    """When the time to patch begins.

    Where the date is not known the publication of the flaw begins it, which is
    never later.
    """

    PUBLISHED = "published"
    """The flaw was first published."""
    FIX_AVAILABLE = "fix_available"
    """The first advisory with a fix was published."""
    FIRST_SEEN = "first_seen"
    """An earlier run first saw the flaw on this system."""
    KEV_ADDED = "kev_added"
    """CISA added the flaw to its catalogue of exploited ones."""


class PackageClass(StrEnum):
    """What a component is to the system."""

    KERNEL = "kernel"
    """The kernel of the operating system."""
    OS = "os"
    """Any other package of the distribution."""
    LANGUAGE = "language"
    """Everything else: packages of languages, and single programs."""
