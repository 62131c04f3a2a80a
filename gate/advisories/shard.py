"""One source as one SQLite file: written once, then only read.

::

    record   every record: its id, its exact bytes (zstd)
    package  (ecosystem with suffix, normalised name)
    span     package, lo, hi -> record: the versions that may be affected
    name     identifier, alias, or CVE inside the id -> record

Withdrawn records are kept and found by id, but are no candidates and lend no
name.  The file follows from the source alone: nothing in it tells when or
where it was made (docs/decisions/0002).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

import msgspec
import zstandard

from gate.advisories import osv
from gate.advisories.ecosystems import indexed_as, normalise, scheme_of
from gate.advisories.feeds import RECORD_BYTES
from gate.advisories.model import Query, StoredRecord
from gate.advisories.names import names_of
from gate.advisories.osv import Record, utc
from gate.advisories.spans import Span, merged, spans
from gate.errors import AdvisoryError
from gate.versions import KeyFunction, is_legacy, key_function

FORMAT = 4
"""Counts changes of the tables below, and of what a span is made from."""

_TABLES = """
CREATE TABLE record (id INTEGER PRIMARY KEY, name TEXT NOT NULL, raw BLOB NOT NULL);
CREATE TABLE package (
  id INTEGER PRIMARY KEY, ecosystem TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (ecosystem, name)
);
CREATE TABLE span (
  package INTEGER NOT NULL, lo TEXT NOT NULL, hi TEXT NOT NULL, record INTEGER NOT NULL,
  PRIMARY KEY (package, lo, hi, record)
) WITHOUT ROWID;
CREATE TABLE name (
  name TEXT NOT NULL, record INTEGER NOT NULL, PRIMARY KEY (name, record)
) WITHOUT ROWID;
"""
_INDEX = "CREATE INDEX record_by_name ON record (name)"
_BATCH = 2000
_STAGED = 400_000
"""Rows of the index that are kept in memory; a source with more is sorted by SQLite."""
_ANY_ASKED = "\x7f"
"""Above every bound: whoever asks without a key is answered with every span."""


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What a shard holds."""

    records: int
    newest_modified: datetime | None
    ecosystems: dict[str, int]
    """Exact ecosystem to its number of affected entries, without withdrawn records."""
    unreadable: int


class UnreadableError(Exception):
    """A record that cannot be decoded: its name in the source, and why."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name = name
        self.reason = reason


def write_shard(
    path: Path, records: Iterable[tuple[str, bytes]], *, skip_unreadable: bool
) -> Counts:
    """Write the shard of `records` (name in the source, bytes) to the new file `path`.

    Raises UnreadableError for a record that cannot be decoded, unless
    `skip_unreadable`; then it is counted.  sqlite3.Error and OSError pass.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        # The file is thrown away if anything fails, so it needs no journal.
        database.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN;" + _TABLES)
        counts = _Writer(database).write(records, skip_unreadable=skip_unreadable)
        database.execute(_INDEX)
        database.execute("COMMIT")
    return counts


class _Writer:
    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._compress = zstandard.ZstdCompressor(level=3).compress
        self._packages: dict[tuple[str, str], int] = {}
        self._spans: list[tuple[int, str, str, int]] = []
        self._names: list[tuple[str, int]] = []
        self._records: list[tuple[int, str, bytes]] = []
        self._ecosystems: dict[str, int] = {}
        self._staging = False

    def write(self, records: Iterable[tuple[str, bytes]], *, skip_unreadable: bool) -> Counts:
        number = unreadable = 0
        newest: datetime | None = None
        for name, raw in records:
            record = _decode(raw)
            if isinstance(record, str):
                if not skip_unreadable:
                    raise UnreadableError(name, record)
                unreadable += 1
                continue
            number += 1
            self._records.append((number, record.id, self._compress(raw)))
            changed = _changed(record)
            newest = changed if newest is None else max(newest, changed)
            if record.withdrawn is None:
                self._add(number, record)
            if len(self._records) >= _BATCH:
                self._flush_records()
            if len(self._spans) + len(self._names) >= _STAGED:
                self._stage()
        self._flush_records()
        self._flush_index()
        return Counts(
            records=number,
            newest_modified=newest,
            ecosystems=dict(sorted(self._ecosystems.items())),
            unreadable=unreadable,
        )

    def _add(self, number: int, record: Record) -> None:
        self._names.extend((name, number) for name in names_of(record))
        by_package: dict[tuple[str, str], list[Span]] = {}
        for entry in record.affected or ():
            if entry.package is None:
                continue
            ecosystem = entry.package.ecosystem
            self._ecosystems[ecosystem] = self._ecosystems.get(ecosystem, 0) + 1
            package = indexed_as(ecosystem), normalise(ecosystem, entry.package.name)
            found = spans(entry, keys_of(scheme_of(ecosystem)))
            by_package.setdefault(package, []).extend(found)
        for package, found in by_package.items():
            package_id = self._packages.setdefault(package, len(self._packages) + 1)
            self._spans.extend((package_id, lo, hi, number) for lo, hi in merged(found))

    def _flush_records(self) -> None:
        self._database.executemany("INSERT INTO record VALUES (?, ?, ?)", self._records)
        self._records.clear()

    def _stage(self) -> None:
        """Put the rows of the index aside, in a file that SQLite removes by itself."""
        database = self._database
        if not self._staging:
            database.execute("CREATE TEMP TABLE staged_span (package, lo, hi, record)")
            database.execute("CREATE TEMP TABLE staged_name (name, record)")
            self._staging = True
        database.executemany("INSERT INTO staged_span VALUES (?, ?, ?, ?)", self._spans)
        database.executemany("INSERT INTO staged_name VALUES (?, ?)", self._names)
        self._spans.clear()
        self._names.clear()

    def _flush_index(self) -> None:
        database = self._database
        packages = ((number, *package) for package, number in self._packages.items())
        database.executemany("INSERT INTO package VALUES (?, ?, ?)", packages)
        # In the order of the key, SQLite appends to its trees and splits no page.
        if self._staging:
            self._stage()
            database.execute("INSERT INTO span SELECT * FROM staged_span ORDER BY 1, 2, 3, 4")
            database.execute("INSERT INTO name SELECT DISTINCT * FROM staged_name ORDER BY 1, 2")
            return
        self._spans.sort()
        database.executemany("INSERT INTO span VALUES (?, ?, ?, ?)", self._spans)
        database.executemany("INSERT INTO name VALUES (?, ?)", sorted(set(self._names)))


