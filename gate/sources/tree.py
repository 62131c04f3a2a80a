"""The read-only view of a target's files that catalogers work on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from gate.bom.model import Note
from gate.errors import InputError
from gate.sources.paths import text
from gate.sources.streams import Chunk
from gate.sources.wanted import Reduction, Wanted


class MissingError(InputError):
    """There is nothing at this path."""


class Excerpt(NamedTuple):
    """A file, and what a `Reduction` kept of it."""

    path: bytes
    kept: bytes
    problem: str = ""
    """Why it could not be looked at; then nothing was kept."""


class Tree(Protocol):
    """Files of a target.  Paths are clean bytes; links resolve inside the root only."""

    @property
    def notes(self) -> Sequence[Note]:
        """What was odd about the target, so far."""
        ...

    @property
    def unsearched(self) -> Sequence[bytes]:
        """Folders that `find` could not enter when it looked for names, so far."""
        ...

    def find(self, wanted: Wanted) -> list[bytes]:
        """Return the wanted paths that exist and are not folders, sorted."""
        ...

    def excerpts(self, reduction: Reduction) -> list[Excerpt]:
        """Return the files of which `reduction` keeps anything, sorted.

        It must be one the target was opened with: of its files in compressed
        layers nothing else is left.
        """
        ...

    def resolve(self, path: bytes) -> bytes:
        """Return `path` with all links followed; InputError for a loop of links."""
        ...

    def exists(self, path: bytes) -> bool:
        """Return whether there is anything at `path`, links followed."""
        ...

    def read(self, path: bytes) -> Chunk:
        """Return the content of the file at `path`, links followed.

        Raises MissingError where there is nothing, InputError for what is not
        a plain file, cannot be read or is over budget.
        """
        ...

    def modified(self, path: bytes) -> int:
        """Return when the file at `path`, links followed, was last written.

        Seconds since 1970, UTC; 0 where there is none.
        """
        ...

    def layer_of(self, path: bytes) -> str:
        """Return the diff_id of the layer that holds the file, "" outside images."""
        ...


def follow(path: bytes, link_at: Callable[[bytes], bytes | None], limit: int, where: str) -> bytes:
    """Return `path` with every link followed inside the root.

    `link_at` returns the target of the link at a path, or None where there is
    no link.  A target that climbs out of the root ends at the root, as in a
    container (path_resolution(7), chroot(2)).
    """
    pending = path.split(b"/")[::-1]
    current = b""
    links = 0
    while pending:
        part = pending.pop()
        if part in {b"", b"."}:
            continue
        if part == b"..":
            current = current.rpartition(b"/")[0]
            continue
        here = current + b"/" + part if current else part
        target = link_at(here)
        if target is None:
            current = here
            continue
        links += 1
        if links > limit:
            raise InputError(
                f"more than {limit} links lie behind '{text(path)}'",
                where=where,
                hint="the links form a loop",
            )
        if target.startswith(b"/"):
            current = b""
        pending.extend(target.split(b"/")[::-1])
    return current
