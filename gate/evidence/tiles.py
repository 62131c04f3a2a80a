"""A Merkle tree as files: C2SP tlog-tiles.

::

    tile/<level>/<number>             256 hashes
    tile/<level>/<number>.p/<width>   1 to 255, at the right edge of the tree
    tile/entries/<number>[.p/<width>] the entries themselves, each with its length before it

A hash on level n + 1 covers a full tile of level n; level 0 holds leaf hashes.
Paths are relative to the folder of the ledger.  Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from gate.errors import EvidenceError, VerificationError
from gate.evidence.merkle import HASH_SIZE, NodeHashes, subtree_hash

FULL = 256
"""Hashes of a full tile, entries of a full bundle."""
LARGEST_ENTRY = 65_535
"""Bytes; the length is a uint16."""
LARGEST_BUNDLE = FULL * (2 + LARGEST_ENTRY)

_HEIGHT = 8
_NAME = re.compile(r"tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d*))?")


class Tile(msgspec.Struct, frozen=True, order=True):
    """The name of one tile, or, with level -1, of one bundle of entries."""

    level: int
    number: int
    width: int

    @property
    def path(self) -> str:
        """Path of its file."""
        partial = f".p/{self.width}" if self.width < FULL else ""
        return f"{self.full_path}{partial}"

    @property
    def full_path(self) -> str:
        """Path of the tile that it is once it is full."""
        groups = [f"{self.number % 1000:03}"]
        rest = self.number // 1000
        while rest:
            groups.append(f"x{rest % 1000:03}")
            rest //= 1000
        level = "entries" if self.level < 0 else str(self.level)
        return f"tile/{level}/{'/'.join(reversed(groups))}"


ENTRIES = -1
"""Level of the bundles of entries."""


def tile_named(path: str) -> Tile | None:
    """Return the tile whose file is `path`; None where no tile has that name."""
    found = _NAME.fullmatch(path)
    if found is None:
        return None
    level = ENTRIES if found[1] == "entries" else int(found[1])
    number = int(found[2].replace("/", "").replace("x", ""))
    tile = Tile(level, number, int(found[3] or FULL))
    return tile if tile.path == path else None


def edge(size: int) -> list[Tile]:
    """Return the partial tiles of a tree, by level; one of width 0 has no file."""
    tiles = []
    level = 0
    while size >> (_HEIGHT * level):
        count = size >> (_HEIGHT * level)
        tiles.append(Tile(level, count // FULL, count % FULL))
        level += 1
    return tiles


def tiles_of(size: int, level: int) -> Iterator[Tile]:
    """Yield the tiles of one level (or `ENTRIES`) of a tree, from the left."""
    count = size >> (_HEIGHT * max(level, 0))
    for number in range(count // FULL):
        yield Tile(level, number, FULL)
    if count % FULL:
        yield Tile(level, count // FULL, count % FULL)


def tiles_between(old: int, new: int) -> Iterator[Tile]:
    """Yield the tiles and bundles of a tree of size `new` that one of size `old` has not."""
    for level in (ENTRIES, *range(levels_of(new))):
        height = _HEIGHT * max(level, 0)
        before, count = old >> height, new >> height
        if count > before:
            for number in range(before // FULL, (count - 1) // FULL + 1):
                yield Tile(level, number, min(count - number * FULL, FULL))


def levels_of(size: int) -> int:
    """Return how many levels of tiles a tree has."""
    return len(edge(size))


def node_hashes(levels: list[list[bytes]], first: list[int] | None = None) -> NodeHashes:
    """Return the hashes of subtrees from the hashes of each level of tiles.

    `levels[n]` begins with hash number `first[n]` of its level, else with 0.
    """

    def hashes(level: int, number: int) -> bytes:
        row, height = divmod(level, _HEIGHT)
        begin = (number << height) - (first[row] if first else 0)
        return subtree_hash(levels[row][begin : begin + (1 << height)])

    return hashes


def join_hashes(hashes: list[bytes]) -> bytes:
    """Return the content of a tile."""
    return b"".join(hashes)


def split_hashes(content: bytes, width: int) -> list[bytes]:
    """Return the hashes of a tile; VerificationError where it has not `width` of them."""
    if len(content) != width * HASH_SIZE:
        raise VerificationError(
            f"has {len(content):,} bytes; a tile of {width} hashes has {width * HASH_SIZE:,}"
        )
    return [content[i : i + HASH_SIZE] for i in range(0, len(content), HASH_SIZE)]


def join_entries(entries: list[bytes]) -> bytes:
    """Return the content of a bundle of entries; EvidenceError where one is too large."""
    if any(len(entry) > LARGEST_ENTRY for entry in entries):
        raise EvidenceError(f"an entry of the ledger is larger than {LARGEST_ENTRY:,} bytes")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def split_entries(content: bytes, width: int) -> list[bytes]:
    """Return the entries of a bundle; VerificationError where it has not `width` of them."""
    entries: list[bytes] = []
    position = 0
    while position < len(content):
        end = position + 2 + int.from_bytes(content[position : position + 2], "big")
        if position + 2 > len(content) or end > len(content):
            raise VerificationError(f"ends inside entry {len(entries)}")
        entries.append(content[position + 2 : end])
        position = end
    if len(entries) != width:
        raise VerificationError(f"has {len(entries)} entries, not {width}")
    return entries
