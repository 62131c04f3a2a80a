"""The user's credentials for a registry, where Docker and Podman keep them.

Looked through in this order, and the first that knows the host counts:
`DOCKER_AUTH_CONFIG` (content), `REGISTRY_AUTH_FILE`, `config.json` in
`DOCKER_CONFIG` or ``~/.docker``.  No message ever holds what was read.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import msgspec

from gate.errors import UsageError
from gate.sources.registry.reference import DOCKER_HUB, canonical_host

_FILE_BYTES = 4 * 1024 * 1024
_HUB_KEY = "https://index.docker.io/v1/"
_API_PATHS = frozenset({"v1", "v2"})

T = TypeVar("T")


@dataclass(frozen=True)
class Login:
    """Credentials for one registry.  Only names are shown when it is printed."""

    source: str
    """Where they come from, for messages."""
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    """What a token server takes in place of a password (OAuth 2 refresh token)."""
    bearer: str = field(default="", repr=False)
    """A token for the registry itself."""


AskHelper = Callable[[str, str], Login | None]
"""Asks the credential helper of a name for the login of a server address."""


class _Entry(msgspec.Struct, frozen=True):
    auth: str | None = None
    username: str | None = None
    password: str | None = None
    identitytoken: str | None = None
    registrytoken: str | None = None


class _Config(msgspec.Struct, frozen=True, rename="camel"):
    auths: dict[str, _Entry] | None = None
    cred_helpers: dict[str, str] | None = None
    creds_store: str | None = None


def find_login(
    host: str, repository: str, environ: Mapping[str, str], ask: AskHelper
) -> Login | None:
    """Return the user's credentials for `repository` at `host`, or None.

    Raises UsageError for a configuration that cannot be read.
    """
    for source, data in _documents(environ):
        login = _from_config(_parse(data, source), source, host, repository, ask)
        if login is not None:
            return login
    return None


def _documents(environ: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    content = environ.get("DOCKER_AUTH_CONFIG", "")
    if content.strip():
        yield "DOCKER_AUTH_CONFIG", content.encode("utf-8", "surrogateescape")
    named = environ.get("REGISTRY_AUTH_FILE", "")
    if named:
        yield "REGISTRY_AUTH_FILE", _read(Path(named), "REGISTRY_AUTH_FILE")
    folder = environ.get("DOCKER_CONFIG", "")
    home = environ.get("HOME", "")
    if folder or home:
        path = (Path(folder) if folder else Path(home, ".docker")) / "config.json"
        if path.exists():
            yield "Docker's config.json", _read(path, "Docker's config.json")


def _read(path: Path, source: str) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_FILE_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"cannot be read ({error.strerror})",
            where=source,
            hint="check the path and its permissions",
        ) from error
    if len(data) > _FILE_BYTES:
        raise UsageError(f"is larger than {_FILE_BYTES:,} bytes", where=source)
    return data


def _parse(data: bytes, source: str) -> _Config:
    try:
        return msgspec.json.decode(data, type=_Config)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        # Not chained: the library's error may quote what it read.
        raise UsageError(
            "is not a Docker configuration",
            where=source,
            hint="it is JSON with auths, credHelpers or credsStore; docker login writes it",
        ) from None


def _from_config(
    config: _Config, source: str, host: str, repository: str, ask: AskHelper
) -> Login | None:
    helper = _best(config.cred_helpers or {}, host, repository) or config.creds_store
    if helper:
        login = ask(helper, _HUB_KEY if host == DOCKER_HUB else host)
        if login is not None:
            return login
    entry = _best(config.auths or {}, host, repository)
    return _login(entry, source, host) if entry is not None else None


def _best(entries: Mapping[str, T], host: str, repository: str) -> T | None:
    """Return the entry for the longest part of `repository`, as Podman looks it up."""
    found = {
        _depth(key, host, repository): entry
        for key, entry in sorted(entries.items())
        if _depth(key, host, repository) >= 0
    }
    return found[max(found)] if found else None


def _depth(key: str, host: str, repository: str) -> int:
    """Return how much of the repository's name `key` covers; -1 where it is not meant.

    Keys are ``host``, ``host/part/of/name`` or a URL as old Dockers wrote them.
    """
    name = key.rpartition("://")[2]
    key_host, _, path = name.partition("/")
    path = path.strip("/")
    if canonical_host(key_host) != host:
        return -1
    if "://" in key or path in _API_PATHS or not path:
        return 0
    return len(path) if f"{repository}/".startswith(f"{path}/") else -1


def _login(entry: _Entry, source: str, host: str) -> Login | None:
    username, password = entry.username or "", entry.password or ""
    if entry.auth:
        try:
            decoded = base64.b64decode(entry.auth, validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            decoded = ""
        username, colon, password = decoded.rstrip("\0").partition(":")
        if not colon:
            raise UsageError(
                f"the entry for {host} is not base64 of user:password",
                where=source,
                hint=f"docker login {host}",
            ) from None
    if not (username or entry.identitytoken or entry.registrytoken):
        return None
    return Login(
        source=source,
        username=username,
        password=password,
        identity_token=entry.identitytoken or "",
        bearer=entry.registrytoken or "",
    )
