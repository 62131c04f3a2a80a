"""How a ledger grows, whatever holds it: from a signed state to the next one.

`LedgerReading` reads the state that an append goes on from, and refuses one that is
damaged, altered or of another key.  `grow` computes the files of the next state.
Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gate.errors import EvidenceError, VerificationError
from gate.evidence import checkpoint as checkpoints
from gate.evidence.checkpoint import Checkpoint
from gate.evidence.keys import VerifyingKey
from gate.evidence.merkle import leaf_hash, root_hash, subtree_hash
from gate.evidence.note import MAX_BYTES
from gate.evidence.place import Place
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

CHECKPOINT = "checkpoint"
INQUIRE = "it was altered or damaged: keep it for inquiry, and record elsewhere"


@dataclass(frozen=True, slots=True)
class Tip:
    """The right edge of a ledger, as it was signed: all that an append needs."""

    origin: str
    """Empty where there is no entry yet."""
    size: int
    levels: list[list[bytes]]
    """The hashes of the partial tile of each level."""
    entries: list[bytes]
    """Of the last bundle, unless it is full."""


@dataclass(frozen=True, slots=True)
class Grown:
    """The next state of a ledger."""

    number: int
    """Of the first new entry, from 0."""
    checkpoint: Checkpoint
    files: tuple[tuple[str, bytes], ...]
    """Path within the ledger and content: bundles of entries, then tiles."""
    hashes: tuple[tuple[int, int, bytes], ...]
    """The hashes that are new, each with level and number on that level."""


def grow(tip: Tip, new: Sequence[bytes]) -> Grown:
    """Return what the ledger is after the entries `new`; EvidenceError for one too large."""
    levels = [list(hashes) for hashes in tip.levels]
    bundles: dict[int, list[bytes]] = {}
    tiles: dict[tuple[int, int], list[bytes]] = {}
    hashes: list[tuple[int, int, bytes]] = []
    for size, entry in enumerate(new, tip.size):
        first = list(tip.entries) if size // FULL == tip.size // FULL else []
        bundles.setdefault(size // FULL, first).append(entry)
        _add_hash(size, levels, leaf_hash(entry), tiles, hashes)
    files = [
        (Tile(ENTRIES, number, len(entries)).path, join_entries(entries))
        for number, entries in bundles.items()
    ]
    files += [
        (Tile(level, number, len(tile)).path, join_hashes(tile))
        for (level, number), tile in tiles.items()
    ]
    size = tip.size + len(new)
    origin = tip.origin or checkpoints.origin_of(new[0])
    state = Checkpoint(origin=origin, size=size, root=_root(size, levels))
    return Grown(tip.size, state, tuple(files), tuple(hashes))


def _add_hash(
    size: int,
    levels: list[list[bytes]],
    new: bytes,
    tiles: dict[tuple[int, int], list[bytes]],
    added: list[tuple[int, int, bytes]],
) -> None:
    """Add the hash of a leaf to `levels` and to the tiles; a full tile adds one above."""
    level = 0
    while True:
        if level == len(levels):
            levels.append([])
        hashes = levels[level]
        hashes.append(new)
        added.append((level, size >> (8 * level), new))
        tiles[level, (size >> (8 * level)) // FULL] = hashes
        if len(hashes) < FULL:
            return
        new = subtree_hash(hashes)
        levels[level] = []
        level += 1


class LedgerReading:
    """What an append reads of a ledger before it goes on."""

    def __init__(self, place: Place, key: VerifyingKey) -> None:
        """Take the place that holds the checkpoint; `key` must have signed it."""
        self._place = place
        self._key = key

    def state(self) -> Checkpoint | None:
        """Return the checkpoint; None where there is no ledger yet."""
        content = self._place.read(CHECKPOINT, MAX_BYTES)
        if content is None:
            self._refuse_headless()
            return None
        return self.verified(content)

    def verified(self, note: bytes) -> Checkpoint:
        """Return the checkpoint in `note`; EvidenceError where it is not one of this key."""
        try:
            return checkpoints.verify(note, [self._key]).checkpoint
        except VerificationError as error:
            raise EvidenceError(
                f"the checkpoint of the ledger is not one of this key: {error.what}",
                where=self._where(CHECKPOINT),
                hint="use the key that the ledger was begun with, or another evidence folder",
            ) from error

    def tip(self, state: Checkpoint | None) -> Tip:
        """Return where the ledger can be gone on from; EvidenceError where it cannot."""
        if state is None:
            return Tip(origin="", size=0, levels=[], entries=[])
        levels = self._edge(state.size)
        if _root(state.size, levels) != state.root:
            raise EvidenceError(
                "the ledger does not have the root that was signed",
                where=self._place.name,
                hint=INQUIRE,
            )
        entries = self._last_entries(state.size, levels)
        return Tip(origin=state.origin, size=state.size, levels=levels, entries=entries)

    def find(self, entry: bytes, size: int, since: int = 0) -> int | None:
        """Return the number of `entry` among those from `since` to `size`, the newest first."""
        for tile in reversed(list(tiles_of(size, ENTRIES))):
            if tile.number * FULL + tile.width <= since:
                break
            entries = self.entries(tile)
            if entry in entries:
                return tile.number * FULL + entries.index(entry)
        return None

    def entries(self, tile: Tile) -> list[bytes]:
        """Return the entries of a bundle; EvidenceError where it is missing or damaged."""
        content = self._read(tile)
        try:
            return split_entries(content, tile.width)
        except VerificationError as error:
            where = self._where(tile.path)
            raise EvidenceError(f"is damaged: {error.what}", where=where, hint=INQUIRE) from error

    def _refuse_headless(self) -> None:
        """Raise EvidenceError where a ledger has lost its checkpoint: it must not begin again.

        A first append that was killed leaves tiles of one entry, and nothing else.
        """
        for first in (Tile(0, 0, FULL), Tile(0, 0, 2)):
            if self._place.read(first.path, 0) is not None:
                raise EvidenceError(
                    "the ledger has entries and no checkpoint",
                    where=self._where(CHECKPOINT),
                    hint=INQUIRE,
                )

    def _edge(self, size: int) -> list[list[bytes]]:
        """Return the hashes of the partial tile of each level."""
        levels = []
        for tile in edge(size):
            content = self._read(tile) if tile.width else b""
            try:
                levels.append(split_hashes(content, tile.width))
            except VerificationError as error:
                where = self._where(tile.path)
                what = f"is damaged: {error.what}"
                raise EvidenceError(what, where=where, hint=INQUIRE) from error
        return levels

    def _last_entries(self, size: int, levels: list[list[bytes]]) -> list[bytes]:
        """Return the entries of the last bundle, unless it is full."""
        if not size % FULL:
            return []
        tile = Tile(ENTRIES, size // FULL, size % FULL)
        entries = self.entries(tile)
        if list(map(leaf_hash, entries)) != levels[0]:
            raise EvidenceError(
                "entries of the ledger do not have the hashes that were signed",
                where=self._where(tile.path),
                hint=INQUIRE,
            )
        return entries

    def _read(self, tile: Tile) -> bytes:
        content = self._place.read(tile.path, LARGEST_BUNDLE)
        if content is None:
            where = self._where(tile.path)
            raise EvidenceError("a part of the ledger is missing", where=where, hint=INQUIRE)
        return content

    def _where(self, path: str) -> str:
        return f"{self._place.name}/{path}"


def _root(size: int, levels: list[list[bytes]]) -> bytes:
    """Return the root from the right edge: a root is made of whole subtrees that are all there."""
    first = [tile.number * FULL for tile in edge(size)]
    return root_hash(size, node_hashes(levels, first))
