"""Imports into stores of the tests' own, and what a store holds."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from gate.advisories.ingest import ImportOptions, ImportReport, import_paths
from gate.advisories.store import Store

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def take(store: Path, *paths: Path, **options: bool) -> ImportReport:
    return import_paths(store, paths, now=NOW, options=ImportOptions(**options))


def ids(store: Path) -> list[str]:
    with Store.open(store) as opened:
        opened.verify()
        return sorted(
            stored.record.id
            for shard in opened._snapshot.shards
            for _, stored in opened._shards[shard.file].read_all()
        )


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
