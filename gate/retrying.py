"""When an HTTP request is worth making again, and how long to wait before (RFC 9110)."""

from __future__ import annotations

import time
from contextlib import suppress
from email.utils import parsedate_to_datetime

TEMPORARY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses after which the same request may succeed (sections 15.5 and 15.6; RFC 6585, 8470)."""


def retry_after(value: str | None) -> float | None:
    """Return the seconds that a Retry-After header asks to wait; None where it says nothing.

    Section 10.2.3: a number of seconds, or a date.
    """
    stated = (value or "").strip()
    if stated.isascii() and stated.isdecimal():
        return float(stated[:9])
    with suppress(ValueError, TypeError, OverflowError):
        return max(0.0, parsedate_to_datetime(stated).timestamp() - time.time())
    return None
