"""Package databases, real ones and some made for a test."""

from __future__ import annotations

import lzma
import sqlite3
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from gate.catalog.rpm.database import RpmReading, read_packages
from gate.catalog.rpm.header import RpmPackage
from gate.sources.budget import Meter
from tests.conftest import REPOSITORY

DATA = REPOSITORY / "tests" / "data" / "rpmdb"
FORMAT = (
    "NAME",
    "EPOCH",
    "VERSION",
    "RELEASE",
    "ARCH",
    "SOURCERPM",
    "MODULARITYLABEL",
    "VENDOR",
    "LICENSE",
    "INSTALLTIME",
)
"""What the recorded lists hold, in `rpm --queryformat`'s names, after DBINSTANCE."""


@cache
def real(name: str) -> bytes:
    """Return a real database that is kept compressed."""
    return lzma.decompress((DATA / f"{name}.xz").read_bytes())


def recorded(name: str) -> list[str]:
    """Return the list rpm printed of a database, one package a line."""
    return (DATA / f"{name}.txt").read_text("utf-8").splitlines()


def line(package: RpmPackage) -> str:
    """Return a package as rpm prints it with `FORMAT`."""
    values = (
        package.name,
        package.epoch,
        package.version,
        package.release,
        package.arch,
        package.source_rpm,
        package.modularity_label,
        package.vendor,
        package.license,
        package.install_time,
    )
    return "|".join("(none)" if value in {None, ""} else str(value) for value in values)


def read(database: bytes, wal: bytes | None = None, journal: bytes | None = None) -> RpmReading:
    return read_packages(database, wal=wal, journal=journal, meter=Meter(), where="test")


PACKAGES = "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)"
NAMES = (
    "CREATE TABLE 'Name' (key 'TEXT' NOT NULL, hnum INTEGER NOT NULL, "
    "idx INTEGER NOT NULL, FOREIGN KEY (hnum) REFERENCES 'Packages'(hnum))"
)


def create(path: Path, page_size: int = 4096, *, wal: bool = False) -> sqlite3.Connection:
    """Create an empty database with rpm's tables."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA page_size = {page_size}")
    connection.execute(f"PRAGMA journal_mode = {'WAL' if wal else 'MEMORY'}")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute(PACKAGES)
    connection.execute(NAMES)
    connection.execute("CREATE INDEX 'Name_key_idx' ON 'Name'(key ASC)")
    return connection


def add(connection: sqlite3.Connection, number: int, blob: bytes, name: str = "x") -> None:
    connection.execute("INSERT INTO Packages VALUES (?, ?)", (number, blob))
    connection.execute("INSERT INTO Name VALUES (?, ?, 0)", (name, number))


def made(path: Path, blobs: Sequence[bytes], page_size: int = 4096) -> bytes:
    """Return a database that holds `blobs`, numbered from 1."""
    connection = create(path, page_size)
    connection.execute("BEGIN")
    for number, blob in enumerate(blobs, start=1):
        add(connection, number, blob)
    connection.execute("COMMIT")
    connection.close()
    return path.read_bytes()


def label(value: object) -> str:
    """Name a parameter of a test by its words; a database has no name."""
    return value if isinstance(value, str) else ""
