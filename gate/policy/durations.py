"""Spans of time as a policy writes them: ``72h``, ``14d``, ``2w``."""

from __future__ import annotations

import re
from datetime import timedelta

_DURATION = re.compile(r"(\d{1,6})(h|d|w)")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}

PATTERN = r"^\d{1,6}(h|d|w)$"
"""The same rule for JSON Schema."""


def parse_duration(written: str) -> timedelta:
    """Return the span that `written` stands for; ValueError for anything else."""
    match = _DURATION.fullmatch(written)
    if match is None:
        raise ValueError(f"'{written}' is not a duration; write hours, days or weeks: 72h, 14d, 2w")
    return int(match[1]) * _UNITS[match[2]]


def write_duration(span: timedelta) -> str:
    """Write a span in the largest unit that keeps it whole: ``3 days``, ``5 hours``."""
    seconds = int(abs(span).total_seconds())
    days, hours = seconds // 86_400, seconds // 3600
    if days >= 2 or (days == 1 and seconds % 86_400 == 0):
        return f"{days} day{'s' if days != 1 else ''}"
    return f"{hours} hour{'s' if hours != 1 else ''}"
