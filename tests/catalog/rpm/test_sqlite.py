"""Our reading of SQLite tables against SQLite's own."""

from __future__ import annotations

import sqlite3
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.catalog.rpm.sqlite import Cell, Database, Value
from gate.errors import InputError
from gate.sources.budget import Meter

PAGE_SIZES = (512, 1024, 4096, 65536)
ROWIDS = st.integers(-(2**63) + 9, 2**63 - 1) | st.integers(1, 60)
VALUES: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    st.sampled_from([0, 1, -1, 127, 128, -32769, 2**23, 2**31, -(2**47), 2**47, 2**63 - 1]),
    st.floats(allow_nan=False),
    st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=20),
    st.integers(0, 9000).map(lambda size: bytes(index % 251 for index in range(size))),
)
STEPS = st.lists(st.tuples(st.sampled_from("iiid"), ROWIDS, VALUES), max_size=60)


def opened(content: bytes) -> Database:
    return Database(content, None, Meter(), "test")


def rows(content: bytes, table: str) -> list[tuple[int, list[Value]]]:
    """Return the rows of a table, found through our own reading of the schema."""
    database = opened(content)
    schema = [database.values(cell) for cell in database.rows(1)]
    root = next(values[3] for values in schema if values[1] == table)
    assert isinstance(root, int)
    return [(cell.rowid, database.values(cell)) for cell in database.rows(root)]


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(PAGE_SIZES), st.sampled_from(["UTF-8", "UTF-16le", "UTF-16be"]), STEPS)
def test_rows_are_what_sqlite_selects(
    page_size: int, encoding: str, steps: list[tuple[str, int, Value]]
) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute(f"PRAGMA page_size = {page_size}")
    connection.execute(f"PRAGMA encoding = '{encoding}'")
    connection.execute("CREATE TABLE other (a, b)")
    connection.execute("CREATE TABLE t (value, again)")
    for kind, rowid, value in steps:
        if kind == "i":
            connection.execute(
                "INSERT OR REPLACE INTO t (rowid, value, again) VALUES (?, ?, ?)",
                (rowid, value, rowid % 3),
            )
        else:
            connection.execute("DELETE FROM t WHERE rowid <= ? AND rowid > ?", (rowid, rowid - 9))
    connection.commit()
    selected = connection.execute("SELECT rowid, value, again FROM t ORDER BY rowid")
    expected = [(rowid, list(values)) for rowid, *values in selected]
    content = connection.serialize()
    connection.close()
    # A real number that is whole may be stored, and is read, as an integer.
    assert rows(content, "t") == expected


def test_a_tree_of_several_levels() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("PRAGMA page_size = 512")
    connection.execute("CREATE TABLE t (value)")
    values = [bytes(number % 400) for number in range(20_000)]
    connection.executemany("INSERT INTO t VALUES (?)", [(value,) for value in values])
    connection.execute("DELETE FROM t WHERE rowid % 7 = 0")
    connection.commit()
    expected = [(n, [v]) for n, v in enumerate(values, start=1) if n % 7]
    assert rows(connection.serialize(), "t") == expected
    connection.close()


@pytest.fixture(scope="module")
def content() -> bytes:
    """Return a database of 512-byte pages: schema, an inner page, leaves, overflow."""
    connection = sqlite3.connect(":memory:")
    connection.execute("PRAGMA page_size = 512")
    connection.execute("CREATE TABLE t (value)")
    connection.executemany("INSERT INTO t VALUES (?)", [(bytes(300),)] * 20)
    connection.execute("INSERT INTO t VALUES (?)", (bytes(5000),))
    connection.commit()
    serialized = connection.serialize()
    connection.close()
    assert serialized[512] == 5, "the table's first page is an inner one"
    return serialized


def test_any_cut_is_noticed(content: bytes) -> None:
    for size in range(len(content)):
        with pytest.raises(InputError):
            rows(content[:size], "t")


