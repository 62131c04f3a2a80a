"""The advisory store as a run sees it: opened, asked once, closed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from gate.advisories.integrity import AGAIN, IntegrityCheck
from gate.advisories.model import AdvisorySet, Query, SourceInfo, StoredRecord
from gate.advisories.names import about, names_of, plain
from gate.advisories.shard import Shard
from gate.advisories.snapshot import ShardFile, Snapshot, read_snapshot, shard_path
from gate.errors import AdvisoryError


class Store:
    """A snapshot of advisories, open for reading.

    No answer is given before every shard is known to be sound; they are hashed
    while the target is being read (`gate.advisories.integrity`).
    """

    def __init__(self, folder: Path, snapshot: Snapshot) -> None:
        """Take a snapshot that was read; `open` is the way to make one."""
        self._folder = folder
        self._snapshot = snapshot
        self._shards: dict[str, Shard] = {}
        self._integrity = IntegrityCheck(folder, snapshot.shards)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open the current snapshot; AdvisoryError where there is none or it is damaged."""
        snapshot = read_snapshot(folder)
        if not snapshot.shards:
            raise AdvisoryError(
                "holds no source", where=str(folder), hint="patchgate db import PATH"
            )
        return cls(folder, snapshot)

    def __enter__(self) -> Self:
        """Return the store itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Give every file back."""
        self._integrity.close()
        for shard in self._shards.values():
            shard.close()
        self._shards.clear()

    @property
    def sources(self) -> tuple[SourceInfo, ...]:
        """What the snapshot was made from, sorted by name."""
        return self._snapshot.sources

    @property
    def digest(self) -> str:
        """``sha256:…`` of the snapshot: the same sources give the same one everywhere."""
        return self._snapshot.digest

    def select(self, queries: Sequence[Query]) -> AdvisorySet:
        """Return every record that may affect one of `queries`, and what names the same flaws.

        Names are followed from an advisory to the flaws it is about, and
        through aliases; not from a flaw back to other advisories about it.
        Raises AdvisoryError where a shard is damaged.
        """
        found: dict[tuple[str, int], StoredRecord] = {}
        for shard in self._snapshot.shards:
            asked = [query for query in queries if query.ecosystem in shard.source.ecosystems]
            if asked:
                with self._reading(shard) as opened:
                    found.update(_keyed(opened, opened.candidates(asked)))
        self._add_neighbours(found)
        self._integrity.wait()
        return AdvisorySet(
            snapshot=self.digest, sources=self.sources, records=_without_copies(found.values())
        )

    def record(self, name: str) -> tuple[StoredRecord, ...]:
        """Return the records with the id `name`, withdrawn ones too, by source."""
        found: dict[tuple[str, int], StoredRecord] = {}
        for shard in self._snapshot.shards:
            with self._reading(shard) as opened:
                found.update(_keyed(opened, opened.with_id(name)))
        return tuple(found[key] for key in sorted(found))

    def known_as(self, name: str) -> tuple[StoredRecord, ...]:
        """Return the records that go by `name`, and all that name the same flaw."""
        found = self._named({name}, {})
        self._add_neighbours(found)
        self._integrity.wait()
        return _without_copies([*found.values(), *self.record(name)])

    def verify(self) -> None:
        """Check everything that can be; AdvisoryError names the first thing that is wrong."""
        self._integrity.hash_all(self._snapshot.shards)
        for shard in self._snapshot.shards:
            with self._reading(shard) as opened:
                opened.check()
                count = sum(1 for _ in opened.read_all())
            if count != shard.source.records:
                raise AdvisoryError(
                    f"holds {count} records, not {shard.source.records}",
                    where=str(shard_path(self._folder, shard.file)),
                    hint=AGAIN,
                )

    def _add_neighbours(self, found: dict[tuple[str, int], StoredRecord]) -> None:
        """Add what goes by the names of the flaws that the records in `found` are about."""
        names: set[str] = set()
        wanted = {
            name
            for stored in found.values()
            for named in (*names_of(stored.record), *about(stored.record))
            for name in (named, plain(named))
        }
        while wanted:
            names |= wanted
            fresh = self._named(wanted, found)
            found |= fresh
            wanted = {name for stored in fresh.values() for name in names_of(stored.record)} - names

    def _named(
        self, names: set[str], found: dict[tuple[str, int], StoredRecord]
    ) -> dict[tuple[str, int], StoredRecord]:
        """Return the records that go by one of `names` and are not in `found`."""
        ordered = sorted(names)
        fresh: dict[tuple[str, int], StoredRecord] = {}
        for shard in self._snapshot.shards:
            with self._reading(shard) as opened:
                numbers = {
                    number
                    for number in opened.named(ordered)
                    if (opened.source, number) not in found
                }
                fresh.update(_keyed(opened, numbers))
        return fresh

    @contextmanager
    def _reading(self, shard: ShardFile) -> Iterator[Shard]:
        path = shard_path(self._folder, shard.file)
        try:
            if shard.file not in self._shards:
                self._shards[shard.file] = Shard(path, shard.source.name)
            yield self._shards[shard.file]
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise AdvisoryError(f"is damaged: {error}", where=str(path), hint=AGAIN) from error


def _keyed(shard: Shard, numbers: set[int]) -> dict[tuple[str, int], StoredRecord]:
    return {(shard.source, number): stored for number, stored in shard.read(numbers)}


def _without_copies(found: Iterable[StoredRecord]) -> tuple[StoredRecord, ...]:
    """Sort by id and source; of copies that are equal byte for byte keep the first.

    Records of one id that differ are all kept: each may affect what the others do not.
    """
    kept: list[StoredRecord] = []
    same: list[bytes] = []
    """Of the records of the present id: most ids are there once, and nothing is compared."""
    for stored in sorted(found, key=lambda stored: (stored.record.id, stored.source, stored.raw)):
        if not kept or kept[-1].record.id != stored.record.id:
            same = []
        if stored.raw not in same:
            same.append(stored.raw)
            kept.append(stored)
    return tuple(kept)
