"""What names an image in a registry: host, repository, tag or digest.

Rules: the grammar that Docker and containerd share (distribution reference),
and Docker's own defaults: no host means docker.io, one word means library/.
"""

from __future__ import annotations

import re

import msgspec

from gate.errors import UsageError

DOCKER_HUB = "docker.io"
_HUB_ALIASES = frozenset({DOCKER_HUB, "index.docker.io", "registry-1.docker.io"})
_LIBRARY = "library/"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:]+\])(?::[0-9]{{1,5}})?")
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_BARE_DIGEST = re.compile(r"[0-9a-f]{64}")
_LONGEST_NAME = 255
_HIGHEST_PORT = 65535
_HINT = "for example registry:debian:12 or registry:host:5000/team/app@sha256:…"


class Reference(msgspec.Struct, frozen=True):
    """An image in a registry.  `digest` counts where it is there, `tag` where it is not."""

    host: str
    """With its port where one is given; ``docker.io`` for Docker Hub."""
    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def name(self) -> str:
        """The repository as `docker images` writes it: without Docker Hub's defaults."""
        if self.host != DOCKER_HUB:
            return f"{self.host}/{self.repository}"
        return self.repository.removeprefix(_LIBRARY)

    def __str__(self) -> str:
        """Write what is asked for: ``name@digest`` or ``name:tag``."""
        return f"{self.name}@{self.digest}" if self.digest else f"{self.name}:{self.tag}"


def parse_reference(text: str) -> Reference:
    """Read ``[host[:port]/]repository[:tag][@sha256:…]``; UsageError where it is not one.

    A tag beside a digest is read and dropped, as `docker pull` does: the digest
    says which image it is.
    """
    name, at, digest = text.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise UsageError(
            f"'{digest[:80]}' is not a sha256 digest", where=text[:300], hint="only sha256 is read"
        )
    name, tag = _split_tag(name)
    host, repository = _split_host(name)
    if not _HOST.fullmatch(host) or not 0 < _port(host) <= _HIGHEST_PORT:
        raise UsageError(f"'{host[:80]}' is not a host name", where=text[:300], hint=_HINT)
    if not _REPOSITORY.fullmatch(repository) or len(host) + len(repository) >= _LONGEST_NAME:
        raise UsageError(
            "is not the name of an image" + (" (capital letters?)" if name != name.lower() else ""),
            where=text[:300] or "registry:",
            hint=_HINT,
        )
    if tag is not None and not _TAG.fullmatch(tag):
        raise UsageError(f"'{tag[:130]}' is not a tag", where=text[:300], hint=_HINT)
    return Reference(host, repository, "" if at else tag or "latest", digest)


def canonical_host(host: str) -> str:
    """Return `host` in small letters, with Docker Hub under one of its names."""
    lower = host.lower()
    return DOCKER_HUB if lower in _HUB_ALIASES else lower


def _split_tag(name: str) -> tuple[str, str | None]:
    """Split at the colon behind the last slash; one before it belongs to a port."""
    head, colon, tail = name.rpartition(":")
    return (head, tail) if colon and "/" not in tail else (name, None)


def _split_host(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    is_host = first == "localhost" or "." in first or ":" in first or first != first.lower()
    if not slash or not is_host:
        host, repository = DOCKER_HUB, name
        if not slash and _BARE_DIGEST.fullmatch(name):
            raise UsageError(
                "is an image ID, which no registry knows", where=name, hint="give a name and a tag"
            )
    else:
        host, repository = first, rest
    host = canonical_host(host)
    if host == DOCKER_HUB and repository and "/" not in repository:
        repository = _LIBRARY + repository
    return host, repository


def _port(host: str) -> int:
    port = host.rpartition(":")[2] if not host.endswith("]") else ""
    return int(port) if ":" in host and port.isdecimal() else 1
