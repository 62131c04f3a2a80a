"""The short way through common headers finds what the long way finds, or the same fault."""

from __future__ import annotations

import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import InputError
from gate.sources import header
from gate.sources import tar as reader
from gate.sources.budget import Meter
from gate.sources.streams import ChunkReader
from gate.sources.tar import BLOCK, Member
from tests.builders import Item, file, folder, hardlink, symlink, tar

DEEP = "node_modules/" * 9
ARCHIVE = (
    folder("etc/"),
    file("etc/passwd", b"root"),
    Item("bin/sh", b"\x7fELF" * 200, mode=0o4755, mtime=2**33 + 7),
    symlink("bin/bash", "sh"),
    hardlink("bin/dash", "bin/sh"),
    file(f"{DEEP}package.json", b"{}"),
    Item("dev/null", type=tarfile.CHRTYPE),
    Item("old/", mode=0o755),
    file("é" * 90, b"x"),
)


def outcome(data: bytes) -> list[Member] | str:
    try:
        return list(reader.members(ChunkReader([data], "t"), Meter()))
    except InputError as error:
        return error.what


def long_way(data: bytes) -> list[Member] | str:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reader, "_COMMON_KINDS", {})
        return outcome(data)


formats = st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])


@pytest.mark.parametrize("kind", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_both_ways_find_every_member(kind: int) -> None:
    data = tar(ARCHIVE, kind)
    found = outcome(data)
    assert len(found) == len(ARCHIVE)
    assert found == long_way(data)


def test_a_prefix_is_a_part_of_the_name() -> None:
    data = tar([file(f"{DEEP}package.json")], tarfile.USTAR_FORMAT)
    assert data[345:346] != b"\0"
    assert [m.name for m in outcome(data) if isinstance(m, Member)] == [
        f"{DEEP}package.json".encode()
    ]
    # In a GNU header there are times in its place.
    gnu = bytearray(data)
    gnu[257:265] = b"ustar  \0"
    stored = data[:100].partition(b"\0")[0]
    assert [m.name for m in outcome(summed(gnu)) if isinstance(m, Member)] == [stored]


def summed(data: bytearray) -> bytes:
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:BLOCK])
    return bytes(data)


@given(
    st.sampled_from(range(len(ARCHIVE))),
    formats.filter(lambda kind: kind != tarfile.USTAR_FORMAT),
    st.lists(st.tuples(st.integers(0, BLOCK - 1), st.integers(0, 255)), min_size=1, max_size=4),
    st.booleans(),
)
def test_both_ways_agree_about_any_header(
    number: int, kind: int, changes: list[tuple[int, int]], repaired: bool
) -> None:
    data = bytearray(tar([ARCHIVE[number], file("last", b"1")], kind))
    for position, value in changes:
        data[position] = value
    changed = summed(data) if repaired else bytes(data)
    assert outcome(changed) == long_way(changed)


@given(st.lists(st.binary(min_size=8, max_size=8), min_size=1, max_size=9))
def test_only_so_many_numbers_are_remembered(fields: list[bytes]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(header, "_REMEMBERED", 3)
        octal = header.Octal()
        for field in (*fields, b"0000644\0"):
            assert octal[field] >= -1
            assert len(octal) <= 3
        assert octal[b"0000644\0"] == 0o644
