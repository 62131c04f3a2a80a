"""The ledger of an evidence folder: append-only, a Merkle tree in tiles.

::

    <folder>/ledger/checkpoint     origin, size and root, signed
    <folder>/ledger/tile/…         see `gate.evidence.tiles`
    <folder>/ledger/lock           held by whoever appends

An append writes all its files under temporary names and flushes them, then gives
the bundles of entries, the tiles and the records their names, and the checkpoint
last (`Ledger.commit`).  Readers read no further than the checkpoint says, so a run
that is killed leaves the ledger as it was; what it wrote beyond is written over by
the next.

Before it signs, an append computes the root again from the right edge of the
tree: what is damaged or was altered there is not extended.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gate.durable import sync_folder
from gate.evidence import checkpoint as checkpoints
from gate.evidence.durable import explained, make_folder, read_file, write_file, write_group
from gate.evidence.growth import CHECKPOINT, Grown, LedgerReading, Tip, grow
from gate.evidence.keys import Signer
from gate.evidence.place import FolderPlace
from gate.evidence.tiles import ENTRIES, FULL, Tile, tiles_between

__all__ = ["CHECKPOINT", "FOLDER", "LOCK", "Ledger", "Staged", "Tip"]

FOLDER = "ledger"
LOCK = "lock"
UNFINISHED = "unfinished"
"""File that a batch leaves where it is killed: the size it was to have."""


_LARGEST_BATCH = 10_000


def unfinished_size(content: bytes, size: int) -> int:
    """Return the size that a killed batch was to have, `size` where `content` says none."""
    text = content.removesuffix(b"\n")
    wanted = int(text) if text.isdigit() and len(text) < 17 else size
    return wanted if size < wanted <= size + _LARGEST_BATCH else size


@dataclass(frozen=True, slots=True)
class Staged:
    """Entries that are computed and signed, and not yet part of the ledger."""

    grown: Grown
    checkpoint: bytes
    """The signed note that makes them part of the ledger."""

    @property
    def number(self) -> int:
        """Of the first entry, from 0."""
        return self.grown.number


class Ledger:
    """The ledger of one evidence folder.  Whoever appends holds the lock."""

    def __init__(self, evidence: Path, signer: Signer) -> None:
        """Take the ledger of the folder `evidence`; the first append creates it."""
        self.folder = evidence / FOLDER
        self._signer = signer
        self._reading = LedgerReading(FolderPlace(self.folder), signer.verifying_key)
        self._prepared: set[Path] = set()

    def find(self, entry: bytes) -> int | None:
        """Return the number of `entry`; None where it is not there.

        The newest are looked at first.  EvidenceError where the ledger cannot be read.
        What is found is durable after `flush`: the run that appended it may have been
        killed before its last fsync.
        """
        state = self._reading.state()
        return self._reading.find(entry, state.size) if state is not None else None

    def flush(self) -> None:
        """Make sure that the checkpoint survives a crash."""
        with explained("write", self.folder):
            sync_folder(self.folder)

    def tip(self) -> Tip:
        """Return where the ledger can be gone on from.

        EvidenceError where it cannot: it is damaged, altered, or of another key.
        """
        return self._reading.tip(self._reading.state())

    def stage(self, entries: Sequence[bytes], tip: Tip) -> Staged:
        """Return what `entries` make of the ledger; EvidenceError where that cannot be signed."""
        grown = grow(tip, entries)
        return Staged(grown=grown, checkpoint=checkpoints.sign(grown.checkpoint, self._signer))

    def commit(self, staged: Staged, records: Sequence[tuple[Path, Path]] = ()) -> None:
        """Make what was staged part of the ledger, and give new `records` their names.

        A record is a file that is flushed already, and the path it gets.

        Durable on return.  EvidenceError where it cannot be; the ledger is then as
        it was, or, if only the last fsync failed, ends with the entries.
        """
        files = [(self.folder / path, content) for path, content in staged.grown.files]
        size = staged.grown.checkpoint.size
        self._prepare(self.folder)
        for path, _ in files:
            self._prepare(path.parent)
        self._clear(staged.number)
        if size > staged.number + 1:
            # Of a batch more than one entry may be left beyond the checkpoint.
            write_file(self.folder / UNFINISHED, b"%d\n" % size)
        checkpoint = (self.folder / CHECKPOINT, staged.checkpoint)
        write_group(files, checkpoint, scratch=self.folder, ready=records)
        with suppress(OSError):
            (self.folder / UNFINISHED).unlink(missing_ok=True)
        self._prune(size)

    def _clear(self, size: int) -> None:
        """Remove what a killed append has left beyond `size`: the next need not write it over."""
        path = self.folder / UNFINISHED
        found = read_file(path, 20)
        beyond = {tile.path for tile in tiles_between(size, size + 1)}
        if found is not None:
            beyond |= {tile.path for tile in tiles_between(size, unfinished_size(found, size))}
        touched = set()
        for left in (self.folder / name for name in sorted(beyond)):
            if left.exists():
                with explained("remove", left):
                    left.unlink()
                touched.add(left.parent)
        for folder in sorted(touched):
            with explained("write", folder):
                sync_folder(folder)
        if found is not None:
            with explained("remove", path):
                path.unlink()

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
