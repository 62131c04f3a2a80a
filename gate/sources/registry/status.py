"""What an HTTP status other than success means for the user.

Rules: OCI distribution specification, error codes; RFC 9110 section 10.2.3
(Retry-After).  The body is not looked at: it may hold anything.
"""

from __future__ import annotations

import time
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from gate.errors import UnreachableError
from gate.sources.registry.transport import TryAgain

if TYPE_CHECKING:
    import requests

_TEMPORARY = frozenset({408, 425, 429, 500, 502, 503, 504})
_TOO_MANY = 429
_FORBIDDEN = 403
_UNKNOWN = 404


def trouble(response: requests.Response, where: str) -> Exception:
    """Build the error for an answer that is no success: TryAgain or UnreachableError."""
    status = response.status_code
    if status in _TEMPORARY:
        meaning = ": too many requests" if status == _TOO_MANY else ""
        return TryAgain(f"the server answers {status}{meaning}", _retry_after(response))
    if status == _UNKNOWN:
        return UnreachableError(
            "the registry has no such image (404)", where=where, hint="check name and tag"
        )
    if status == _FORBIDDEN:
        return UnreachableError(
            "the registry denies access (403)",
            where=where,
            hint="the account needs the right to pull; docker login with another",
        )
    return UnreachableError(
        f"the server answers {status}",
        where=where,
        hint="check the host, and whether a proxy answers in its place",
    )


def _retry_after(response: requests.Response) -> float | None:
    """Return the seconds that the server asks to wait; None where it does not say."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal():
        return float(value[:9])
    with suppress(ValueError, TypeError, OverflowError):
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    return None
