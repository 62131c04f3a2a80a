"""Read a package database of rpm, whichever of its formats it has.

The format is told from content: rpm finds a database by its file name, but a
name says nothing about what an image author put there.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from gate.catalog.rpm import bdb, header, ndb, sqlite, tables
from gate.catalog.rpm.pages import Buffer
from gate.catalog.rpm.record import Record
from gate.errors import InputError
from gate.sources.budget import Meter


class Format(StrEnum):
    """The formats rpm has kept its packages in."""

    SQLITE = "SQLite database"
    NDB = "ndb database"
    BERKELEY = "Berkeley DB"


class RpmReading(msgspec.Struct, frozen=True, kw_only=True):
    """The packages that could be read, and all that could not.

    The inventory is complete only if there are no problems.  A database
    without packages and without problems is empty; that is for the caller to
    judge.
    """

    format: Format
    packages: tuple[header.RpmPackage, ...] = ()
    """In the order of the database, public keys (`RpmPackage.is_key`) included."""
    problems: tuple[str, ...] = ()


_BERKELEY_MAGICS = {
    number.to_bytes(4, order)
    for number in (bdb.HASH_MAGIC, bdb.BTREE_MAGIC)
    for order in ("little", "big")
}
"""Hash and B-tree, in either byte order."""


def recognise(database: Buffer) -> Format | None:
    """Return the format that the first bytes show, None for none of rpm's."""
    head = bytes(database[:16])
    if head == sqlite.MAGIC:
        return Format.SQLITE
    if head.startswith(ndb.MAGIC):
        return Format.NDB
    magic = head[12:16]
    if magic in _BERKELEY_MAGICS:
        return Format.BERKELEY
    return None


def read_packages(
    database: Buffer,
    *,
    wal: Buffer | None = None,
    journal: Buffer | None = None,
    files: bool = False,
    meter: Meter,
    where: str,
) -> RpmReading:
    """Return the packages of a database, with their files if asked, and what is wrong with it.

    `wal` and `journal` are the contents of the files SQLite keeps beside a
    database, None where there is none.  InputError where the bytes are no
    database of rpm's at all.
    """
    kind = recognise(database)
    if kind is None:
        state = "is empty" if not len(database) else "has the format of no rpm database"
        raise InputError(state, where=where, hint="the database is damaged or cut short")
    packages: list[header.RpmPackage] = []
    problems: list[str] = []
    if journal is not None and _is_hot(journal):
        problems.append("a change to it was cut off half-way: its rollback journal is not empty")
    try:
        for count, record in enumerate(_records(kind, database, wal, meter, where)):
            if count >= meter.budget.records:
                raise meter.over("records", f"{meter.budget.records:,} records", where)
            meter.check_time(where)
            try:
                packages.append(_package(record, files=files))
            except ValueError as error:
                place = f"record {record.number} " if record.number else ""
                problems.append(f"{place}{error}")
    except InputError as error:
        problems.append(error.what)
    return RpmReading(format=kind, packages=tuple(packages), problems=tuple(problems))


def _records(
    kind: Format, database: Buffer, wal: Buffer | None, meter: Meter, where: str
) -> Iterator[Record]:
    if kind is Format.SQLITE:
        return tables.records(database, wal, meter, where)
    if kind is Format.NDB:
        return ndb.records(database, meter, where)
    return bdb.records(database, meter, where)


def _package(record: Record, *, files: bool) -> header.RpmPackage:
    if record.problem:
        raise ValueError(record.problem)
    return header.parse(record.blob, files=files)


def _is_hot(journal: Buffer) -> bool:
    """Return whether a rollback journal has yet to be played back.

    SQLite ends a transaction by emptying the journal or zeroing its header
    (https://sqlite.org/fileformat2.html#the_rollback_journal).
    """
    return bytes(journal[:1]) not in {b"", b"\0"}
