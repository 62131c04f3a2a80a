"""Updates record by record over real HTTP: the same store as the archive gives."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gate.advisories import download
from gate.advisories.ingest import ImportReport, import_paths
from gate.advisories.snapshot import read_snapshot, shard_path
from gate.advisories.store import Store
from gate.advisories.update import Feeds, update
from gate.errors import AdvisoryError, UnreachableError
from tests.advisories.servers import Mirror, etag, fails, healthy, serving
from tests.advisories.zips import record, write_zip

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LISTING = "Debian/modified_id.csv"
ARCHIVE = "Debian/all.zip"


class Published:
    """An ecosystem as OSV publishes it: archive, list of changes, records."""

    def __init__(self, place: Path, mirror: Mirror, count: int = 40) -> None:
        self.place = place
        self.mirror = mirror
        self.records = {f"D-{n}": self.make(f"D-{n}", 0) for n in range(count)}

    def make(self, name: str, day: int, **fields: Any) -> Any:
        moment = datetime(2026, 11, 1, 6, 30, tzinfo=UTC) + timedelta(days=day)
        return record(name, modified=f"{moment:%Y-%m-%dT%H:%M:%S}.123456789Z", **fields)

    def change(self, name: str, day: int, **fields: Any) -> None:
        self.records[name] = self.make(name, day, **fields)

    def publish(self) -> None:
        ordered = sorted(self.records.values(), key=lambda each: each["modified"], reverse=True)
        archive = write_zip(self.place / "all.zip", *ordered).read_bytes()
        lines = "".join(f"{each['modified']},{each['id']}\n" for each in ordered)
        self.mirror.files = {ARCHIVE: archive, LISTING: lines.encode()} | {
            f"Debian/{each['id']}.json": json.dumps(each).encode() for each in ordered
        }
        self.mirror.log.clear()


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    with serving(Mirror()) as found:
        yield found


@pytest.fixture
def osv(tmp_path: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> Published:
    monkeypatch.setattr(
        download.Downloader.__init__, "__kwdefaults__", {"sleep": lambda seconds: None}
    )
    published = Published(tmp_path / "published" / "Debian", mirror)
    published.publish()
    return published


def run(tmp_path: Path, mirror: Mirror, day: int = 0) -> ImportReport:
    feeds = Feeds(ecosystems=("Debian",), base_urls=(mirror.url,), seconds=600)
    return update(tmp_path / "db", feeds, now=NOW + timedelta(days=day))


def held(tmp_path: Path) -> dict[str, str]:
    with Store.open(tmp_path / "db") as store:
        store.verify()
        assert len(store.sources) == 1
        names = [f"D-{n}" for n in range(60)]
        found = {name: store.record(name) for name in names}
    assert all(len(records) < 2 for records in found.values())
    return {
        name: json.loads(records[0].raw)["modified"] for name, records in found.items() if records
    }


def wanted(osv: Published) -> dict[str, str]:
    return {name: each["modified"] for name, each in osv.records.items()}


def test_few_changes_are_fetched_one_by_one(tmp_path: Path, osv: Published) -> None:
    run(tmp_path, osv.mirror)
    osv.change("D-3", 5)
    osv.change("D-7", 6, withdrawn="2026-11-07T00:00:00Z")
    osv.change("D-41", 7)
    osv.publish()
    report = run(tmp_path, osv.mirror, 1)
    assert sorted(osv.mirror.log[1:]) == [
        "Debian/D-3.json", "Debian/D-41.json", "Debian/D-7.json", LISTING,
    ]  # fmt: skip
    assert osv.mirror.log[0].startswith(f"{ARCHIVE} If-None-Match=")
    assert held(tmp_path) == wanted(osv)
    (source,) = (item.source for item in report.imported)
    assert (source.as_of, source.as_of_basis) == (NOW + timedelta(days=1), "confirmed")
    assert (source.etag, source.listing_etag) == ("", etag(osv.mirror.files[LISTING]))


def test_then_only_the_list_is_asked_for(tmp_path: Path, osv: Published) -> None:
    run(tmp_path, osv.mirror)
    osv.change("D-3", 5)
    osv.publish()
    digest = run(tmp_path, osv.mirror, 1).digest
    osv.mirror.log.clear()
    again = run(tmp_path, osv.mirror, 2)
    assert osv.mirror.log == [f"{LISTING} If-None-Match={etag(osv.mirror.files[LISTING])}"]
    assert (again.digest, again.imported[0].unchanged) == (digest, True)
    assert again.imported[0].source.as_of == NOW + timedelta(days=2)


def test_what_the_list_no_longer_names_is_gone(tmp_path: Path, osv: Published) -> None:
    run(tmp_path, osv.mirror)
    del osv.records["D-9"]
    osv.publish()
    run(tmp_path, osv.mirror)
    assert held(tmp_path) == wanted(osv)
    assert not any(".json" in line for line in osv.mirror.log)


def test_a_list_that_lost_much_is_refused(tmp_path: Path, osv: Published) -> None:
    run(tmp_path, osv.mirror)
    before = held(tmp_path)
    for n in range(5):
        del osv.records[f"D-{n}"]
    osv.publish()
    with pytest.raises(AdvisoryError, match="fewer than the one it would replace"):
        run(tmp_path, osv.mirror)
    assert held(tmp_path) == before


@pytest.mark.parametrize(
    "listing",
    [
        b"", b"\xff\xfe", b"2026-11-01T00:00:00Z\n", b"yesterday,D-1\n", b"<html></html>",
        b"2026-11-01T00:00:00Z,D-1\n2026-11-01T00:00:00Z,D-1\n",
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_read_leaves_it_to_the_archive(
    tmp_path: Path, osv: Published, listing: bytes
) -> None:
    run(tmp_path, osv.mirror)
    osv.change("D-3", 5)
    osv.publish()
    osv.mirror.files[LISTING] = listing
    run(tmp_path, osv.mirror)
    assert held(tmp_path) == wanted(osv)


def test_many_changes_are_left_to_the_archive(
    tmp_path: Path, osv: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gate.advisories.delta._ALWAYS", 5)
    run(tmp_path, osv.mirror)
    for n in range(6):
        osv.change(f"D-{n}", 5)
    osv.publish()
    run(tmp_path, osv.mirror)
    assert not any(".json" in line for line in osv.mirror.log)
    assert held(tmp_path) == wanted(osv)


def test_a_record_older_than_the_list_says_is_left_to_the_archive(
    tmp_path: Path, osv: Published
) -> None:
    run(tmp_path, osv.mirror)
    stale = osv.mirror.files["Debian/D-3.json"]
    osv.change("D-3", 5)
    osv.publish()
    osv.mirror.files["Debian/D-3.json"] = stale
    run(tmp_path, osv.mirror)
    assert held(tmp_path) == wanted(osv)


def test_a_record_that_is_none_changes_nothing(tmp_path: Path, osv: Published) -> None:
    run(tmp_path, osv.mirror)
    before = held(tmp_path)
    osv.change("D-3", 5)
    osv.publish()
    osv.mirror.files["Debian/D-3.json"] = b"<html>sign in</html>"
    with pytest.raises(AdvisoryError, match="is no OSV record"):
        run(tmp_path, osv.mirror)
    assert held(tmp_path) == before


def test_trouble_on_the_way_is_tried_again_and_then_changes_nothing(
    tmp_path: Path, osv: Published
) -> None:
    run(tmp_path, osv.mirror)
    before = held(tmp_path)
    osv.change("D-3", 5)
    osv.publish()
    osv.mirror.faults = [healthy, fails(503, Retry_After="2"), healthy, fails(429)]
    run(tmp_path, osv.mirror)
    assert held(tmp_path) == wanted(osv) != before
    osv.change("D-4", 6)
    osv.publish()
    after = held(tmp_path)
    osv.mirror.faults = [healthy, *(fails(500) for _ in range(6))]
    with pytest.raises(UnreachableError, match="tried 6 times"):
        run(tmp_path, osv.mirror)
    assert held(tmp_path) == after


def test_nothing_is_built_on_a_damaged_shard(tmp_path: Path, osv: Published) -> None:
    run(tmp_path, osv.mirror)
    (shard,) = read_snapshot(tmp_path / "db").shards
    path = shard_path(tmp_path / "db", shard.file)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    osv.change("D-3", 5)
    osv.publish()
    run(tmp_path, osv.mirror)
    assert not any(".json" in line for line in osv.mirror.log)
    assert held(tmp_path) == wanted(osv)


def test_days_of_changes_equal_the_folder_of_the_same_records(
    tmp_path: Path, osv: Published
) -> None:
    dice = random.Random(7)
    run(tmp_path, osv.mirror)
    for day in range(1, 9):
        for _ in range(dice.randrange(1, 4)):
            osv.change(f"D-{dice.randrange(60)}", day)
        if day % 3 == 0:
            del osv.records[dice.choice(sorted(osv.records))]
        osv.publish()
        report = run(tmp_path, osv.mirror, day)
        assert held(tmp_path) == wanted(osv)
    folder = tmp_path / "folder" / "Debian"
    folder.mkdir(parents=True)
    for name, each in osv.records.items():
        # What came with the first archive is there as it was spelled in it.
        raw = store_bytes(tmp_path, name)
        assert json.loads(raw) == each
        (folder / f"{name}.json").write_bytes(raw)
    assert import_paths(tmp_path / "other", [folder], now=NOW).digest == report.digest


def store_bytes(tmp_path: Path, name: str) -> bytes:
    with Store.open(tmp_path / "db") as store:
        return store.record(name)[0].raw
