"""Logging in to one server: Basic, or a token that its token server gives.

Rules: the token authentication and OAuth 2 specifications of the distribution
project.  The user's credentials go to the server they are kept for, and to the
token server that it names; an ``https`` server cannot send them over ``http``.
"""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from urllib.parse import urlencode, urlsplit, urlunsplit

import msgspec

from gate.errors import InputError, UnreachableError
from gate.sources.budget import Meter
from gate.sources.documents import parse
from gate.sources.registry.challenge import Challenge, parse_challenges
from gate.sources.registry.endpoints import Endpoint, origin_of
from gate.sources.registry.login import Login
from gate.sources.registry.status import trouble
from gate.sources.registry.transport import Transport

_TOKEN_BYTES = 1024 * 1024
_TOKEN = re.compile(r"[\x21-\x7e]{1,65536}")
_CLIENT = "patchgate"
_OK = 200
_NO_OAUTH = frozenset({404, 405})
"""What a token server answers that knows only GET."""


class _Answer(msgspec.Struct, frozen=True):
    token: str | None = None
    access_token: str | None = None


class Authorization:
    """The `Authorization` header for one endpoint.  Safe to use from several threads."""

    def __init__(
        self,
        endpoint: Endpoint,
        find: Callable[[], Login | None],
        transport: Transport,
        meter: Meter,
    ) -> None:
        """Nothing is looked up or sent before the server asks for it."""
        self._endpoint = endpoint
        self._find = find
        self._transport = transport
        self._meter = meter
        self._lock = threading.Lock()
        self._header = ""
        self._login: Login | None = None
        self._searched = False

    @property
    def header(self) -> str:
        """What was good last, or ""."""
        return self._header

    def renew(self, demand: str, used: str, where: str) -> str:
        """Return a header in answer to the challenges `demand`; `used` was refused.

        Raises UnreachableError where there is no way in, TryAgain where there
        may be one later.
        """
        with self._lock:
            if self._header != used:
                return self._header  # another thread was faster
            challenges = parse_challenges(demand)
            offered = {challenge.scheme: challenge for challenge in reversed(challenges)}
            if "bearer" in offered:
                self._header = f"Bearer {self._token(offered['bearer'], where)}"
            elif "basic" in offered:
                self._header = self._basic(where)
            else:
                names = ", ".join(sorted(offered)) or "no way to log in"
                raise UnreachableError(
                    f"the registry asks for a log-in and offers {names[:80]}",
                    where=where,
                    hint="only Basic and Bearer are known",
                )
            if self._header == used:
                raise self.refused(where)
            return self._header

    def refused(self, where: str) -> UnreachableError:
        """Build the error for a server that lets nobody in, or not with these credentials."""
        host = self._endpoint.login
        if self._login is None:
            return UnreachableError(
                "the registry lets nobody in without credentials (401), or has no such repository",
                where=where,
                hint=f"docker login {host}, or check the name",
            )
        return UnreachableError(
            f"the registry refuses the credentials from {self._login.source} (401)",
            where=where,
            hint=f"docker login {host}; the account also needs the right to pull",
        )

    def _known(self) -> Login | None:
        if not self._searched:
            self._login = self._find()
            self._searched = True
        return self._login

    def _basic(self, where: str) -> str:
        login = self._known()
        if login is None or not login.username:
            raise self.refused(where)
        return _basic_header(login)

    def _token(self, challenge: Challenge, where: str) -> str:
        login = self._known()
        if login is not None and login.bearer:
            return _checked(login.bearer, where)
        realm = self._realm(challenge, where)
        asked = {
            "service": challenge.parameters.get("service", ""),
            "scope": challenge.parameters.get(
                "scope", f"repository:{self._endpoint.repository}:pull"
            ),
        }
        if login is not None and login.identity_token:
            form = asked | {
                "grant_type": "refresh_token",
                "client_id": _CLIENT,
                "refresh_token": login.identity_token,
            }
            return self._fetch(realm, {}, where, form)
        headers = {}
        if login is not None:
            headers["Authorization"] = _basic_header(login)
            asked["account"] = login.username
        return self._fetch(_with_query(realm, asked), headers, where)

    def _realm(self, challenge: Challenge, where: str) -> str:
        """Return the token server's address, where credentials may go."""
        realm = challenge.parameters.get("realm", "")
        try:
            scheme, _, _ = origin_of(realm)
            allowed = "@" not in urlsplit(realm).netloc
        except ValueError:
            scheme, allowed = "", False
        if not allowed or (scheme == "http" and self._endpoint.scheme == "https"):
            raise UnreachableError(
                "the registry names a token server that is no https address",
                where=where,
                hint="no credentials were sent; ask whoever runs the registry",
            )
        return realm

    def _fetch(
        self,
        url: str,
        headers: Mapping[str, str],
        where: str,
        form: Mapping[str, str] | None = None,
    ) -> str:
        host = urlsplit(url).netloc
        place = f"{where}, token server {host}"
        with closing(self._transport.send(url, headers, place, form)) as response:
            status = response.status_code
            if status in {400, 401, 403} or (form is not None and status in _NO_OAUTH):
                raise self.refused(where)
            if status != _OK:
                raise trouble(response, place)
            data = _bounded(self._transport.pieces(response, place), place)
        try:
            answer = parse(data, _Answer, self._meter, place)
        except InputError:
            # Not chained, and without what it says: the answer holds a secret.
            raise UnreachableError(
                "the token server's answer is not one",
                where=place,
                hint="a proxy or a log-in page may answer in its place",
            ) from None
        return _checked(answer.token or answer.access_token or "", place)


def _basic_header(login: Login) -> str:
    return "Basic " + base64.b64encode(f"{login.username}:{login.password}".encode()).decode()


def _with_query(url: str, asked: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    query = urlencode([(key, value) for key, value in asked.items() if value])
    joined = f"{parts.query}&{query}" if parts.query else query
    return urlunsplit((parts.scheme, parts.netloc, parts.path, joined, ""))


def _bounded(pieces: Iterator[bytes], where: str) -> bytes:
    data = bytearray()
    for piece in pieces:
        data += piece
        if len(data) > _TOKEN_BYTES:
            raise UnreachableError("the token server's answer does not end", where=where)
    return bytes(data)


def _checked(token: str, where: str) -> str:
    """Return `token` where it can stand in a header."""
    if not _TOKEN.fullmatch(token):
        raise UnreachableError(
            "there is no usable token in the answer", where=where, hint="docker login again"
        )
    return token
