"""Import is all or nothing, from sound sources only."""

from __future__ import annotations

import json
import random
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gate.advisories.ingest import Origin, import_paths
from gate.advisories.shard import FORMAT
from gate.advisories.snapshot import MANIFEST, SHARDS, read_snapshot
from gate.advisories.store import Store
from gate.errors import AdvisoryError
from tests.advisories.imports import NOW, files, ids, take
from tests.advisories.zips import record, write_zip


def test_the_real_corpus(data: Path, tmp_path: Path) -> None:
    report = take(tmp_path / "db", data / "osv")
    names = [item.source.name for item in report.imported]
    assert names == ["AlmaLinux", "Alpine", "Bitnami", "Debian", "Go", "PyPI", "crates.io"]
    alma = report.imported[0].source
    with zipfile.ZipFile(data / "osv" / "AlmaLinux" / "all.zip") as archive:
        assert alma.records == len(archive.namelist())
        newest = max(json.loads(archive.read(name))["modified"] for name in archive.namelist())
    assert alma.newest_modified == datetime.fromisoformat(newest)
    assert alma.as_of == alma.newest_modified
    assert alma.as_of_basis == "newest-record"
    assert alma.ecosystems["AlmaLinux:9"] > 20_000
    with Store.open(tmp_path / "db") as store:
        store.verify()
        assert store.digest == report.digest


def test_all_of_shared(shared: Path, tmp_path: Path) -> None:
    report = take(tmp_path / "db", shared / "osv")
    counts = json.loads((shared / "osv" / "counts.json").read_bytes())
    assert sum(item.source.records for item in report.imported) == 32_961
    assert {item.source.name for item in report.imported} <= set(counts) | {"GIT", "GHC"}


def test_a_folder_and_an_archive_and_a_record(tmp_path: Path) -> None:
    write_zip(tmp_path / "osv" / "Debian" / "all.zip", record("A"), record("B"))
    (tmp_path / "Mine" / "deep").mkdir(parents=True)
    (tmp_path / "Mine" / "deep" / "C.json").write_text(json.dumps(record("C")))
    (tmp_path / "D.json").write_text(json.dumps(record("D")))
    write_zip(tmp_path / "named.zip", record("E"))
    report = take(
        tmp_path / "db",
        tmp_path / "osv",
        tmp_path / "Mine",
        tmp_path / "D.json",
        tmp_path / "named.zip",
    )
    assert [item.source.name for item in report.imported] == ["D", "Debian", "Mine", "named"]
    assert ids(tmp_path / "db") == ["A", "B", "C", "D", "E"]


def test_the_order_of_files_changes_nothing(tmp_path: Path) -> None:
    records = [record(f"R-{n}") for n in range(20)]
    digests = set()
    for seed in range(3):
        folder = tmp_path / str(seed) / "Mine"
        folder.mkdir(parents=True)
        random.Random(seed).shuffle(records)
        for item in records:
            (folder / f"{item['id']}.json").write_text(json.dumps(item))
        digests.add(take(tmp_path / f"db{seed}", folder).digest)
    assert len(digests) == 1


def test_another_import_replaces_its_source_and_keeps_the_others(tmp_path: Path) -> None:
    first = write_zip(tmp_path / "1" / "Debian" / "all.zip", record("A"), record("B"))
    other = write_zip(tmp_path / "1" / "PyPI" / "all.zip", record("P", "PyPI", "x"))
    take(tmp_path / "db", first, other)
    second = write_zip(tmp_path / "2" / "Debian" / "all.zip", record("A"), record("C"))
    report = take(tmp_path / "db", second)
    assert [item.unchanged for item in report.imported] == [False]
    assert ids(tmp_path / "db") == ["A", "C", "P"]
    # The files of the snapshot before stay for whoever reads them, no longer than that.
    assert len(list((tmp_path / "db" / SHARDS).iterdir())) == 3
    take(tmp_path / "db", other)
    assert len(list((tmp_path / "db" / SHARDS).iterdir())) == 2


