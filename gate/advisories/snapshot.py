"""Which shards make up the store now: one small manifest, replaced in one step.

::

    <store>/snapshot.json     the sources, and the shard of each
    <store>/shards/           one SQLite file a source, named by what it holds
    <store>/lock              held by whoever changes the store

A shard never changes.  An import writes new shards beside the old ones and
then replaces the manifest, so that a run that is killed at any point leaves
the old snapshot or the new one (docs/decisions/0002).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from gate.advisories.model import SourceInfo
from gate.advisories.shard import FORMAT
from gate.durable import Disk
from gate.errors import AdvisoryError

MANIFEST = "snapshot.json"
SHARDS = "shards"

_LARGEST = 16 * 1024 * 1024
_disk = Disk(AdvisoryError)
_START = "start with `patchgate db import PATH` or `patchgate db update ECOSYSTEM`"


class ShardFile(msgspec.Struct, frozen=True, kw_only=True):
    """A source and the file that holds it."""

    source: SourceInfo
    file: str
    """Name in the folder of shards."""
    sha256: str
    """Of the file, in hex."""
    size: int
    """In bytes."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a store."""

    format: int = FORMAT
    shards: tuple[ShardFile, ...] = ()
    """Sorted by the name of the source."""
    previous: tuple[str, ...] = ()
    """Shard files of the snapshot before, kept for whoever still reads them."""

    @property
    def sources(self) -> tuple[SourceInfo, ...]:
        """What the snapshot was made from."""
        return tuple(shard.source for shard in self.shards)

    @property
    def digest(self) -> str:
        """``sha256:…`` over the names and digests of the sources, and nothing else."""
        lines = "".join(f"{source.digest} {source.name}\n" for source in self.sources)
        return f"sha256:{hashlib.sha256(lines.encode()).hexdigest()}"


def shard_path(folder: Path, file: str) -> Path:
    """Return where a shard file lies in a store."""
    return folder / SHARDS / file


def is_sound(folder: Path, shard: ShardFile) -> bool:
    """Return whether a shard is the bytes that were written: nothing is built on another."""
    try:
        with shard_path(folder, shard.file).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == shard.sha256
    except OSError:
        return False


def read_snapshot(folder: Path) -> Snapshot:
    """Return the current snapshot; AdvisoryError where there is none or it is damaged."""
    path = folder / MANIFEST
    content = _disk.read_file(path, _LARGEST)
    if content is None:
        raise AdvisoryError("there are no advisories yet", where=str(folder), hint=_START)
    try:
        snapshot = msgspec.json.decode(content, type=Snapshot)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise AdvisoryError(
            f"is damaged: {error}", where=str(path), hint="delete the folder and import again"
        ) from error
    if snapshot.format != FORMAT:
        raise AdvisoryError(
            f"has format {snapshot.format}; this version of patchgate reads {FORMAT}",
            where=str(path),
            hint="import again",
        )
    if any("/" in shard.file or shard.file.startswith(".") for shard in snapshot.shards):
        raise AdvisoryError("names a shard outside the store", where=str(path))
    return snapshot


def write_snapshot(folder: Path, snapshot: Snapshot) -> None:
    """Make `snapshot` the current one, and remove the files that nobody needs any more.

    To be called with the lock held.  AdvisoryError where it cannot be written.
    """
    content = msgspec.json.format(msgspec.json.encode(snapshot), indent=1) + b"\n"
    _disk.write_file(folder / MANIFEST, content)
    kept = {shard.file for shard in snapshot.shards} | set(snapshot.previous)
    _remove_others(folder / SHARDS, kept)


@contextmanager
def locked(folder: Path) -> Iterator[Snapshot]:
    """Hold the lock of a store, which is made where there is none; gives its snapshot."""
    _disk.make_folder(folder / SHARDS)
    path = folder / "lock"
    with _disk.explained("lock", path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        with _disk.explained("lock", path):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield read_snapshot(folder) if _is_usable(folder) else Snapshot()
    finally:
        os.close(descriptor)


def replaced(old: Snapshot, changed: Sequence[ShardFile]) -> Snapshot:
    """Return `old` with the sources in `changed` added or replaced."""
    shards = {shard.source.name: shard for shard in (*old.shards, *changed)}
    kept = tuple(shards[name] for name in sorted(shards))
    files = {shard.file for shard in kept}
    gone = tuple(shard.file for shard in old.shards if shard.file not in files)
    return Snapshot(shards=kept, previous=gone)


def _is_usable(folder: Path) -> bool:
    """Return whether there is a snapshot to build on; one of another format is none."""
    path = folder / MANIFEST
    content = _disk.read_file(path, _LARGEST)
    if content is None:
        return False
    with suppress(msgspec.MsgspecError, UnicodeDecodeError):
        return msgspec.json.decode(content, type=_Head).format == FORMAT
    return True


class _Head(msgspec.Struct):
    format: int


def _remove_others(folder: Path, kept: set[str]) -> None:
    """Remove shards that neither this snapshot nor the one before names.

    What cannot be removed is only in the way of the next import's disk space.
    """
    with suppress(OSError):
        for path in folder.iterdir():
            if path.name not in kept:
                with suppress(OSError):
                    path.unlink()
