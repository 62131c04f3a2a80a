"""Verify a ledger offline: from its files, trusted keys, and checkpoints kept elsewhere.

1. A trusted key has signed the checkpoint (V05).
2. All entries and tiles that it speaks of are there and whole (V21), and the
   entries give the tiles and the root that was signed (V04).
3. The origin is that of the first entry: this is no other ledger (V05).
4. The ledger goes on from every checkpoint that was kept: it is not shorter
   (V07), and begins with the same entries (V06).
5. Nothing lies beyond the checkpoint but what one killed append leaves behind
   (V07), and nothing that no ledger has (V24).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from gate.errors import EvidenceError, VerificationError
from gate.evidence import checkpoint as checkpoints
from gate.evidence.checkpoint import Checkpoint, SignedCheckpoint
from gate.evidence.growth import CHECKPOINT
from gate.evidence.keys import VerifyingKey
from gate.evidence.ledger import UNFINISHED, unfinished_size
from gate.evidence.merkle import leaf_hash, root_hash, subtree_hash
from gate.evidence.note import MAX_BYTES
from gate.evidence.place import Place, place_of, read_part
from gate.evidence.problems import Code, Problem
from gate.evidence.tiles import (
    ENTRIES,
    FULL,
    LARGEST_BUNDLE,
    Tile,
    join_entries,
    join_hashes,
    levels_of,
    node_hashes,
    split_entries,
    tile_named,
    tiles_between,
    tiles_of,
)


class KeptCheckpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint that somebody kept outside the evidence folder."""

    name: str
    """How problems name it."""
    content: bytes


