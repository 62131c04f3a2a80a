"""rpm's tables in an SQLite database.

Facts: rpm's ``lib/backend/sqlite.c``.  ``Packages`` holds the headers by
number; each index table names for each key the headers that have it.  Every
package has a name, so the index ``Name`` says which headers there must be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.catalog.rpm.header import MAX_ENTRIES, MAX_STORE
from gate.catalog.rpm.pages import Buffer
from gate.catalog.rpm.record import Record
from gate.catalog.rpm.sqlite import Cell, Database
from gate.errors import InputError
from gate.sources.budget import Meter

_PACKAGES, _NAME = "Packages", "Name"
_QUOTED = r"CREATE TABLE ['\"`\[]?{}['\"`\]]?\s*\(\s*"
_DEFINITIONS = {
    # No more and no less: with WITHOUT ROWID, or as a view or a virtual table,
    # the rows would not be where we look for them.
    _PACKAGES: re.compile(
        _QUOTED.format(_PACKAGES)
        + r"hnum INTEGER PRIMARY KEY( AUTOINCREMENT)?\s*,\s*blob BLOB NOT NULL\s*\)",
        re.IGNORECASE,
    ),
    _NAME: re.compile(
        _QUOTED.format(_NAME) + r"key '?TEXT'? NOT NULL\s*,\s*hnum INTEGER NOT NULL\s*,"
        r"\s*idx INTEGER NOT NULL\s*"
        r"(,\s*FOREIGN KEY \(hnum\) REFERENCES '?Packages'?\(hnum\)\s*)?\)",
        re.IGNORECASE,
    ),
}
_LARGEST = MAX_STORE + 16 * MAX_ENTRIES + 64
"""Bytes of the largest header rpm allows, with the row around it."""


def records(data: Buffer, wal: Buffer | None, meter: Meter, where: str) -> Iterator[Record]:
    """Yield the header blobs, and whatever is wrong with the tables.

    InputError where the database or the table of packages is not well-formed.
    """
    database = Database(data, wal, meter, where)
    for problem in database.problems:
        yield Record(0, problem=problem)
    roots = _roots(database)
    if _PACKAGES not in roots:
        raise InputError(
            f"has no table '{_PACKAGES}'", where=where, hint="it is no package database of rpm"
        )
    named: set[int] | None = None
    try:
        named = _named(database, roots, meter)
    except InputError as error:
        yield Record(0, problem=f"its index '{_NAME}' cannot be read: {error.what}")
    held: set[int] = set()
    for cell in database.rows(roots[_PACKAGES]):
        number = cell.rowid
        held.add(number)
        try:
            yield Record(number, blob=_blob(database, cell))
        except InputError as error:
            yield Record(number, problem=error.what)
    if named is not None:
        for number in sorted(named - held):
            yield Record(number, problem=f"is in the index '{_NAME}' only: its header is missing")
        for number in sorted(held - named):
            yield Record(number, problem=f"is not in the index '{_NAME}'")


def _roots(database: Database) -> dict[str, int]:
    """Return the first pages of rpm's tables, from the schema table."""
    roots: dict[str, int] = {}
    for cell in database.rows(1):
        values = database.values(cell)
        if len(values) != 5:
            raise InputError("has a malformed schema", where=database.where)
        kind, name, table, root, definition = values
        for known, pattern in _DEFINITIONS.items():
            if not isinstance(name, str) or name.lower() != known.lower():
                continue
            if (
                known in roots
                or (kind, table) != ("table", name)
                or not isinstance(root, int)
                or not isinstance(definition, str)
                or not pattern.fullmatch(definition)
            ):
                raise InputError(
                    f"has a table '{known}' that is not rpm's",
                    where=database.where,
                    hint="rpm creates it as an ordinary table of its own columns",
                )
            roots[known] = root
    return roots


def _named(database: Database, roots: dict[str, int], meter: Meter) -> set[int]:
    if _NAME not in roots:
        raise InputError("there is none", where=database.where)
    numbers: set[int] = set()
    for count, cell in enumerate(database.rows(roots[_NAME])):
        if count >= meter.budget.records:
            raise meter.over("records", f"{meter.budget.records:,} records", database.where)
        values = database.values(cell)
        number = values[1] if len(values) == 3 else None
        if not isinstance(number, int):
            raise InputError(f"row {cell.rowid} names no header", where=database.where)
        numbers.add(number)
    return numbers


def _blob(database: Database, cell: Cell) -> bytes:
    if cell.size > _LARGEST:
        raise InputError(f"has {cell.size} bytes", where=database.where)
    values = database.values(cell)
    blob = values[1] if len(values) == 2 and values[0] is None else None
    if not isinstance(blob, bytes):
        raise InputError("holds no header", where=database.where)
    return blob