def _changed(record: Record) -> datetime:
    """Return when a record last changed: Go's records leave `modified` at the year 1."""
    modified = utc(record.modified)
    return modified if record.published is None else max(modified, utc(record.published))


def _decode(raw: bytes) -> Record | str:
    """Return the record, or why it is none."""
    try:
        record = osv.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return str(error)
    return record if record.id.strip() else "its id is empty"


def keys_of(scheme: str) -> KeyFunction | None:
    """Return the key function of a scheme; None for the scheme ""."""
    return key_function(scheme) if scheme else None


class Shard:
    """A shard that is open for reading.  Methods raise sqlite3.Error or AdvisoryError."""

    def __init__(self, path: Path, source: str) -> None:
        """Open the file; nothing in it is trusted, and nothing is written."""
        self.source = source
        self._path = path
        uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        self._database = sqlite3.connect(uri, uri=True, isolation_level=None)
        self._database.executescript(
            "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY;"
        )
        self._expand = zstandard.ZstdDecompressor().decompress

    def close(self) -> None:
        """Give the file back."""
        self._database.close()

    def candidates(self, queries: Sequence[Query]) -> set[int]:
        """Return the records that may affect one of `queries`."""
        database = self._database
        database.execute("CREATE TEMP TABLE asked (ecosystem TEXT, name TEXT, lo TEXT, hi TEXT)")
        database.executemany("INSERT INTO asked VALUES (?, ?, ?, ?)", map(_asked, queries))
        found = database.execute(
            "SELECT DISTINCT span.record FROM asked"
            " CROSS JOIN package USING (ecosystem, name)"
            " CROSS JOIN span ON span.package = package.id"
            " AND span.lo <= asked.lo AND span.hi > asked.hi"
        ).fetchall()
        database.execute("DROP TABLE asked")
        return {number for (number,) in found}

    def named(self, names: Iterable[str]) -> set[int]:
        """Return the records that go by one of `names`."""
        found: set[int] = set()
        for batch in _batches(names, 500):
            marks = ",".join("?" * len(batch))
            rows = self._database.execute(
                f"SELECT record FROM name WHERE name IN ({marks})",  # noqa: S608 - only marks
                batch,
            )
            found.update(number for (number,) in rows)
        return found

    def with_id(self, name: str) -> set[int]:
        """Return the records with this id, withdrawn ones too."""
        rows = self._database.execute("SELECT id FROM record WHERE name = ?", (name,))
        return {number for (number,) in rows}

    def read(self, numbers: Iterable[int]) -> Iterator[tuple[int, StoredRecord]]:
        """Yield records by number."""
        for batch in _batches(sorted(numbers), 500):
            marks = ",".join("?" * len(batch))
            rows = self._database.execute(
                f"SELECT id, raw FROM record WHERE id IN ({marks})",  # noqa: S608 - only marks
                batch,
            ).fetchall()
            if len(rows) != len(batch):
                raise AdvisoryError("lacks records that its index names", where=str(self._path))
            for number, raw in rows:
                yield number, self._stored(raw)

    def read_all(self) -> Iterator[tuple[int, StoredRecord]]:
        """Yield every record."""
        for number, raw in self._database.execute("SELECT id, raw FROM record ORDER BY id"):
            yield number, self._stored(raw)

    def read_raw(self) -> Iterator[tuple[str, bytes]]:
        """Yield id and exact bytes of every record, in the order of files ``<id>.json``."""
        for name, raw in self._database.execute(
            "SELECT name, raw FROM record ORDER BY name || '.json'"
        ):
            yield name, self._stored(raw).raw

    def check(self) -> None:
        """Let SQLite check the structure of the file; AdvisoryError where it is unsound."""
        answers = [row[0] for row in self._database.execute("PRAGMA integrity_check(5)")]
        if answers != ["ok"]:
            raise AdvisoryError(f"is damaged: {answers[0]}", where=str(self._path))

    def _stored(self, raw: bytes) -> StoredRecord:
        try:
            # Every record was written with its size in front.
            if not 0 <= zstandard.frame_content_size(raw) <= RECORD_BYTES:
                raise AdvisoryError("has a record of impossible size", where=str(self._path))
            content = self._expand(raw)
        except (zstandard.ZstdError, TypeError) as error:
            raise AdvisoryError(f"has a damaged record: {error}", where=str(self._path)) from error
        record = _decode(content)
        if isinstance(record, str):
            raise AdvisoryError(f"has a damaged record: {record}", where=str(self._path))
        return StoredRecord(source=self.source, record=record, raw=content)


def _asked(query: Query) -> tuple[str, str, str, str]:
    key_of = keys_of(query.scheme)
    key = key_of(query.version) if key_of is not None else None
    if is_legacy(query.scheme, key):
        key = None
    return (query.ecosystem, query.name, *((key, key) if key is not None else (_ANY_ASKED, "")))


def _batches(values: Iterable[object], size: int) -> Iterator[list[object]]:
    batch: list[object] = []
    for value in values:
        batch.append(value)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
