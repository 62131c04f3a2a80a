"""Are the shards the bytes that were written?  Asked before every answer.

A flipped bit in an index loses an advisory without a trace, so every file is
hashed before its answers count.  At the size of all of OSV that takes half a
second; so a file that was hashed within a day and has not been touched since
is taken at its word.  "Touched" is what the file system says and a program
cannot set: the inode and the time of its last change (stat(2), st_ctime).  A
store that comes out of a CI cache has new ones, and is hashed.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import msgspec

from gate.advisories.snapshot import ShardFile, shard_path
from gate.durable import Disk
from gate.errors import AdvisoryError

STAMPS = "verified.json"
TRUSTED_FOR = 24 * 3600
"""Seconds for which an untouched file is not hashed again."""
AGAIN = "import the source again: patchgate db import, or patchgate db update"

_SETTLED = 2.0
"""Seconds after its last change from which a hash can vouch for a file."""
_LARGEST = 1024 * 1024
_THREADS = 2
_disk = Disk(AdvisoryError)


class Stamp(msgspec.Struct, frozen=True):
    """What a file looked like when it was hashed."""

    sha256: str
    device: int
    inode: int
    size: int
    changed_ns: int
    """st_ctime_ns."""
    hashed_at: float
    """Seconds since 1970."""


class IntegrityCheck:
    """Hashes what has to be hashed, in threads, from the moment it is made."""

    def __init__(self, folder: Path, shards: Iterable[ShardFile]) -> None:
        """Begin with `shards`; sizes are compared at once, and raise AdvisoryError."""
        self._folder = folder
        self._known = _read_stamps(folder)
        self._stamps: dict[str, Stamp] = {}
        self._running: dict[str, Future[Stamp]] = {}
        self._hasher = ThreadPoolExecutor(_THREADS, thread_name_prefix="advisory-digest")
        now = time.time()
        pending: list[ShardFile] = []
        for shard in shards:
            found = _look_at(folder, shard, now)
            known = self._known.get(shard.file)
            if known is not None and _is_still(known, found):
                self._stamps[shard.file] = known
            else:
                pending.append(shard)
        # The largest first: the last thread to end then ends early.
        for shard in sorted(pending, key=lambda shard: -shard.size):
            self._running[shard.file] = self._hasher.submit(_hash, folder, shard)

    def wait(self) -> None:
        """Return once every file is known to be sound; AdvisoryError where one is not."""
        if not self._running:
            return
        for file, future in self._running.items():
            self._stamps[file] = future.result()
        self._running.clear()
        with suppress(AdvisoryError):  # a store that cannot be written is hashed every time
            _disk.write_file(self._folder / STAMPS, msgspec.json.encode(self._stamps))

    def hash_all(self, shards: Iterable[ShardFile]) -> None:
        """Hash every file, whatever was known of it."""
        for shard in shards:
            _hash(self._folder, shard)

    def close(self) -> None:
        """End the threads."""
        self._hasher.shutdown(wait=True, cancel_futures=True)


def _read_stamps(folder: Path) -> dict[str, Stamp]:
    """Return what is known; nothing where it cannot be read, which only costs time."""
    with suppress(AdvisoryError, msgspec.MsgspecError, UnicodeDecodeError):
        content = _disk.read_file(folder / STAMPS, _LARGEST)
        if content is not None:
            return msgspec.json.decode(content, type=dict[str, Stamp])
    return {}


def _look_at(folder: Path, shard: ShardFile, now: float) -> Stamp:
    path = shard_path(folder, shard.file)
    try:
        found = path.stat()
    except OSError as error:
        raise AdvisoryError(
            f"the advisories of {shard.source.name} are missing: {error.strerror}",
            where=str(path),
            hint=AGAIN,
        ) from error
    if found.st_size != shard.size:
        raise AdvisoryError(
            f"is damaged: it has {found.st_size:,} bytes, not {shard.size:,}",
            where=str(path),
            hint=AGAIN,
        )
    return _stamp(found, shard.sha256, now)


def _stamp(found: os.stat_result, sha256: str, now: float) -> Stamp:
    return Stamp(sha256, found.st_dev, found.st_ino, found.st_size, found.st_ctime_ns, now)


def _is_still(known: Stamp, found: Stamp) -> bool:
    """Return whether a file is what it was when it was hashed, not too long ago."""
    same = msgspec.structs.replace(known, hashed_at=found.hashed_at) == found
    # Two changes within one tick of the file system's clock look like one.
    settled = known.hashed_at - known.changed_ns / 1e9 > _SETTLED
    return same and settled and 0 <= found.hashed_at - known.hashed_at < TRUSTED_FOR


def _hash(folder: Path, shard: ShardFile) -> Stamp:
    path = shard_path(folder, shard.file)
    now = time.time()
    try:
        with path.open("rb") as file:
            # Looked at before it is read: what changes meanwhile is hashed again next time.
            found = os.fstat(file.fileno())
            actual = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise AdvisoryError(f"cannot be read: {error.strerror}", where=str(path)) from error
    if actual != shard.sha256:
        raise AdvisoryError(
            "is damaged: its digest is not the one it was written with",
            where=str(path),
            hint=AGAIN,
        )
    return _stamp(found, actual, now)
