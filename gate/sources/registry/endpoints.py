"""Where a registry is asked: itself, or what the user names in its place.

`PATCHGATE_REGISTRIES` holds ``HOST=URL`` entries, separated by blanks or commas.
A URL that begins with ``http:`` is the user's word that plain HTTP will do.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

import msgspec

from gate.errors import UsageError
from gate.sources.registry.reference import DOCKER_HUB, Reference, canonical_host

VARIABLE = "PATCHGATE_REGISTRIES"
_HUB_SERVER = "registry-1.docker.io"
_DEFAULT_PORTS = {"http": 80, "https": 443}
_PREFIX = re.compile(r"[a-z0-9]+(?:[._/-]+[a-z0-9]+)*")
_HINT = "write HOST=URL, for example docker.io=https://mirror.example/cache"


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One server that is asked for the blobs of one repository."""

    scheme: str
    host: str
    """With its port where one is given."""
    repository: str
    """As this server calls it."""
    chosen: bool = False
    """Whether the user named it in the registry's place."""

    @property
    def url(self) -> str:
        """Base of the repository's manifests and blobs."""
        return f"{self.scheme}://{self.host}/v2/{self.repository}"

    @property
    def login(self) -> str:
        """The name under which `docker login` keeps credentials for it."""
        return canonical_host(self.host)


def endpoints_of(reference: Reference, setting: str) -> tuple[Endpoint, ...]:
    """Return the servers to ask for `reference`, in order.

    Where `setting` names some for its host, they are all there is: nothing
    leaves a closed network by falling back.  Raises UsageError for a `setting`
    that is malformed.
    """
    chosen = [
        _chosen(url, reference.repository)
        for host, url in _entries(setting)
        if host == reference.host
    ]
    if chosen:
        return tuple(chosen)
    host = _HUB_SERVER if reference.host == DOCKER_HUB else reference.host
    scheme = "http" if _is_loopback(host) else "https"
    return (Endpoint(scheme=scheme, host=host, repository=reference.repository),)


def origin_of(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of `url`; ValueError where it has none."""
    parts = urlsplit(url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ValueError("has no host or is not HTTP")
    return parts.scheme, parts.hostname.lower(), parts.port or _DEFAULT_PORTS[parts.scheme]


def _entries(setting: str) -> list[tuple[str, str]]:
    """Return pairs of host and URL.  Messages leave the URL out: it may hold a password."""
    entries = []
    for number, entry in enumerate(re.split(r"[\s,]+", setting.strip()) if setting else (), 1):
        if not entry:
            continue
        host, equals, url = entry.partition("=")
        if not host or not equals or "/" in host or "@" in host:
            raise UsageError(f"entry {number} is not HOST=URL", where=VARIABLE, hint=_HINT)
        entries.append((canonical_host(host), url))
    return entries


def _chosen(url: str, repository: str) -> Endpoint:
    try:
        scheme, _, _ = origin_of(url)
        parts = urlsplit(url)
    except ValueError as error:
        raise UsageError("an entry's URL is not one", where=VARIABLE, hint=_HINT) from error
    prefix = parts.path.strip("/")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise UsageError(
            f"the URL for {parts.hostname} holds more than a host and a path",
            where=VARIABLE,
            hint=f"credentials belong to docker login {parts.hostname}",
        )
    if prefix and not _PREFIX.fullmatch(prefix):
        raise UsageError(
            f"the path of the URL for {parts.hostname} is no part of a repository's name",
            where=VARIABLE,
            hint=_HINT,
        )
    name = f"{prefix}/{repository}" if prefix else repository
    return Endpoint(scheme=scheme, host=parts.netloc.lower(), repository=name, chosen=True)


def _is_loopback(host: str) -> bool:
    """Say whether `host` is this machine, where Docker too speaks plain HTTP."""
    name = host.rpartition(":")[0] if re.search(r":[0-9]+\Z", host) else host
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False
