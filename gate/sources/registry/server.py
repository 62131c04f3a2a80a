"""Manifests and blobs of one repository from one server: retried, resumed, bounded.

Rules: OCI distribution specification v1.1, pulling manifests and blobs; RFC
9110 sections 14 (ranges) and 15.4 (redirects).  A redirect to another origin
carries no `Authorization`, and what that origin demands is not answered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import msgspec

from gate.errors import InputError, UnreachableError
from gate.sources.budget import Meter
from gate.sources.registry.authorization import Authorization
from gate.sources.registry.endpoints import Endpoint, origin_of
from gate.sources.registry.status import trouble
from gate.sources.registry.transport import Transport, TryAgain

if TYPE_CHECKING:
    import requests

_ATTEMPTS = 5
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
_REDIRECTS = 5
_LOGINS = 2
"""Per request: the first, and one more for a token that has just run out."""
_REDIRECT_STATUS = frozenset({301, 302, 303, 307, 308})
_OK = 200
_PARTIAL = 206
_UNAUTHORIZED = 401
_UNKNOWN = 404
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-[0-9]{1,18}/(?:[0-9]{1,18}|\*)")


class Document(msgspec.Struct, frozen=True):
    """A manifest as it came."""

    data: bytes
    media_type: str
    """What the server says it is, in small letters, without parameters; "" where it does not."""
    digest: str
    """What the server says its digest is, or ""."""
    modified: datetime | None = None
    """UTC: since when the server has it, where it says so (RFC 9110, section 8.8.2)."""


class _Attempts:
    """Counts the attempts of one transfer, and waits between them."""

    def __init__(self, transport: Transport, where: str) -> None:
        self._transport = transport
        self._where = where
        self._made = 0
        self._pause = _FIRST_PAUSE

    def again(self, failure: TryAgain) -> None:
        """Return when it is time for another attempt; UnreachableError when there is none."""
        self._made += 1
        wait = failure.pause if failure.pause is not None else self._pause
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        if self._made >= _ATTEMPTS:
            tried = f"tried {self._made} times"
        elif self._transport.pause(wait):
            return
        else:
            tried = f"the next try in {wait:,.0f} s is past the time allowed"
        raise UnreachableError(
            f"cannot be fetched: {failure.reason} ({tried})",
            where=self._where,
            hint="try again later; --limit seconds=N allows more time",
        ) from None


class Server:
    """One repository on one server.  Safe to use from several threads."""

    def __init__(
        self,
        endpoint: Endpoint,
        authorization: Authorization,
        transport: Transport,
        meter: Meter,
    ) -> None:
        """Nothing is sent yet."""
        self.endpoint = endpoint
        self._authorization = authorization
        self._transport = transport
        self._meter = meter

    def manifest(self, name: str, accept: str, where: str) -> Document:
        """Return the manifest called `name`, a tag or a digest, as it came: nothing is checked."""
        limit = self._meter.budget.document_bytes
        attempts = _Attempts(self._transport, where)
        while True:
            try:
                with closing(self.ask(f"manifests/{name}", {"Accept": accept}, where)) as answer:
                    if answer.status_code != _OK:
                        raise trouble(answer, where)
                    data = self._whole(answer, limit, where)
                    kind = answer.headers.get("Content-Type", "").partition(";")[0]
                    digest = answer.headers.get("Docker-Content-Digest", "").strip()
                    modified = _modified(answer.headers.get("Last-Modified", ""))
                    return Document(data, kind.strip().lower(), digest, modified)
            except TryAgain as failure:
                attempts.again(failure)

    def get(self, path: str, limit: int, where: str) -> tuple[bytes, Mapping[str, str]] | None:
        """Return a small answer and its headers; None where there is no such thing (404).

        BudgetError where it is larger than `limit` bytes.
        """
        attempts = _Attempts(self._transport, where)
        while True:
            try:
                with closing(self.ask(path, {}, where)) as answer:
                    if answer.status_code == _UNKNOWN:
                        return None
                    if answer.status_code != _OK:
                        raise trouble(answer, where)
                    return self._whole(answer, limit, where), answer.headers
            except TryAgain as failure:
                attempts.again(failure)

    def _whole(self, answer: requests.Response, limit: int, where: str) -> bytes:
        """Return the body of a small answer; BudgetError where it is larger than `limit`."""
        data = bytearray()
        for piece in self._transport.pieces(answer, where):
            data += piece
            if len(data) > limit:
                raise self._meter.over("document_bytes", f"{limit:,} bytes", where)
        return bytes(data)

    def blob(self, digest: str, size: int, where: str) -> Iterator[bytes]:
        """Yield the `size` bytes of a blob; a transfer that breaks off is resumed.

        The caller hashes them.  Raises InputError where the server has more or
        fewer, UnreachableError where they do not come.
        """
        have = 0
        attempts = _Attempts(self._transport, where)
        while have < size:
            try:
                for piece in self._part(digest, have, size, where):
                    have += len(piece)
                    yield piece
            except TryAgain as failure:
                attempts.again(failure)

    def _part(self, digest: str, have: int, size: int, where: str) -> Iterator[bytes]:
        """Yield a blob from byte `have` on, to its end."""
        headers = {"Range": f"bytes={have}-"} if have else {}
        with closing(self.ask(f"blobs/{digest}", headers, where)) as answer:
            passed_over = _start(answer, have, where)
            position = have - passed_over
            length = answer.headers.get("Content-Length", "")
            if length.isascii() and length.isdecimal() and position + int(length[:19]) != size:
                raise _wrong_size(f"{position + int(length[:19]):,}", size, where)
            for piece in self._transport.pieces(answer, where):
                position += len(piece)
                if position > size:
                    raise _wrong_size("more", size, where)
                if position > have:
                    yield piece[max(0, len(piece) - (position - have)) :]
            if position < size:
                raise TryAgain(f"{position:,} of {size:,} bytes arrived")

    def ask(
        self,
        path: str,
        headers: Mapping[str, str],
        where: str,
        *,
        method: str = "GET",
        body: bytes | None = None,
    ) -> requests.Response:
        """Return the answer to a request, logged in where the server wants it.

        `path` is below the repository, or a whole address on this server.  A GET is
        redirected where the server wants that, too.
        """
        url = urljoin(f"{self.endpoint.url}/", path)
        home = origin_of(self.endpoint.url)
        if origin_of(url) != home:
            raise UnreachableError("the registry wants uploads elsewhere", where=where)
        logins = redirects = 0
        while True:
            at_home = origin_of(url) == home
            used = self._authorization.header if at_home else ""
            sent = dict(headers) | ({"Authorization": used} if used else {})
            answer = self._transport.send(url, sent, where, method=method, body=body)
            if answer.status_code == _UNAUTHORIZED and at_home:
                demand = answer.headers.get("WWW-Authenticate", "")
                answer.close()
                if logins >= _LOGINS:
                    raise self._authorization.refused(where)
                self._authorization.renew(demand, used, where)
                logins += 1
            elif answer.status_code in _REDIRECT_STATUS and method == "GET":
                answer.close()
                if redirects >= _REDIRECTS:
                    raise UnreachableError("redirects without end", where=where)
                url = _redirected(url, answer.headers.get("Location", ""), where)
                redirects += 1
            elif answer.status_code == _UNAUTHORIZED:
                answer.close()
                raise UnreachableError(
                    f"{urlsplit(url).hostname}, where the registry sends for it, answers 401",
                    where=where,
                    hint="no credentials are sent there; ask whoever runs the registry",
                )
            else:
                return answer


def _modified(stated: str) -> datetime | None:
    with suppress(ValueError, TypeError, OverflowError):
        moment = parsedate_to_datetime(stated)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    return None


def _redirected(url: str, location: str, where: str) -> str:
    """Return where a redirect leads: over TLS where the request was, and never with a login."""
    try:
        target = urljoin(url, location)
        scheme, _, _ = origin_of(target)
        allowed = bool(location) and "@" not in urlsplit(target).netloc
    except ValueError:
        scheme, allowed = "", False
    if not allowed or (scheme == "http" and url.startswith("https:")):
        raise UnreachableError(
            "the server redirects to what is no https address",
            where=where,
            hint="ask whoever runs the registry",
        )
    return target


def _start(answer: requests.Response, have: int, where: str) -> int:
    """Return how many bytes of the answer are there already; raise where it is no blob."""
    if answer.status_code == _OK:
        return have
    if answer.status_code != _PARTIAL or not have:
        raise trouble(answer, where)
    match = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if match is None or int(match[1]) != have:
        raise TryAgain("the server sent another part than the one asked for")
    return 0


def _wrong_size(found: str, size: int, where: str) -> InputError:
    return InputError(
        f"the registry sends {found} bytes where the manifest says {size:,}",
        where=where,
        hint="the image is damaged or was tampered with: push it again",
    )
