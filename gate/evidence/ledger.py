"""The ledger of an evidence folder: append-only, a Merkle tree in tiles.

::

    <folder>/ledger/checkpoint     origin, size and root, signed
    <folder>/ledger/tile/…         see `gate.evidence.tiles`
    <folder>/ledger/lock           held by whoever appends

An append writes, each file whole and flushed before the next: the bundle of
entries and the tiles (`Ledger.stage`), then the checkpoint (`Ledger.commit`).
Readers read no further than the checkpoint says, so a run that is killed leaves
the ledger as it was; what it wrote beyond is written over by the next.

Before it signs, an append computes the root again from the right edge of the
tree: what is damaged or was altered there is not extended.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gate.durable import sync_folder
from gate.errors import EvidenceError, VerificationError
from gate.evidence import checkpoint as checkpoints
from gate.evidence.checkpoint import Checkpoint
from gate.evidence.durable import explained, make_folder, read_file, write_file
from gate.evidence.keys import Signer
from gate.evidence.merkle import leaf_hash, root_hash, subtree_hash
from gate.evidence.note import MAX_BYTES
from gate.evidence.tiles import (
    ENTRIES,
    FULL,
    LARGEST_BUNDLE,
    Tile,
    edge,
    join_entries,
    join_hashes,
    node_hashes,
    split_entries,
    split_hashes,
    tiles_of,
)

FOLDER = "ledger"
CHECKPOINT = "checkpoint"
LOCK = "lock"

_INQUIRE = "it was altered or damaged: keep it for inquiry, and record elsewhere"


@dataclass(frozen=True, slots=True)
class Tip:
    """The right edge of a ledger, as it was signed: all that an append needs."""

    origin: str
    """Empty where there is no entry yet."""
    size: int
    levels: list[list[bytes]]
    """The hashes of the partial tile of each level; the append adds to them."""
    entries: list[bytes]
    """Of the last bundle, unless it is full."""


@dataclass(frozen=True, slots=True)
class Staged:
    """An entry that is written, and not yet part of the ledger."""

    number: int
    """Of the entry, from 0."""
    checkpoint: bytes
    """The signed note that makes it part of the ledger."""


class Ledger:
    """The ledger of one evidence folder.  Whoever appends holds the lock."""

    def __init__(self, evidence: Path, signer: Signer) -> None:
        """Take the ledger of the folder `evidence`; the first append creates it."""
        self.folder = evidence / FOLDER
        self._signer = signer
        self._prepared: set[Path] = set()

    def find(self, entry: bytes) -> int | None:
        """Return the number of `entry`, durable on return; None where it is not there.

        The newest are looked at first.  EvidenceError where the ledger cannot be read.
        """
        state = self._state()
        if state is None:
            return None
        for tile in reversed(list(tiles_of(state.size, ENTRIES))):
            entries = self._entries(tile)
            if entry in entries:
                # The run that appended it may have been killed before its last fsync.
                with explained("write", self.folder):
                    sync_folder(self.folder)
                return tile.number * FULL + entries.index(entry)
        return None

    def tip(self) -> Tip:
        """Return where the ledger can be gone on from.

        EvidenceError where it cannot: it is damaged, altered, or of another key.
        """
        state = self._state()
        if state is None:
            return Tip(origin="", size=0, levels=[], entries=[])
        levels = self._edge(state.size)
        if _root(state.size, levels) != state.root:
            raise EvidenceError(
                "the ledger does not have the root that was signed",
                where=str(self.folder),
                hint=_INQUIRE,
            )
        entries = self._last_entries(state.size, levels)
        return Tip(origin=state.origin, size=state.size, levels=levels, entries=entries)

    def stage(self, entry: bytes, tip: Tip) -> Staged:
        """Write `entry` after `tip`, beyond the checkpoint: `commit` makes it part of the ledger.

        EvidenceError where it cannot be; the ledger is then as it was.  A tip is good
        for one entry.
        """
        size, levels = tip.size, tip.levels
        entries = [*tip.entries, entry]
        self._write(Tile(ENTRIES, size // FULL, len(entries)), join_entries(entries))
        self._write_hashes(size, levels, leaf_hash(entry))
        grown = Checkpoint(
            origin=tip.origin or checkpoints.origin_of(entry),
            size=size + 1,
            root=_root(size + 1, levels),
        )
        return Staged(number=size, checkpoint=checkpoints.sign(grown, self._signer))

    def commit(self, staged: Staged) -> None:
        """Make what was staged part of the ledger; durable on return.

        EvidenceError where it cannot be; the ledger is then as it was, or, if only
        the last fsync failed, ends with the entry.
        """
        write_file(self.folder / CHECKPOINT, staged.checkpoint)
        self._prune(staged.number + 1)

    def _state(self) -> Checkpoint | None:
        """Return the checkpoint; None where there is no ledger yet."""
        path = self.folder / CHECKPOINT
        content = read_file(path, MAX_BYTES)
        if content is None:
            self._refuse_headless()
            return None
        try:
            return checkpoints.verify(content, [self._signer.verifying_key]).checkpoint
        except VerificationError as error:
            raise EvidenceError(
                f"the checkpoint of the ledger is not one of this key: {error.what}",
                where=str(path),
                hint="use the key that the ledger was begun with, or another evidence folder",
            ) from error

    def _refuse_headless(self) -> None:
        """Raise EvidenceError where a ledger has lost its checkpoint: it must not begin again.

        A first append that was killed leaves tiles of one entry, and nothing else.
        """
        for first in (Tile(0, 0, FULL), Tile(0, 0, 2)):
            if (self.folder / first.path).exists():
                raise EvidenceError(
                    "the ledger has entries and no checkpoint",
                    where=str(self.folder / CHECKPOINT),
                    hint=_INQUIRE,
                )

    def _edge(self, size: int) -> list[list[bytes]]:
        """Return the hashes of the partial tile of each level."""
        levels = []
        for tile in edge(size):
            content = self._read(tile) if tile.width else b""
            levels.append(_split(self.folder / tile.path, content, tile.width))
        return levels

    def _last_entries(self, size: int, levels: list[list[bytes]]) -> list[bytes]:
        """Return the entries of the last bundle, unless it is full."""
        if not size % FULL:
            return []
        tile = Tile(ENTRIES, size // FULL, size % FULL)
        entries = self._entries(tile)
        if list(map(leaf_hash, entries)) != levels[0]:
            raise EvidenceError(
                "entries of the ledger do not have the hashes that were signed",
                where=str(self.folder / tile.path),
                hint=_INQUIRE,
            )
        return entries

    def _entries(self, tile: Tile) -> list[bytes]:
        content = self._read(tile)
        try:
            return split_entries(content, tile.width)
        except VerificationError as error:
            where = str(self.folder / tile.path)
            raise EvidenceError(f"is damaged: {error.what}", where=where, hint=_INQUIRE) from error

    def _write_hashes(self, size: int, levels: list[list[bytes]], new: bytes) -> None:
        """Add the hash of a leaf to `levels` and to the tiles; a full tile adds one above."""
        level = 0
        while True:
            if level == len(levels):
                levels.append([])
            hashes = levels[level]
            hashes.append(new)
            number = (size >> (8 * level)) // FULL
            self._write(Tile(level, number, len(hashes)), join_hashes(hashes))
            if len(hashes) < FULL:
                return
            new = subtree_hash(hashes)
            levels[level] = []
            level += 1

    def _read(self, tile: Tile) -> bytes:
        path = self.folder / tile.path
        content = read_file(path, LARGEST_BUNDLE)
        if content is None:
            raise EvidenceError("a part of the ledger is missing", where=str(path), hint=_INQUIRE)
        return content

    def _write(self, tile: Tile, content: bytes) -> None:
        path = self.folder / tile.path
        self._prepare(path.parent)
        write_file(path, content)

    def _prepare(self, folder: Path) -> None:
        """Make sure that `folder` exists, and will after a crash."""
        if folder in self._prepared:
            return
        if folder != self.folder:
            self._prepare(folder.parent)
        make_folder(folder)
        with explained("write", folder):
            sync_folder(folder.parent)
        self._prepared.add(folder)

    def _prune(self, size: int) -> None:
        """Remove a partial tile of each full one to the left of a tile that has just grown.

        They go one by one, as the next tile gets as wide, so that no run pays for
        all of them.  Left-overs are harmless: what cannot be removed stays.
        """
        level = 0
        while size % (1 << (8 * level)) == 0:
            number, width = divmod(size >> (8 * level), FULL)
            for row in (level, ENTRIES) if not level else (level,):
                with suppress(OSError):
                    if width and number:
                        (self.folder / Tile(row, number - 1, width).path).unlink()
                    elif number > 1:
                        (self.folder / Tile(row, number - 2, 1).path).parent.rmdir()
            level += 1
            if not size >> (8 * level):
                return


def _root(size: int, levels: list[list[bytes]]) -> bytes:
    """Return the root from the right edge: a root is made of whole subtrees that are all there."""
    first = [tile.number * FULL for tile in edge(size)]
    return root_hash(size, node_hashes(levels, first))


def _split(path: Path, content: bytes, width: int) -> list[bytes]:
    try:
        return split_hashes(content, width)
    except VerificationError as error:
        raise EvidenceError(f"is damaged: {error.what}", where=str(path), hint=_INQUIRE) from error
