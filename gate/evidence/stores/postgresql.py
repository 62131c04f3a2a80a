"""Evidence in PostgreSQL: ``postgresql://host/database``.

Rows are only ever inserted: the role that records can neither update nor delete,
and triggers refuse both to everybody (`gate.evidence.stores.schema`).  A transaction
appends, under an advisory lock: records, leaves, hashes and the checkpoint are there
together or not at all.  The files of the ledger are put together when they are read, so that no
partial tile has to be kept.

Everything else in the URL (host, port, user, ``sslmode``, …) and in the environment
(``PGPASSWORD``, ``PGPASSFILE``, ``PGSERVICE``, …) is libpq's.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import IsolationLevel

from gate.errors import EvidenceError, UsageError
from gate.evidence import checkpoint as checkpoints
from gate.evidence.bundle import MAX_BUNDLE
from gate.evidence.growth import CHECKPOINT, INQUIRE, LedgerReading, grow
from gate.evidence.keys import Signer
from gate.evidence.layout import blob_name, checked_bundle_name
from gate.evidence.ledger import FOLDER
from gate.evidence.place import Buffered, below
from gate.evidence.record import Kept, Record
from gate.evidence.stores.schema import TABLES
from gate.evidence.tiles import (
    ENTRIES,
    FULL,
    Tile,
    join_entries,
    join_hashes,
    levels_of,
    tile_named,
    tiles_of,
)

_LOCK = 0x7061746368676174
"""Advisory lock of whoever appends: "patchgat" as a number."""


def open_store(url: str, environ: Mapping[str, str], *, writing: bool) -> PostgreSqlStore:
    """Return the store in the database of `url`.

    UsageError for a URL that is none.  EvidenceError where the database does not
    answer or has no such tables; for `writing`, also where the role may do more
    than insert.
    """
    del environ  # libpq reads it
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", f":{parts.port}" if parts.port else ""
    except ValueError as error:
        raise UsageError("is no URL", where="--evidence postgresql://…") from error
    name = f"postgresql://{host}{port}{parts.path}"
    with _explained(name):
        connection = psycopg.connect(url, autocommit=True, connect_timeout=10)
        connection.execute("SET synchronous_commit = on")
    store = PostgreSqlStore(connection, name)
    store.check_rights(writing=writing)
    return store


class PostgreSqlStore(Buffered):
    """The tables of a database.  Implements `gate.evidence.stores.EvidenceStore`."""

    def __init__(self, connection: psycopg.Connection[Any], name: str) -> None:
        """Take a connection in autocommit mode; `name` is how messages call the store."""
        self.name = name
        self._connection = connection
        weakref.finalize(self, connection.close)

    def check_rights(self, *, writing: bool) -> None:
        """Raise EvidenceError unless the tables are there, with the rights of the schema."""
        with _explained(self.name):
            for table in TABLES:
                (there,) = self._one("SELECT to_regclass(%s) IS NOT NULL", f"patchgate.{table}")
                if not there:
                    raise EvidenceError(
                        "the database has no tables for evidence",
                        where=self.name,
                        hint="make them: patchgate evidence schema --role ROLE | psql DATABASE",
                    )
                more = "UPDATE,DELETE,TRUNCATE"
                (too_much,) = self._one(
                    "SELECT has_table_privilege(%s, %s)", f"patchgate.{table}", more
                )
                if writing and too_much:
                    raise EvidenceError(
                        "this role may change and delete what is recorded",
                        where=self.name,
                        hint="record with a role that has only the rights of "
                        "`patchgate evidence schema`",
                    )

    def read(self, path: str, limit: int) -> bytes | None:
        """Return the content of a file, which for a tile is put together."""
        with _explained(self.name):
            if path == f"{FOLDER}/{CHECKPOINT}":
                row = self._one_or_none(
                    "SELECT note FROM patchgate.checkpoints ORDER BY size DESC, id DESC LIMIT 1"
                )
            elif path.startswith(f"{FOLDER}/"):
                tile = tile_named(path.removeprefix(f"{FOLDER}/"))
                return self._tile(tile) if tile is not None else None
            else:
                row = self._one_or_none(
                    "SELECT substring(content FROM 1 FOR %s) FROM patchgate.files WHERE path = %s",
                    min(limit + 1, 2**31 - 1),
                    path,
                )
        return bytes(row[0]) if row is not None else None

    def names(self, folder: str) -> Iterator[str]:
        """Yield the paths of files; of the ledger those that its leaves give."""
        with _explained(self.name):
            if not folder:
                asked, given = "SELECT path FROM patchgate.files WHERE path NOT LIKE '%%/%%'", ()
            elif folder.startswith(FOLDER):
                yield from self._ledger_names()
                return
            else:
                asked = "SELECT path FROM patchgate.files WHERE starts_with(path, %s)"
                given = (f"{folder}/",)  # type: ignore[assignment]
            for (path,) in self._connection.execute(asked, given):
                yield path

    @contextmanager
    def unchanged(self, lock: str) -> Iterator[None]:
        """Read everything as it was at one moment: a transaction with a snapshot."""
        del lock
        with _explained(self.name):
            self._connection.isolation_level = IsolationLevel.REPEATABLE_READ
            try:
                with self._connection.transaction():
                    yield
            finally:
                self._connection.isolation_level = None

    def read_bundle(self, run_id: str) -> bytes | None:
        """Return the bundle of a run, or None where there is none."""
        content = self.read(checked_bundle_name(run_id), MAX_BUNDLE)
        if content is not None and len(content) > MAX_BUNDLE:
            raise EvidenceError(f"is larger than {MAX_BUNDLE:,} bytes", where=self._where(run_id))
        return content

    def put_blob(self, sha256: str, content: bytes) -> None:
        """Keep `content` under its digest (hex)."""
        with _explained(self.name):
            self._keep(blob_name(sha256), content)

    def put_record(self, run_id: str, bundle: bytes, entry: bytes, signer: Signer) -> Kept:
        """Keep the bundle of a run, and its entry in the ledger, once each."""
        (kept,) = self.put_records([Record(run_id, bundle, entry)], signer)
        return kept

    def put_records(self, records: Sequence[Record], signer: Signer) -> list[Kept]:
        """Keep several runs, in this order, under one checkpoint: all of them or none."""
        ledger = LedgerReading(below(self, FOLDER), signer.verifying_key)
        numbers: dict[str, int] = {}
        new: list[Record] = []
        with _explained(self.name), self._connection.transaction():
            self._connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            tip = ledger.tip(ledger.state())
            for record in {record.run_id: record for record in records}.values():
                number = self._number(record)
                if number is None:
                    number = tip.size + len(new)
                    new.append(record)
                numbers[record.run_id] = number
                self._keep(checked_bundle_name(record.run_id), record.bundle)
            if new:
                grown = grow(tip, [record.entry for record in new])
                signed = checkpoints.sign(grown.checkpoint, signer)
                with self._connection.cursor() as cursor:
                    cursor.executemany(
                        "INSERT INTO patchgate.leaves VALUES (%s, %s, %s)",
                        [(numbers[one.run_id], one.run_id, one.entry) for one in new],
                    )
                    cursor.executemany(
                        "INSERT INTO patchgate.hashes VALUES (%s, %s, %s)", grown.hashes
                    )
                    cursor.execute(
                        "INSERT INTO patchgate.checkpoints (size, note) VALUES (%s, %s)",
                        (grown.checkpoint.size, signed),
                    )
        return [
            Kept(place=self._where(checked_bundle_name(one.run_id)), number=numbers[one.run_id])
            for one in records
        ]

    def _number(self, record: Record) -> int | None:
        """Return the number of a run that is in the ledger, with this entry."""
        row = self._one_or_none(
            "SELECT number, entry FROM patchgate.leaves WHERE run_id = %s", record.run_id
        )
        if row is None:
            return None
        if bytes(row[1]) != record.entry:
            raise EvidenceError(
                "the ledger has another entry of this run",
                where=self._where(record.run_id),
                hint=INQUIRE,
            )
        return int(row[0])

    def _keep(self, path: str, content: bytes) -> None:
        """Insert a file, or find it there with this content."""
        done = self._connection.execute(
            "INSERT INTO patchgate.files VALUES (%s, %s) ON CONFLICT DO NOTHING", (path, content)
        )
        if not done.rowcount:
            (same,) = self._one(
                "SELECT content = %s FROM patchgate.files WHERE path = %s", content, path
            )
            if not same:
                where = self._where(path)
                raise EvidenceError("exists already with other content", where=where, hint=INQUIRE)

    def _tile(self, tile: Tile) -> bytes | None:
        """Return the content of a tile, or of a bundle of entries; None where rows are missing."""
        asked, given = "SELECT hash FROM patchgate.hashes WHERE level = %s AND ", [tile.level]
        if tile.level == ENTRIES:
            asked, given = "SELECT entry FROM patchgate.leaves WHERE ", []
        begin = tile.number * FULL
        rows = self._connection.execute(
            f"{asked} number >= %s AND number < %s ORDER BY number",
            (*given, begin, begin + tile.width),
        ).fetchall()
        parts = [bytes(row[0]) for row in rows]
        if len(parts) != tile.width:
            return None
        return join_entries(parts) if tile.level == ENTRIES else join_hashes(parts)

    def _ledger_names(self) -> Iterator[str]:
        (size,) = self._one("SELECT coalesce(max(number) + 1, 0) FROM patchgate.leaves")
        for level in (ENTRIES, *range(levels_of(size))):
            yield from (f"{FOLDER}/{tile.path}" for tile in tiles_of(size, level))

    def _one_or_none(self, asked: str, *given: object) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._connection.execute(asked, given).fetchone()
        return row

    def _one(self, asked: str, *given: object) -> tuple[Any, ...]:
        row = self._one_or_none(asked, *given)
        if row is None:
            raise EvidenceError("the database gives no answer", where=self.name)
        return row

    def _where(self, path: str) -> str:
        return f"{self.name}/{path}"


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Turn the library's errors into ours; of its words only those of the server are shown."""
    try:
        yield
    except psycopg.Error as error:
        said = error.diag.message_primary or type(error).__name__
        raise EvidenceError(
            f"the database refuses or cannot be reached: {said[:200]}",
            where=name,
            hint="check address, role and its rights; PGPASSWORD or a pgpass file give a password",
        ) from None
