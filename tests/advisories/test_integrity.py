"""A file is hashed unless it was hashed within a day and nobody has touched it since."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.advisories import integrity
from gate.advisories.ingest import import_paths
from gate.advisories.integrity import STAMPS, IntegrityCheck
from gate.advisories.snapshot import SHARDS, ShardFile, read_snapshot
from gate.errors import AdvisoryError
from tests.advisories.zips import record, write_zip


class Hashed:
    """Counts which files were hashed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.files: list[str] = []
        self._original = integrity._hash
        monkeypatch.setattr(integrity, "_hash", self._hash)

    def _hash(self, folder: Path, shard: ShardFile) -> integrity.Stamp:
        self.files.append(shard.source.name)
        return self._original(folder, shard)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> Hashed:
    return Hashed(monkeypatch)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_zip(tmp_path / "z" / "Debian" / "all.zip", record("A"))
    write_zip(tmp_path / "z" / "PyPI" / "all.zip", record("B", "PyPI", "x"))
    import_paths(tmp_path / "db", [tmp_path / "z"], now=datetime(2026, 11, 23, tzinfo=UTC))
    later(monkeypatch, 60)
    return tmp_path / "db"


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Move the clock of the check: files that were just written are hashed every time."""
    now = datetime.now(UTC).timestamp() + seconds
    monkeypatch.setattr("gate.advisories.integrity.time.time", lambda: now)


def check(store: Path) -> None:
    running = IntegrityCheck(store, read_snapshot(store).shards)
    try:
        running.wait()
    finally:
        running.close()


def debian(store: Path) -> Path:
    shard = next(s for s in read_snapshot(store).shards if s.source.name == "Debian")
    return store / SHARDS / shard.file


def test_once_is_enough(store: Path, hashed: Hashed) -> None:
    check(store)
    assert sorted(hashed.files) == ["Debian", "PyPI"]
    check(store)
    assert len(hashed.files) == 2


def test_not_for_ever(store: Path, hashed: Hashed, monkeypatch: pytest.MonkeyPatch) -> None:
    check(store)
    later(monkeypatch, 25 * 3600)
    check(store)
    assert len(hashed.files) == 4
    later(monkeypatch, 60)  # a clock that was set back vouches for nothing
    check(store)
    assert len(hashed.files) == 6


def test_a_changed_file_is_hashed_whatever_its_date_says(store: Path, hashed: Hashed) -> None:
    check(store)
    path = debian(store)
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(AdvisoryError, match="its digest is not the one"):
        check(store)
    assert hashed.files.count("Debian") == 2


def test_a_restored_copy_is_hashed(store: Path, hashed: Hashed) -> None:
    check(store)
    path = debian(store)
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content)
    check(store)
    assert hashed.files.count("Debian") == 2


def test_a_file_that_was_just_written_is_hashed_again(
    store: Path, hashed: Hashed, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, 0)
    check(store)
    check(store)
    assert len(hashed.files) == 4


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"x": 1}', b"\xff" * 100])
def test_damaged_stamps_only_cost_time(store: Path, hashed: Hashed, content: bytes) -> None:
    check(store)
    (store / STAMPS).write_bytes(content)
    check(store)
    assert len(hashed.files) == 4


def test_a_store_that_cannot_be_written(
    store: Path, hashed: Hashed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "write", refused)
    check(store)
    check(store)
    assert len(hashed.files) == 4
    assert not (store / STAMPS).exists()