class LedgerReport(msgspec.Struct, frozen=True, kw_only=True):
    """The result of verifying a ledger."""

    signed: SignedCheckpoint | None
    """None where no trusted key signed a checkpoint; nothing more was checked then."""
    entries: tuple[bytes | None, ...]
    """As many as the checkpoint says; None where one cannot be read."""
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether there is a trusted checkpoint and nothing is wrong."""
        return self.signed is not None and not self.problems


def verify_ledger(
    where: Path | Place, trusted: Sequence[VerifyingKey], kept: Sequence[KeptCheckpoint] = ()
) -> LedgerReport:
    """Verify the ledger in the folder or place `where`, which holds its checkpoint.

    Nobody may append meanwhile: hold `Place.unchanged`.
    """
    place = place_of(where)
    # What has no lock is listed before the checkpoint is read, so that an entry that
    # is appended meanwhile is not taken for one that lies beyond it.
    try:
        files = list(place.names("tile"))
        signed = checkpoints.verify(_checkpoint_file(place), trusted)
    except (EvidenceError, VerificationError) as error:
        problem = _problem(Code.NOT_TRUSTED, error.what, CHECKPOINT)
        return LedgerReport(signed=None, entries=(), problems=(problem,))
    check = _Check(place, signed.checkpoint)
    entries = check.read_entries()
    check.compare()
    check.hold_against(kept, trusted)
    check.look_beyond(files)
    return LedgerReport(signed=signed, entries=tuple(entries), problems=tuple(check.problems))


def _checkpoint_file(place: Place) -> bytes:
    content = read_part(place, CHECKPOINT, MAX_BYTES)
    if content is None:
        raise VerificationError("there is no checkpoint: nothing says which records there were")
    return content


def _problem(code: Code, message: str, where: str) -> Problem:
    return Problem(code=code, message=message, where=where)


class _Check:
    """One ledger while it is verified."""

    def __init__(self, place: Place, checkpoint: Checkpoint) -> None:
        self.problems: list[Problem] = []
        self._place = place
        self._checkpoint = checkpoint
        self._entries: list[bytes | None] = []
        self._levels: list[list[bytes]] = []
        """The hashes of each level of tiles; empty where an entry is missing."""

    @property
    def _whole(self) -> bool:
        """Whether all entries are there; where one is missing, that is the problem."""
        return len(self._levels) == levels_of(self._checkpoint.size)

    def read_entries(self) -> list[bytes | None]:
        """Return all entries, and compute the hashes they give."""
        size = self._checkpoint.size
        for tile in tiles_of(size, ENTRIES):
            self._entries += self._read_bundle(tile)
        entries = [entry for entry in self._entries if entry is not None]
        if len(entries) == size:
            self._levels = _levels(entries)
            if size and checkpoints.origin_of(entries[0]) != self._checkpoint.origin:
                message = "the origin is not that of the first entry: this is another ledger"
                self._add(Code.NOT_TRUSTED, message, CHECKPOINT)
        return self._entries

    def compare(self) -> None:
        """Compare the hashes of the entries with the root and the tiles."""
        size = self._checkpoint.size
        if self._whole and self._root(size) != self._checkpoint.root:
            message = f"the root of {size:,} entries differs from the one that was signed"
            self._add(Code.LEDGER_ALTERED, message, CHECKPOINT)
        for level in range(levels_of(size)):
            for tile in tiles_of(size, level):
                content = self._content(tile)
                if content is not None and self._whole and content != self._expected(tile):
                    self._add(Code.LEDGER_ALTERED, self._how(tile, content), tile.path)

    def hold_against(self, kept: Sequence[KeptCheckpoint], trusted: Sequence[VerifyingKey]) -> None:
        """Check that this ledger goes on from every kept checkpoint."""
        for given in kept:
            try:
                earlier = checkpoints.verify(given.content, trusted).checkpoint
            except VerificationError as error:
                self._add(Code.NOT_TRUSTED, error.what, given.name)
                continue
            now = self._checkpoint
            if earlier.origin != now.origin:
                message = f"is of another ledger ({earlier.origin}, not {now.origin})"
                self._add(Code.NOT_TRUSTED, message, given.name)
            elif earlier.size > now.size:
                message = f"the ledger had {earlier.size:,} entries and has {now.size:,}: cut off"
                self._add(Code.ROLLED_BACK, message, given.name)
            elif self._whole and self._root(earlier.size) != earlier.root:
                message = f"the first {earlier.size:,} entries are not those of this checkpoint"
                self._add(Code.HISTORY_REWRITTEN, message, given.name)

    def look_beyond(self, files: Sequence[str]) -> None:
        """Check those of `files` that the checkpoint does not speak of."""
        size = self._checkpoint.size
        listed = [ENTRIES, *range(levels_of(size))]
        current = {tile.path for level in listed for tile in tiles_of(size, level)}
        left = {tile.path for tile in tiles_between(size, self._unfinished())}
        unfinished = left | {tile.path for tile in tiles_between(size, size + 1)}
        for path in sorted(set(files) - current):
            tile = tile_named(path)
            if tile is None:
                self._add(Code.STRAY_FILE, "does not belong to a ledger", path)
            elif self._is_within(tile):
                self._compare_older(tile)
            elif path not in unfinished:
                message = f"is of a larger ledger than the checkpoint with {size:,} entries"
                self._add(Code.ROLLED_BACK, message, path)

    def _unfinished(self) -> int:
        """Return the size that a batch was to have that was killed, else that of the checkpoint."""
        size = self._checkpoint.size
        try:
            content = read_part(self._place, UNFINISHED, 20)
        except VerificationError:
            return size
        return unfinished_size(content, size) if content is not None else size

    def _is_within(self, tile: Tile) -> bool:
        count = self._checkpoint.size >> (8 * max(tile.level, 0))
        return tile.number * FULL + tile.width <= count

    def _compare_older(self, tile: Tile) -> None:
        """Check a partial tile that an earlier checkpoint spoke of."""
        content = self._content(tile)
        if content is not None and self._whole and content != self._expected(tile):
            self._add(Code.LEDGER_ALTERED, "is not the beginning of what it became", tile.path)

    def _expected(self, tile: Tile) -> bytes:
        begin = tile.number * FULL
        if tile.level == ENTRIES:
            some = self._entries[begin : begin + tile.width]
            return join_entries([entry for entry in some if entry is not None])
        return join_hashes(self._levels[tile.level][begin : begin + tile.width])

    def _how(self, tile: Tile, content: bytes) -> str:
        expected = self._expected(tile)
        if tile.level == 0 and len(content) == len(expected):
            pairs = zip(_hashes(content), _hashes(expected), strict=True)
            first = next(n for n, (one, other) in enumerate(pairs) if one != other)
            return f"entry {tile.number * FULL + first} has not the hash that is here"
        return "has not the hashes of the entries"

    def _read_bundle(self, tile: Tile) -> list[bytes | None]:
        content = self._content(tile)
        if content is None:
            return [None] * tile.width
        try:
            return list(split_entries(content, tile.width))
        except VerificationError as error:
            self._add(Code.LEDGER_INCOMPLETE, error.what, tile.path)
            return [None] * tile.width

    def _content(self, tile: Tile) -> bytes | None:
        try:
            content = read_part(self._place, tile.path, LARGEST_BUNDLE)
        except VerificationError as error:
            self._add(Code.LEDGER_INCOMPLETE, error.what, tile.path)
            return None
        if content is None:
            self._add(Code.LEDGER_INCOMPLETE, "is missing", tile.path)
        return content

    def _root(self, size: int) -> bytes:
        return root_hash(size, node_hashes(self._levels))

    def _add(self, code: Code, message: str, where: str) -> None:
        self.problems.append(_problem(code, message, where))


def _levels(entries: list[bytes]) -> list[list[bytes]]:
    """Return the hashes of every level of tiles of these entries."""
    levels: list[list[bytes]] = []
    hashes = [leaf_hash(entry) for entry in entries]
    while hashes:
        levels.append(hashes)
        full = len(hashes) // FULL * FULL
        hashes = [subtree_hash(hashes[i : i + FULL]) for i in range(0, full, FULL)]
    return levels


def _hashes(content: bytes) -> list[bytes]:
    return [content[i : i + 32] for i in range(0, len(content), 32)]
