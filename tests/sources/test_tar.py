"""The tar reader against the standard library's writer, and against malformed archives."""

from __future__ import annotations

import io
import struct
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import BudgetError, InputError
from gate.sources.budget import Budget, Meter
from gate.sources.streams import ChunkReader, TruncatedError
from gate.sources.tar import BLOCK, Kind, Member, TarEnd, looks_like_tar, members
from tests.builders import Item, file, folder, hardlink, symlink, tar


def read(data: bytes, meter: Meter | None = None) -> tuple[list[tuple[Member, bytes]], TarEnd]:
    reader = ChunkReader([data], "test")
    stream = members(reader, meter or Meter())
    found = []
    while True:
        try:
            member = next(stream)
        except StopIteration as stop:
            return found, stop.value
        found.append((member, reader.take(member.size)))


names = st.text(
    st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1, max_size=60
).filter(lambda name: name not in {".", ".."})
paths = st.lists(names, min_size=1, max_size=6).map("/".join)
items = st.builds(
    Item,
    name=paths,
    content=st.binary(max_size=1500),
    mode=st.integers(0, 0o7777),
    mtime=st.integers(0, 2**33),
)


@given(st.lists(items, max_size=8), st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]))
def test_reads_what_the_standard_library_writes(written: list[Item], kind: int) -> None:
    found, end = read(tar(written, kind))
    assert [(m.name, m.mode, m.mtime, content) for m, content in found] == [
        (item.name.encode(), item.mode, item.mtime, item.content) for item in written
    ]
    assert end.marked


@given(st.lists(items, min_size=1, max_size=4), st.lists(st.integers(1, 700), max_size=60))
def test_the_size_of_chunks_does_not_matter(written: list[Item], sizes: list[int]) -> None:
    data = tar(written)
    chunks, position = [], 0
    for size in sizes:
        chunks.append(data[position : position + size])
        position += size
    chunks.append(data[position:])
    reader = ChunkReader(chunks, "test")
    got = [(m.name, reader.take(m.size)) for m in members(reader, Meter())]
    assert got == [(m.name, content) for m, content in read(data)[0]]


def test_kinds_and_links() -> None:
    found, _ = read(
        tar(
            [
                folder("d"),
                file("d/f", b"x"),
                symlink("s", "../t"),
                hardlink("h", "d/f"),
                Item("fifo", type=tarfile.FIFOTYPE),
                Item("dev", type=tarfile.CHRTYPE),
            ]
        )
    )
    assert [(m.name, m.kind, m.link) for m, _ in found] == [
        (b"d/", Kind.DIRECTORY, b""),
        (b"d/f", Kind.FILE, b""),
        (b"s", Kind.SYMLINK, b"../t"),
        (b"h", Kind.HARDLINK, b"d/f"),
        (b"fifo", Kind.SPECIAL, b""),
        (b"dev", Kind.SPECIAL, b""),
    ]


def test_a_file_whose_name_ends_with_a_slash_is_a_folder() -> None:
    data = bytearray(tar([file("old-folder/")]))
    data[156:157] = b"\0"
    assert read(with_checksum(data))[0][0][0].kind is Kind.DIRECTORY


def with_checksum(data: bytearray) -> bytes:
    data[148:156] = b"        "
    data[148:156] = b"%06o\0 " % sum(data[:BLOCK])
    return bytes(data)


