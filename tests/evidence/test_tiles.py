"""Names and contents of tiles, by the examples of C2SP tlog-tiles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import VerificationError
from gate.evidence.tiles import (
    ENTRIES,
    FULL,
    Tile,
    join_entries,
    join_hashes,
    levels_of,
    split_entries,
    split_hashes,
    tile_named,
    tiles_of,
)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0, FULL), "tile/0/000"),
        (Tile(0, 0, 1), "tile/0/000.p/1"),
        (Tile(63, 999, 255), "tile/63/999.p/255"),
        (Tile(2, 1000, FULL), "tile/2/x001/000"),
        (Tile(0, 1234067, FULL), "tile/0/x001/x234/067"),
        (Tile(ENTRIES, 1234067, 8), "tile/entries/x001/x234/067.p/8"),
    ],
)
def test_paths(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert tile_named(path) == tile


@pytest.mark.parametrize(
    "path",
    ["tile/0/1", "tile/00/000", "tile/64/000", "tile/0/x000/001", "tile/0/000.p/0",
     "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/001/000", "tile/data/000", "tile/0/000.p"],
)  # fmt: skip
def test_names_that_no_tile_has(path: str) -> None:
    assert tile_named(path) is None


def test_the_tiles_of_70000_entries() -> None:
    found = {level: list(tiles_of(70_000, level)) for level in range(levels_of(70_000))}
    assert [len(tiles) for tiles in found.values()] == [274, 2, 1]
    assert found[0][-1] == Tile(0, 273, 112)
    assert found[1] == [Tile(1, 0, 256), Tile(1, 1, 17)]
    assert found[2] == [Tile(2, 0, 1)]
    assert list(tiles_of(256, 0)) == [Tile(0, 0, FULL)]
    assert list(tiles_of(256, 1)) == [Tile(1, 0, 1)]
    assert list(tiles_of(70_000, ENTRIES))[-1] == Tile(ENTRIES, 273, 112)


@given(entries=st.lists(st.binary(max_size=300), max_size=20), cut=st.integers(1, 40))
def test_entries_read_back(entries: list[bytes], cut: int) -> None:
    content = join_entries(entries)
    assert split_entries(content, len(entries)) == entries
    with pytest.raises(VerificationError, match="entries, not"):
        split_entries(content, len(entries) + 1)
    if content:
        with pytest.raises(VerificationError):
            split_entries(content[:-cut], len(entries))


def test_hashes_read_back() -> None:
    hashes = [bytes([number]) * 32 for number in range(5)]
    assert split_hashes(join_hashes(hashes), 5) == hashes
    with pytest.raises(VerificationError, match="160 bytes; a tile of 4 hashes has 128"):
        split_hashes(join_hashes(hashes), 4)
