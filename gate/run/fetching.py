"""One small document from the web: bounded in size and time, tried again, never redirected away.

Addresses are https, or plain http on this machine.  A redirect to another host
is refused: what is sent along, and what was asked, is meant for the first one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from urllib.parse import urljoin, urlsplit

from gate.errors import InputError, UnreachableError, UsageError
from gate.retrying import TEMPORARY, retry_after
from gate.sources.budget import Budget, Meter
from gate.sources.registry.transport import Transport, TryAgain

_ATTEMPTS = 3
_PAUSE = 1.0
_REDIRECTS = 3
_REDIRECT_STATUS = frozenset({301, 302, 303, 307, 308})
_OK = 200
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_SECONDS = 60.0


def fetch(
    url: str,
    *,
    limit: int,
    headers: Mapping[str, str] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> bytes:
    """Return the document at `url`, of at most `limit` bytes.

    Raises UsageError for an address that is not asked, UnreachableError where
    it does not come, InputError where it is too large.
    """
    check_address(url)
    transport = Transport(Meter(Budget(seconds=_SECONDS)), sleep)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return _attempt(transport, url, dict(headers or {}), limit)
        except TryAgain as failure:
            wait = failure.pause if failure.pause is not None else _PAUSE * attempt
            if attempt == _ATTEMPTS or not transport.pause(wait):
                raise UnreachableError(
                    f"cannot be fetched: {failure.reason} (tried {attempt} times)",
                    where=url,
                    hint="check the address and the network, and run it again",
                ) from failure
    raise AssertionError("the loop returns or raises")


def check_address(url: str) -> None:
    """Raise UsageError where `url` is not https (or http to this machine), or holds a login."""
    try:
        parts = urlsplit(url)
        local = parts.scheme == "http" and parts.hostname in _LOCAL
        sound = (parts.scheme == "https" or local) and parts.hostname and "@" not in parts.netloc
    except ValueError:
        sound = False
    if not sound:
        raise UsageError(
            "is no https:// address without credentials",
            where=url.rpartition("@")[2],
            hint="credentials come from the environment, never in an address",
        )


def _attempt(transport: Transport, url: str, headers: dict[str, str], limit: int) -> bytes:
    home = urlsplit(url)
    for _ in range(_REDIRECTS + 1):
        with closing(transport.send(url, headers, url)) as answer:
            status = answer.status_code
            if status in _REDIRECT_STATUS:
                url = urljoin(url, answer.headers.get("Location", ""))
                if (urlsplit(url).scheme, urlsplit(url).netloc) != (home.scheme, home.netloc):
                    raise UnreachableError(
                        "the server redirects to another host",
                        where=home.geturl(),
                        hint="write the address that it redirects to",
                    )
                continue
            if status in TEMPORARY:
                pause = retry_after(answer.headers.get("Retry-After"))
                raise TryAgain(f"the server answers {status}", pause)
            if status != _OK:
                raise UnreachableError(
                    f"the server answers {status}",
                    where=url,
                    hint="check the address, and that the token is set and may read it",
                )
            content = bytearray()
            for piece in transport.pieces(answer, url):
                content += piece
                if len(content) > limit:
                    raise InputError(f"is larger than {limit:,} bytes", where=url)
            length = answer.headers.get("Content-Length", "")
            if length.isdecimal() and int(length) != len(content):
                raise TryAgain(f"{len(content):,} of {int(length):,} bytes arrived")
            return bytes(content)
    raise UnreachableError("redirects without end", where=home.geturl())
