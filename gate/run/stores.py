"""An advisory store from whatever holds advisories: the store itself, its export, OSV files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from gate.advisories.ingest import import_paths
from gate.advisories.snapshot import MANIFEST
from gate.advisories.transfer import import_snapshot, is_snapshot
from gate.errors import AdvisoryError


@contextmanager
def advisories_at(path: Path, now: datetime) -> Iterator[Path]:
    """Give the folder of a store with what lies at `path`, for as long as it is needed.

    `path` is a store, a snapshot of `db export`, or what `db import` takes: an all.zip,
    a folder of records, one record.  `now` (UTC) is when an import counts as made.
    AdvisoryError where it is none of them.
    """
    if (path / MANIFEST).is_file():
        yield path
        return
    if not path.exists():
        raise AdvisoryError(
            "does not exist", where=str(path), hint="give a store, a snapshot or OSV records"
        )
    with tempfile.TemporaryDirectory(prefix="patchgate-") as folder:
        store = Path(folder) / "db"
        if path.is_file() and is_snapshot(path):
            import_snapshot(store, path)
        else:
            import_paths(store, [path], now=now)
        yield store