@pytest.mark.parametrize("kind", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_and_links(kind: int) -> None:
    long = "a/" * 300 + "end"
    found, _ = read(tar([file(long, b"x"), symlink("s", long)], kind))
    assert found[0][0].name == long.encode()
    assert found[1][0].link == long.encode()


def test_a_large_size_in_base_256() -> None:
    data = bytearray(tar([file("f")]))
    data[124:136] = b"\x80" + (9 * 1024**3).to_bytes(11, "big")
    with pytest.raises(TruncatedError):
        read(with_checksum(data))


@pytest.mark.parametrize(
    "size", [b"\xff" * 12, b"-0000000001\0", b"0000000_010\0", b"99999999999\0", b"0x000000010\0"]
)
def test_a_size_that_is_not_a_number(size: bytes) -> None:
    data = bytearray(tar([file("f", b"x")]))
    data[124:136] = size
    with pytest.raises(InputError, match="not a valid number"):
        read(with_checksum(data))


def test_a_wrong_checksum() -> None:
    data = bytearray(tar([file("f", b"x")]))
    data[0] ^= 1
    with pytest.raises(InputError, match="checksum"):
        read(bytes(data))


@given(st.integers(0, BLOCK - 1), st.integers(0, 7))
def test_no_flipped_bit_of_a_header_goes_unseen(position: int, bit: int) -> None:
    data = bytearray(tar([file("some/file", b"content")]))
    data[position] ^= 1 << bit
    before = read(tar([file("some/file", b"content")]))[0]
    try:
        after = read(bytes(data))[0]
    except InputError:
        return
    # What is left are bits the checksum's own field does not mean anything by.
    assert [m[:4] for m, _ in after] == [m[:4] for m, _ in before]


@pytest.mark.parametrize("cut", [100, 512, 600, 1023])
def test_cut_short(cut: int) -> None:
    data = tar([file("f", b"x" * 600), file("g", b"y" * 600)])
    with pytest.raises(InputError):
        read(data[:cut])


def test_without_the_closing_blocks() -> None:
    data = tar([file("f", b"x")])[: 2 * BLOCK]
    found, end = read(data)
    assert len(found) == 1
    assert not end.marked


def test_a_second_archive_behind_the_first() -> None:
    with pytest.raises(InputError, match="after the end"):
        read(tar([file("f", b"x")]) + tar([file("hidden", b"y")]))


def pax(records: bytes, flag: bytes = b"x") -> bytes:
    header = bytearray(tar([file("PaxHeader", records)])[:BLOCK])
    header[156:157] = flag
    return with_checksum(header) + records + bytes(-len(records) % BLOCK)


def record(key: bytes, value: bytes) -> bytes:
    body = b" " + key + b"=" + value + b"\n"
    size = len(body)
    while len(b"%d" % size) + len(body) != size:
        size = len(b"%d" % size) + len(body)
    return b"%d" % size + body


@pytest.mark.parametrize(
    "records",
    [
        b"nonsense",
        b"99 path=x\n",
        b"7 path=x\n",
        b"0 path=x\n",
        record(b"size", b"-1"),
        record(b"size", b"1e3"),
        record(b"size", b"9" * 30),
        record(b"path", b"a\0b"),
        record(b"mtime", b"1.2.3"),
    ],
)
def test_a_malformed_pax_header(records: bytes) -> None:
    with pytest.raises(InputError):
        read(pax(records) + tar([file("f")]))


def test_a_pax_header_overrides_name_and_time() -> None:
    records = record(b"path", b"real/name") + record(b"mtime", b"-5.25")
    found, _ = read(pax(records) + tar([file("f", b"x")]))
    assert found[0][0].name == b"real/name"
    assert found[0][0].mtime == -5


def test_a_pax_header_of_64_mib_is_a_limit_not_the_end() -> None:
    size = 64 * 1024 * 1024
    header = bytearray(pax(b"")[:BLOCK])
    header[124:136] = b"%011o\0" % size
    with pytest.raises(BudgetError, match="header_bytes"):
        read(with_checksum(header) + bytes(size) + tar([file("f")]))


def test_an_extended_header_with_nothing_behind_it() -> None:
    with pytest.raises(InputError, match="followed by no member"):
        read(pax(record(b"path", b"x")) + bytes(2 * BLOCK))


def test_a_global_header_may_comment_and_not_rename() -> None:
    found, _ = read(pax(record(b"comment", b"x"), b"g") + tar([file("f")]))
    assert found[0][0].name == b"f"
    with pytest.raises(InputError, match="global header"):
        read(pax(record(b"path", b"x"), b"g") + tar([file("f")]))


def test_sparse_files_are_named_as_such() -> None:
    pax_sparse = record(b"GNU.sparse.major", b"1") + record(b"GNU.sparse.name", b"real")
    found, _ = read(pax(pax_sparse) + tar([file("GNUSparseFile.0/real", b"map")]))
    assert (found[0][0].name, found[0][0].kind) == (b"real", Kind.SPARSE)

    old = bytearray(tar([file("old", b"x" * 10)]))
    old[156:157] = b"S"
    old[482] = 1
    header = with_checksum(old)[:BLOCK]
    data = header + bytes(BLOCK) + b"x" * 10 + bytes(BLOCK - 10) + bytes(2 * BLOCK)
    found, _ = read(data)
    assert (found[0][0].kind, found[0][1]) == (Kind.SPARSE, b"x" * 10)


def test_a_sparse_map_without_end() -> None:
    old = bytearray(tar([file("old")]))
    old[156:157] = b"S"
    old[482] = 1
    with pytest.raises(InputError, match="sparse map"):
        read(with_checksum(old)[:BLOCK] + (bytes(504) + b"\1" + bytes(7)) * 3000)


def test_an_unknown_type_is_not_passed_over() -> None:
    data = bytearray(tar([file("f")]))
    data[156:157] = b"Z"
    with pytest.raises(InputError, match="unknown type 'Z'"):
        read(with_checksum(data))


def test_the_number_of_entries_is_limited() -> None:
    data = tar([file(f"f{n}") for n in range(50)])
    with pytest.raises(BudgetError, match="entries"):
        read(data, Meter(Budget(entries=49)))


@given(st.binary(max_size=2000))
def test_random_bytes_end_in_an_input_error_or_nothing(data: bytes) -> None:
    try:
        found, _ = read(data)
    except InputError:
        return
    assert not found


@given(st.binary(min_size=BLOCK, max_size=BLOCK))
def test_looking_like_a_tar_means_that_reading_begins(block: bytes) -> None:
    data = tar([file("f")])
    assert looks_like_tar(data)
    assert not looks_like_tar(block) or block == bytes(BLOCK)


def test_ustar_prefix() -> None:
    long = "p" * 80 + "/" + "n" * 60
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo(long))
    assert read(buffer.getvalue())[0][0][0].name == long.encode()
    assert struct.calcsize("100s8s16x12s12s8sc100s6s82x155s12x") == BLOCK