def test_a_large_source_is_sorted_outside_of_memory(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = data / "osv" / "Alpine" / "all.zip"
    take(tmp_path / "kept", archive)
    monkeypatch.setattr("gate.advisories.shard._STAGED", 100)
    take(tmp_path / "staged", archive)
    rows = []
    for name in ("kept", "staged"):
        path = next((tmp_path / name / SHARDS).iterdir())
        with closing(sqlite3.connect(path)) as database:
            rows.append(
                [
                    database.execute(f"SELECT * FROM {table}").fetchall()
                    for table in ("record", "package", "span", "name")
                ]
            )
    assert rows[0] == rows[1]


def test_the_same_source_is_not_built_again(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "Debian" / "all.zip", record("A"))
    first = take(tmp_path / "db", archive)
    shard = next((tmp_path / "db" / SHARDS).iterdir())
    before = shard.stat().st_mtime_ns
    second = take(tmp_path / "db", archive)
    assert [item.unchanged for item in second.imported] == [True]
    assert second.digest == first.digest
    assert shard.stat().st_mtime_ns == before


def test_a_damaged_shard_is_built_again(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "Debian" / "all.zip", record("A"))
    take(tmp_path / "db", archive)
    shard = next((tmp_path / "db" / SHARDS).iterdir())
    shard.write_bytes(shard.read_bytes()[:-1] + b"\x01")
    take(tmp_path / "db", archive)
    assert ids(tmp_path / "db") == ["A"]


def test_a_record_of_the_future_keeps_nothing_fresh(tmp_path: Path) -> None:
    archive = write_zip(
        tmp_path / "Debian" / "all.zip", record("A", modified="2099-01-01T00:00:00Z")
    )
    assert take(tmp_path / "db", archive).imported[0].source.as_of == NOW


def test_whoever_vouches_for_the_data_is_named(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "Debian" / "all.zip", record("A"))
    as_of = NOW - timedelta(hours=1)
    report = import_paths(tmp_path / "db", [archive], now=NOW, origin=Origin(as_of=as_of))
    assert report.imported[0].source.as_of == as_of
    assert report.imported[0].source.as_of_basis == "claimed"


def zip_with(*members: tuple[str, bytes], flags: int = 0) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members:
                archive.writestr(name, content)
        if flags:
            raw = bytearray(path.read_bytes())
            raw[6] |= flags
            raw[raw.index(b"PK\x01\x02") + 8] |= flags
            path.write_bytes(raw)

    return write


def content(raw: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(raw)


def truncated(path: Path) -> None:
    write_zip(path, *(record(f"R-{n}") for n in range(50)))
    path.write_bytes(path.read_bytes()[:-600])


def flipped(path: Path) -> None:
    write_zip(path, record("R", details="x" * 5000))
    raw = bytearray(path.read_bytes())
    raw[60] ^= 0x55
    path.write_bytes(raw)


GOOD = json.dumps(record("A")).encode()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("write", "said"),
    [
        (content(b""), "it is empty"),
        (content(b"<!doctype html><title>Sign in</title>"), "it is a web page"),
        (content(b"not an archive"), "is not a sound zip archive"),
        (truncated, "cut short or damaged"),
        (flipped, "is not a sound zip archive"),
        (zip_with(("A.json", b"{")), "'A.json', which is no OSV record"),
        (zip_with(("A.json", b'{"id": "A"}')), "missing required field `modified`"),
        (zip_with(("A.json", b'{"id": " ", "modified": "2026-01-01T00:00:00Z"}')), "id is empty"),
        (zip_with(("A.json", b'{"id": "A", "modified": "yesterday"}')), "RFC3339"),
        (zip_with(("A.json", b"[" * 100_000)), "no OSV record"),
        (zip_with(("A.json", b"\xff\xfe")), "no OSV record"),
        (zip_with(("A.txt", b"x")), "holds no OSV records"),
        (zip_with(), "holds no OSV records"),
        (zip_with(("A.json", GOOD), ("B.yaml", b"id: B")), "no OSV records in JSON, such as"),
        (zip_with(("../A.json", GOOD)), "a member named '../A.json'"),
        (zip_with(("/A.json", GOOD)), "a member named '/A.json'"),
        (zip_with(("a\\..\\A.json", GOOD)), "a member named"),
        (zip_with(("A.json", GOOD), ("A.json", GOOD)), "two members named 'A.json'"),
        (zip_with(("A.json", GOOD), flags=1), "an encrypted member"),
        (zip_with(("A.json", b" " * (17 << 20))), "is larger than 16,777,216 bytes"),
    ],
)
def test_a_bad_source_leaves_the_store_as_it_was(
    tmp_path: Path, write: Callable[[Path], object], said: str
) -> None:
    take(tmp_path / "db", write_zip(tmp_path / "good" / "Debian" / "all.zip", record("OLD")))
    before = files(tmp_path / "db")
    bad = tmp_path / "bad" / "Debian" / "all.zip"
    bad.parent.mkdir(parents=True)
    write(bad)
    with pytest.raises(AdvisoryError) as caught:
        take(tmp_path / "db", bad)
    assert said in str(caught.value)
    assert str(bad) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert files(tmp_path / "db") == before


def test_unreadable_records_may_be_left_out_and_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "Debian" / "all.zip"
    path.parent.mkdir()
    zip_with(("A.json", GOOD), ("B.json", b"{"), ("C.json", b"null"))(path)
    source = take(tmp_path / "db", path, skip_unreadable=True).imported[0].source
    assert (source.records, source.unreadable) == (1, 2)


def test_a_source_that_shrinks_is_refused(tmp_path: Path) -> None:
    full = [record(f"R-{n}") for n in range(100)]
    take(tmp_path / "db", write_zip(tmp_path / "1" / "Debian" / "all.zip", *full))
    take(tmp_path / "db", write_zip(tmp_path / "2" / "Debian" / "all.zip", *full[:95]))
    less = write_zip(tmp_path / "3" / "Debian" / "all.zip", *full[:90])
    with pytest.raises(AdvisoryError, match="5 fewer than") as caught:
        take(tmp_path / "db", less)
    assert "--allow-shrink" in str(caught.value)
    assert len(ids(tmp_path / "db")) == 95
    take(tmp_path / "db", less, allow_shrink=True)
    assert len(ids(tmp_path / "db")) == 90


def test_two_sources_of_one_name(tmp_path: Path) -> None:
    one = write_zip(tmp_path / "1" / "Debian" / "all.zip", record("A"))
    two = write_zip(tmp_path / "2" / "Debian" / "all.zip", record("B"))
    with pytest.raises(AdvisoryError, match="second source named 'Debian'"):
        take(tmp_path / "db", one, two)


@pytest.mark.parametrize("what", ["missing", "empty folder"])
def test_nothing_to_import(tmp_path: Path, what: str) -> None:
    path = tmp_path / "there"
    if what == "empty folder":
        path.mkdir()
    with pytest.raises(AdvisoryError, match=r"does not exist|holds no OSV records"):
        take(tmp_path / "db", path)
    assert not (tmp_path / "db").exists()


def test_a_store_of_another_format_is_built_anew(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "Debian" / "all.zip", record("A"))
    take(tmp_path / "db", archive)
    manifest = tmp_path / "db" / MANIFEST
    manifest.write_bytes(
        manifest.read_bytes().replace(f'"format": {FORMAT}'.encode(), b'"format": 99')
    )
    with pytest.raises(AdvisoryError, match="has format 99"):
        read_snapshot(tmp_path / "db")
    take(tmp_path / "db", archive)
    assert ids(tmp_path / "db") == ["A"]
