"""What an HTTP status other than success means for the user.

Rules: OCI distribution specification, error codes; RFC 9110 section 10.2.3
(Retry-After).  The body is not looked at: it may hold anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gate.errors import UnreachableError
from gate.retrying import TEMPORARY, retry_after
from gate.sources.registry.transport import TryAgain

if TYPE_CHECKING:
    import requests

_TOO_MANY = 429
_FORBIDDEN = 403
_UNKNOWN = 404


def trouble(response: requests.Response, where: str) -> Exception:
    """Build the error for an answer that is no success: TryAgain or UnreachableError."""
    status = response.status_code
    if status in TEMPORARY:
        meaning = ": too many requests" if status == _TOO_MANY else ""
        return TryAgain(
            f"the server answers {status}{meaning}",
            retry_after(response.headers.get("Retry-After")),
        )
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
