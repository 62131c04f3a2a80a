"""What is known of records already, so that ten thousand of them are listed in a second.

The index is a cache beside the other caches of this user, never part of evidence.  It
maps the digest of a record to what was read from it once, when it verified, and the
digest of a verdict to the flaws it names.  Whoever lists hashes the record again and
holds it against the signed ledger, so an index cannot make a record look sound that is
not.  What cannot be read or written is done without.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from gate import __version__
from gate.durable import Disk
from gate.errors import EvidenceError
from gate.estate.lines import RunLine

_FORMAT = 2
_LARGEST = 1024 * 1024 * 1024


class Index(msgspec.Struct, kw_only=True):
    """What is known; grows while records are read."""

    lines: dict[str, RunLine] = {}
    """``sha256:…`` of a record's bytes to what it says."""
    flaws: dict[str, tuple[str, ...]] = {}
    """SHA-256 of a verdict to the identifiers in it, sorted."""


_decoder = msgspec.msgpack.Decoder(Index)


class IndexFile:
    """The index of one evidence folder under certain keys."""

    def __init__(self, folder: Path | None, evidence: Path | str, trusted: Sequence[bytes]) -> None:
        """Take the index in the cache `folder`, or none; `evidence` is a path or a store's name.

        `trusted` are the files that say who is trusted: with others, nothing is known.
        """
        self._path = None
        self._known = (0, 0)
        if folder is not None:
            digest = hashlib.sha256(f"{_FORMAT} {__version__}".encode())
            for part in (
                os.fsencode(Path(evidence).absolute() if isinstance(evidence, Path) else evidence),
                *trusted,
            ):
                digest.update(hashlib.sha256(part).digest())
            self._path = folder / f"{digest.hexdigest()[:40]}.msgpack"

    def read(self) -> Index:
        """Return what is known; an empty index where nothing is."""
        index = Index()
        with suppress(OSError, msgspec.MsgspecError):
            if self._path is not None and self._path.stat().st_size < _LARGEST:
                index = _decoder.decode(self._path.read_bytes())
        self._known = (len(index.lines), len(index.flaws))
        return index

    def keep(self, index: Index) -> None:
        """Write what has become known."""
        if self._path is None or self._known == (len(index.lines), len(index.flaws)):
            return
        disk = Disk(EvidenceError)
        with suppress(EvidenceError, OSError):
            disk.make_folder(self._path.parent)
            disk.write_file(self._path, msgspec.msgpack.encode(index))
