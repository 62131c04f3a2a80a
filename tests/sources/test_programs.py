"""Programs: each is looked at once, wherever its bytes are at hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import InputError
from gate.sources.budget import Budget, Meter
from gate.sources.folder import FolderTree
from gate.sources.layer import Content, scan
from gate.sources.overlay import OverlayTree
from gate.sources.searched import SearchedTree
from gate.sources.streams import ChunkReader, TruncatedError
from gate.sources.tree import Excerpt, Tree
from gate.sources.wanted import Reduction, Wanted
from tests.builders import Item, file, hardlink, symlink, tar

ELF = b"\x7fELF"


def reduce(path: bytes, content: memoryview, gone: bool) -> bytes:
    del gone
    data = bytes(content)
    return path + b" " + data[4:6] + data[-2:] if data[4:5] != b"-" else b""


PROGRAMS = Reduction(reduce, magic=ELF)
WANTED = Wanted(reductions=frozenset({PROGRAMS}), paths=frozenset({b"bin/kept"}))


def program(name: str, content: bytes, mode: int = 0o755) -> Item:
    return Item(name, content, mode=mode)


LAYERS = (
    [
        program("bin/a", ELF + b"a1" + b"." * 600),
        program("bin/old", ELF + b"xx"),
        program("bin/kept", ELF + b"kk" + b"." * 90),
    ],
    [
        file(".wh.bin/old"),
        program("bin/old", ELF + b"new"),
        program("bin/group", ELF + b"gg", 0o610),
        program("bin/none", ELF + b"--"),
        program("bin/data", ELF + b"dd", 0o644),
        program("bin/script", b"#!/bin/sh"),
        program("bin/tiny", b"\x7fE"),
        hardlink("bin/again", "bin/group"),
        symlink("bin/link", "group"),
    ],
)
EXPECTED = {
    b"bin/a": b"a1..",
    b"bin/again": b"gggg",
    b"bin/group": b"gggg",
    b"bin/kept": b"kk..",
    b"bin/old": b"neew",
}


def mapped(items: list[Item], meter: Meter) -> Content:
    data = memoryview(tar(items))
    return Content(scan(ChunkReader([data], "t"), WANTED, meter, keep=False), "t", mapped=data)


def streamed(size: int) -> Callable[[list[Item], Meter], Content]:
    def content(items: list[Item], meter: Meter) -> Content:
        data = tar(items)
        chunks = [data[at : at + size] for at in range(0, len(data), size)]
        return Content(scan(ChunkReader(chunks, "t"), WANTED, meter, keep=True), "t")

    return content


@pytest.mark.parametrize("build", [mapped, streamed(1 << 20), streamed(513), streamed(7)])
def test_programs_of_an_image(build: Callable[[list[Item], Meter], Content]) -> None:
    meter = Meter()
    layers = [(f"layer{n}", build(list(items), meter)) for n, items in enumerate(LAYERS)]
    found = OverlayTree(layers, meter, "t").excerpts(PROGRAMS)
    assert [item.path for item in found] == sorted(item.path for item in found)
    excerpts = {item.path: item.kept.partition(b" ")[2] for item in found}
    assert excerpts == EXPECTED


def test_programs_of_a_folder(tmp_path: Path) -> None:
    for items in LAYERS:
        for item in items:
            if item.link or item.name.startswith(".wh."):
                continue
            path = tmp_path / item.name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(item.content)
            path.chmod(item.mode)
    (tmp_path / "bin/link").symlink_to("group")
    (tmp_path / "bin/empty").touch(0o755)
    (tmp_path / "bin/again").hardlink_to(tmp_path / "bin/group")
    found = FolderTree(tmp_path, Meter(), "t").excerpts(PROGRAMS)
    assert {item.path: item.kept.partition(b" ")[2] for item in found} == EXPECTED


def test_a_program_that_is_too_large_for_memory_is_named() -> None:
    meter = Meter(Budget(file_bytes=100))
    tree = OverlayTree([("l", streamed(1 << 20)(list(LAYERS[0]), meter))], meter, "t")
    assert tree.excerpts(PROGRAMS) == [
        Excerpt(b"bin/a", b"", "limit 'file_bytes' reached (100 bytes)"),
        Excerpt(b"bin/kept", b"bin/kept kk.."),
        Excerpt(b"bin/old", b"bin/old xxxx"),
    ]
    # Where it lies in a file, none of it has to be in memory.
    tree = OverlayTree([("l", mapped(list(LAYERS[0]), meter))], meter, "t")
    assert [item.problem for item in tree.excerpts(PROGRAMS)] == ["", "", ""]


def test_a_program_that_is_cut_short() -> None:
    data = tar([program("a", ELF + b"." * 5000)])[:3000]
    with pytest.raises(TruncatedError):
        scan(ChunkReader([data], "t"), WANTED, Meter(), keep=True)


@given(st.binary(max_size=40), st.integers(1, 9), st.lists(st.integers(0, 9), max_size=9))
def test_a_peek_passes_over_nothing(data: bytes, size: int, steps: list[int]) -> None:
    reader = ChunkReader([data[at : at + size] for at in range(0, len(data), size)], "t")
    for step in steps:
        before = reader.position
        assert reader.peek(step) == data[before : before + step]
        assert reader.position == before
        assert reader.take_up_to(step) == data[before : before + step]
    at = reader.position
    assert b"".join(bytes(piece) for piece in reader.rest()) == data[at:]


class _Counting:
    """Counts how often a tree is searched."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.searches = 0

    def __getattr__(self, name: str) -> object:
        if name in {"find", "excerpts"}:
            self.searches += 1
        return getattr(self.tree, name)


@pytest.fixture
def counting() -> _Counting:
    meter = Meter()
    layers = [(f"layer{n}", mapped(list(items), meter)) for n, items in enumerate(LAYERS)]
    return _Counting(OverlayTree(layers, meter, "t"))


def test_a_tree_is_searched_once_for_all(counting: _Counting) -> None:
    tree = SearchedTree(counting, WANTED)  # type: ignore[arg-type]
    assert tree.find(Wanted(paths=WANTED.paths)) == [b"bin/kept"]
    assert tree.find(Wanted()) == []
    assert tree.excerpts(PROGRAMS) == tree.excerpts(PROGRAMS) == counting.tree.excerpts(PROGRAMS)
    assert counting.searches == 2
    # What nobody named beforehand is searched for on its own.
    assert tree.find(Wanted(paths=frozenset({b"bin/a"}))) == [b"bin/a"]
    assert counting.searches == 3


def test_a_wish_that_cannot_be_met_is_told_to_who_has_it() -> None:
    meter = Meter()
    loop = [symlink("loop", "loop"), file("fine", b"x")]
    wishes = Wanted(paths=frozenset({b"loop/x", b"fine"}))
    tree = SearchedTree(OverlayTree([("l", mapped(loop, meter))], meter, "t"), wishes)
    assert tree.find(Wanted(paths=frozenset({b"fine"}))) == [b"fine"]
    with pytest.raises(InputError, match="links"):
        tree.find(Wanted(paths=frozenset({b"loop/x"})))
