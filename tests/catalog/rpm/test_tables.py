"""rpm's tables: only those, and two witnesses for every package."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.errors import InputError
from tests.catalog.rpm.databases import NAMES, PACKAGES, add, create, made, read
from tests.catalog.rpm.headers import package

LOST_ROOT = PACKAGES.replace("Packages", "Parcels")


def database(*statements: str) -> bytes:
    connection = sqlite3.connect(":memory:")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    content = connection.serialize()
    connection.close()
    return content


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        ([NAMES], "no table 'Packages'"),
        ([LOST_ROOT, NAMES], "no table 'Packages'"),
        ([LOST_ROOT, "CREATE VIEW Packages AS SELECT * FROM Parcels"], "not rpm's"),
        (["CREATE VIRTUAL TABLE Packages USING fts5(hnum, blob)"], "not rpm's"),
        (
            ["CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB) WITHOUT ROWID"],
            "not rpm's",
        ),
        ([PACKAGES.replace("hnum INTEGER", "hnum INT").replace("AUTOINCREMENT", "")], "not rpm's"),
        (["CREATE TABLE Packages (blob BLOB NOT NULL, hnum INTEGER PRIMARY KEY)"], "not rpm's"),
        ([LOST_ROOT, "CREATE INDEX Packages ON Parcels (blob)"], "not rpm's"),
        ([PACKAGES, "CREATE VIEW Name AS SELECT 1"], "not rpm's"),
        ([PACKAGES], "index 'Name' cannot be read: there is none"),
    ],
)
def test_tables_that_are_not_those_of_rpm(statements: list[str], reason: str) -> None:
    reading = read(database(*statements))
    assert not reading.packages
    assert len(reading.problems) == 1
    assert reason in reading.problems[0]


def test_rpm_may_have_quoted_otherwise() -> None:
    statements = (PACKAGES.replace("'", '"').replace(",", " ,\n "), NAMES.replace("'", ""))
    assert read(database(*statements)).problems == ()


def test_a_table_of_that_name_twice(tmp_path: Path) -> None:
    path = tmp_path / "db"
    connection = create(path)
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute(
        "INSERT INTO sqlite_schema SELECT type, name, tbl_name, rootpage, sql "
        "FROM sqlite_schema WHERE name = 'Packages'"
    )
    connection.close()
    assert "not rpm's" in read(path.read_bytes()).problems[0]


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("Packages", "record 2 is in the index 'Name' only: its header is missing"),
        ("Name", "record 2 is not in the index 'Name'"),
    ],
)
def test_a_record_with_one_witness(tmp_path: Path, table: str, reason: str) -> None:
    path = tmp_path / "db"
    connection = create(path)
    for number in (1, 2, 3):
        add(connection, number, package(f"p{number}"))
    connection.execute(f"DELETE FROM {table} WHERE hnum = 2")
    connection.close()
    reading = read(path.read_bytes())
    assert reading.problems == (reason,)
    assert len(reading.packages) == (2 if table == "Packages" else 3)


@pytest.mark.parametrize("value", ["'text'", "1", "2.5", "''", "x''"])
def test_a_row_without_a_header(tmp_path: Path, value: str) -> None:
    path = tmp_path / "db"
    connection = create(path)
    add(connection, 1, package("p1"))
    connection.execute("INSERT INTO Name VALUES ('p2', 2, 0)")
    connection.execute(f"INSERT INTO Packages VALUES (2, {value})")
    connection.close()
    reading = read(path.read_bytes())
    assert [found.name for found in reading.packages] == ["p1"]
    assert len(reading.problems) == 1
    assert reading.problems[0].startswith("record 2 ")


def test_an_index_row_that_names_no_header(tmp_path: Path) -> None:
    path = tmp_path / "db"
    connection = create(path)
    add(connection, 1, package("p1"))
    connection.execute("INSERT INTO Name VALUES ('p2', 'two', 0)")
    connection.close()
    reading = read(path.read_bytes())
    assert len(reading.packages) == 1
    assert reading.problems == ("its index 'Name' cannot be read: row 2 names no header",)


@pytest.fixture(scope="module", params=[512, 1024])
def small(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a database of a few packages with inner pages and overflow chains."""
    headers = [package(f"p{n}", padding=bytes(n % 3 * 500)) for n in range(1, 7)]
    path = tmp_path_factory.mktemp("tables") / "db"
    return made(path, headers, page_size=request.param)


def found_in(content: bytes) -> tuple[int, int]:
    try:
        reading = read(content)
    except InputError:
        return 0, 1
    return len(reading.packages), len(reading.problems)


def test_the_small_database_is_sound(small: bytes) -> None:
    assert found_in(small) == (6, 0)


def test_any_changed_byte_is_noticed_or_loses_nothing(small: bytes) -> None:
    for at in range(len(small)):
        broken = bytearray(small)
        broken[at] ^= (0xFF, 0x01, 0x80)[at % 3]
        packages, problems = found_in(bytes(broken))
        assert packages == 6 or problems, f"byte {at}"


@settings(deadline=None, max_examples=500)
@given(st.data())
def test_some_changed_bytes_are_noticed_or_lose_nothing(small: bytes, data: st.DataObject) -> None:
    broken = bytearray(small)
    places = st.integers(0, len(small) - 1)
    for at in data.draw(st.lists(places, min_size=1, max_size=4)):
        broken[at] = data.draw(st.sampled_from([0, 1, 0x0D, 0x7F, 0x80, 0xFF]))
    packages, problems = found_in(bytes(broken))
    assert packages == 6 or problems


def test_any_cut_is_noticed(small: bytes) -> None:
    for size in range(0, len(small), 7):
        assert found_in(small[:size])[1]