@pytest.mark.parametrize(
    ("at", "value", "reason"),
    [
        (0, b"X", "does not begin"),
        (16, b"\x02\x01", "pages of 513 bytes"),
        (16, b"\x00\x00", "pages of 0 bytes"),
        (20, b"\xff", "malformed header"),
        (21, b"\x41", "malformed header"),
        (56, b"\0\0\0\x09", "malformed header"),
        (28, b"\x7f\xff\xff\xff", "bytes where"),
        (512, b"\x0a", "not part of a table"),
        (512 + 3, b"\x7f\xff", "cells on page 2"),
        (512 + 8, b"\0\0\0\x02", "page 2 of the database is used twice"),
        (512 + 8, b"\0\0\0\x00", "page 0 lies outside"),
        (512 + 8, b"\x7f\xff\xff\xff", "lies outside"),
        (512 + 12, b"\xff\xff", "a cell outside page 2"),
        (512 + 12, b"\x00\x00", "a cell outside page 2"),
    ],
)
def test_a_damaged_page(content: bytes, at: int, value: bytes, reason: str) -> None:
    broken = content[:at] + value + content[at + len(value) :]
    with pytest.raises(InputError, match=reason):
        rows(broken, "t")


def test_a_loop_of_inner_pages_ends(content: bytes) -> None:
    first = int.from_bytes(content[512 + 12 : 512 + 14], "big") + 512
    broken = content[:first] + b"\0\0\0\x02" + content[first + 4 :]
    with pytest.raises(InputError, match="used twice"):
        rows(broken, "t")


def test_an_overflow_chain_that_loops(content: bytes) -> None:
    database = opened(content)
    cell = list(database.rows(2))[-1]
    at = (cell.overflow - 1) * 512
    broken = content[:at] + cell.overflow.to_bytes(4, "big") + content[at + 4 :]
    with pytest.raises(InputError, match="used twice"):
        rows(broken, "t")


def test_a_row_that_claims_more_than_the_file_holds(content: bytes) -> None:
    database = opened(content)
    cell = list(database.rows(2))[-1]
    with pytest.raises(InputError, match="larger than the file"):
        database.values(cell._replace(size=2**62))


def test_without_a_page_count_the_length_of_the_file_counts(content: bytes) -> None:
    unknown = content[:28] + bytes(4) + content[32:]
    assert rows(unknown, "t") == rows(content, "t")
    with pytest.raises(InputError, match="no whole pages"):
        rows(unknown[:-1], "t")
    with pytest.raises(InputError, match="lies outside"):
        rows(unknown[:-512], "t")


def test_a_tree_of_too_many_levels() -> None:
    pages = [bytearray(512) for _ in range(30)]
    for number, page in enumerate(pages, start=1):
        start = 100 if number == 1 else 0
        page[start : start + 12] = struct.pack(">BHHHBI", 5, 0, 1, 500, 0, number + 1)
        page[start + 12 : start + 14] = struct.pack(">H", 500)
        page[500:505] = struct.pack(">IB", number + 1, 1)
    pages[0][:28] = b"SQLite format 3\0\x02\0\1\1\0\x40\x20\x20\0\0\0\1"
    pages[0][28:32] = struct.pack(">I", len(pages))
    pages[0][92:96] = pages[0][24:28]
    with pytest.raises(InputError, match="deeper than 20 levels"):
        list(opened(b"".join(pages)).rows(1))


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"\x02\x0a", "reserved kind"),
        (b"\x02\x06\0", "cut short"),
        (b"\x02\x01\0\0", "size is not that of its values"),
        (b"\x09\x01", "without values"),
        (b"\x01", None),
    ],
)
def test_a_malformed_row(content: bytes, payload: bytes, reason: str | None) -> None:
    cell = Cell(1, len(payload), memoryview(payload), 0)
    if reason is None:
        assert opened(content).values(cell) == []
        return
    with pytest.raises(InputError, match=reason):
        opened(content).values(cell)


@settings(deadline=None, max_examples=400)
@given(st.data())
def test_damage_is_an_error_or_leaves_the_count(content: bytes, data: st.DataObject) -> None:
    broken = bytearray(content)
    for _ in range(data.draw(st.integers(1, 3))):
        broken[data.draw(st.integers(512, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = rows(bytes(broken), "t")
    except InputError:
        return
    # The number of cells on a page has no second witness in the format; rpm's
    # own index is that witness (`test_tables`).
    assert len(found) <= 21
