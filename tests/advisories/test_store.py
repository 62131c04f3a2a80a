"""What the store answers, and that a damaged store answers nothing."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gate.advisories import osv
from gate.advisories.ecosystems import normalise, scheme_of
from gate.advisories.ingest import import_paths
from gate.advisories.model import AdvisorySet, Query
from gate.advisories.shard import FORMAT
from gate.advisories.snapshot import MANIFEST, SHARDS
from gate.advisories.store import Store
from gate.errors import AdvisoryError
from gate.matching.ranges import judge
from tests.advisories.zips import record, write_zip

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def query(ecosystem: str, name: str, version: str) -> Query:
    return Query(
        ref=f"{name}@{version}",
        ecosystem=ecosystem,
        name=normalise(ecosystem, name),
        version=version,
        scheme=scheme_of(ecosystem),
    )


def ask(store: Path, *queries: Query) -> AdvisorySet:
    with Store.open(store) as opened:
        return opened.select(queries)


def ids(found: AdvisorySet) -> list[str]:
    return [stored.record.id for stored in found.records]


@pytest.fixture(scope="module")
def real(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("real")
    import_paths(store, [data / "osv"], now=NOW)
    return store


@pytest.mark.parametrize(
    "ecosystem", ["AlmaLinux", "Alpine", "Bitnami", "Debian", "Go", "PyPI", "crates.io"]
)
def test_finds_what_reading_every_record_finds(data: Path, real: Path, ecosystem: str) -> None:
    """The look-up by index against a plain loop over all records of a source."""
    with zipfile.ZipFile(data / "osv" / ecosystem / "all.zip") as archive:
        records = [osv.decode(archive.read(name)) for name in archive.namelist()]
    entries = [
        (record, entry)
        for record in records
        if record.withdrawn is None
        for entry in record.affected or ()
        if entry.package is not None
    ]
    chance = random.Random(7)
    with Store.open(real) as store:
        for _, entry in chance.sample(entries, 40):
            assert entry.package is not None
            versions = [e.fixed or e.introduced or "" for r in entry.ranges or () for e in r.events]
            version = chance.choice([v for v in versions if v] or ["1.0"])
            asked = query(entry.package.ecosystem, entry.package.name, version)
            wanted = {
                record.id
                for record, other in entries
                if other.package is not None
                and other.package.ecosystem == asked.ecosystem
                and normalise(asked.ecosystem, other.package.name) == asked.name
                and judge(other, asked.scheme, version).affected is not False
            }
            assert wanted <= set(ids(store.select([asked])))


def test_what_is_fixed_is_not_selected(tmp_path: Path) -> None:
    import_paths(tmp_path, [write_zip(tmp_path / "z" / "Debian" / "all.zip", record("A"))], now=NOW)
    assert ids(ask(tmp_path, query("Debian:12", "openssl", "3.0.10-1"))) == ["A"]
    assert ids(ask(tmp_path, query("Debian:12", "openssl", "3.0.11-1"))) == []
    assert ids(ask(tmp_path, query("Debian:11", "openssl", "3.0.10-1"))) == []
    assert ids(ask(tmp_path, query("Debian:12", "nginx", "3.0.10-1"))) == []


def test_a_version_that_cannot_be_compared_gets_every_entry(tmp_path: Path) -> None:
    write_zip(tmp_path / "z" / "Debian" / "all.zip", record("A"), record("B"))
    import_paths(tmp_path, [tmp_path / "z"], now=NOW)
    assert ids(ask(tmp_path, query("Debian:12", "openssl", "not a version"))) == ["A", "B"]


def test_a_listed_version_without_a_place_in_the_order_is_found(tmp_path: Path) -> None:
    entry = {"package": {"ecosystem": "PyPI", "name": "x"}, "versions": ["2004d weird"]}
    write_zip(tmp_path / "z" / "PyPI" / "all.zip", {**record("A"), "affected": [entry]})
    import_paths(tmp_path, [tmp_path / "z"], now=NOW)
    assert ids(ask(tmp_path, query("PyPI", "x", "2004d weird"))) == ["A"]


def test_an_ecosystem_without_an_order_gets_every_entry(tmp_path: Path) -> None:
    write_zip(tmp_path / "z" / "New" / "all.zip", record("A", "Brand New"))
    import_paths(tmp_path, [tmp_path / "z"], now=NOW)
    assert ids(ask(tmp_path, query("Brand New", "openssl", "9"))) == ["A"]


def test_withdrawn_records_are_kept_and_never_apply(tmp_path: Path) -> None:
    withdrawn = record("A", withdrawn="2026-01-01T00:00:00Z", aliases=["CVE-2026-1"])
    live = record("B", aliases=["CVE-2026-1"])
    write_zip(tmp_path / "z" / "Debian" / "all.zip", withdrawn, live)
    import_paths(tmp_path, [tmp_path / "z"], now=NOW)
    assert ids(ask(tmp_path, query("Debian:12", "openssl", "1"))) == ["B"]
    with Store.open(tmp_path) as store:
        assert [stored.record.id for stored in store.record("A")] == ["A"]
        assert store.record("none") == ()


def test_names_are_followed_from_advisories_to_flaws_and_no_further(tmp_path: Path) -> None:
    elsewhere = ("PyPI", "other")
    write_zip(
        tmp_path / "z" / "Debian" / "all.zip",
        record("DSA-1", upstream=["CVE-2026-1"]),
        record("DSA-2", "Debian:11", upstream=["CVE-2026-1"]),
    )
    write_zip(
        tmp_path / "z" / "PyPI" / "all.zip",
        record("CVE-2026-1", *elsewhere, aliases=["GHSA-a"]),
        record("GHSA-a", *elsewhere, aliases=["PYSEC-b"]),
        record("PYSEC-b", *elsewhere, aliases=["GHSA-a"]),
        record("UBUNTU-CVE-2026-1", *elsewhere),
        record("GHSA-c", *elsewhere),
    )
    import_paths(tmp_path, [tmp_path / "z"], now=NOW)
    found = ids(ask(tmp_path, query("Debian:12", "openssl", "1")))
    assert found == ["CVE-2026-1", "DSA-1", "GHSA-a", "PYSEC-b", "UBUNTU-CVE-2026-1"]


def test_copies_in_two_sources_are_one_record(tmp_path: Path) -> None:
    write_zip(tmp_path / "z" / "Chainguard" / "all.zip", record("CGA-1"), record("CGA-2"))
    changed = record("CGA-2", summary="differs")
    write_zip(tmp_path / "z" / "Wolfi" / "all.zip", record("CGA-1"), changed)
    import_paths(tmp_path, [tmp_path / "z"], now=NOW)
    found = ask(tmp_path, query("Debian:12", "openssl", "1"))
    assert [(stored.record.id, stored.source) for stored in found.records] == [
        ("CGA-1", "Chainguard"),
        ("CGA-2", "Chainguard"),
        ("CGA-2", "Wolfi"),
    ]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(12)), st.integers(0, 100))
def test_unrelated_records_and_their_order_change_no_answer(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], more: int
) -> None:
    folder = tmp_path_factory.mktemp("order")
    records = [record(f"R-{n}", name="openssl" if n % 3 else "nginx") for n in order]
    records.insert(more % 12, record("X-1", "PyPI", "unrelated"))
    write_zip(folder / "z" / "Debian" / "all.zip", *records)
    import_paths(folder, [folder / "z"], now=NOW)
    found = ids(ask(folder, query("Debian:12", "openssl", "1")))
    assert found == sorted(f"R-{n}" for n in range(12) if n % 3)


def test_there_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(AdvisoryError, match=r"no advisories yet.*patchgate db import"):
        Store.open(tmp_path)


def test_an_empty_store(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text(f'{{"format": {FORMAT}}}')
    with pytest.raises(AdvisoryError, match="holds no source"):
        Store.open(tmp_path)


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"format": "1"}',
        b'{"format": 99}',
        b'{"format": 2, "shards": [{}]}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_manifest(tmp_path: Path, manifest: bytes) -> None:
    (tmp_path / MANIFEST).write_bytes(manifest)
    with pytest.raises(AdvisoryError):
        Store.open(tmp_path)


def test_a_manifest_that_points_outside(tmp_path: Path) -> None:
    import_paths(tmp_path, [write_zip(tmp_path / "z" / "Debian" / "all.zip", record("A"))], now=NOW)
    content = json.loads((tmp_path / MANIFEST).read_bytes())
    content["shards"][0]["file"] = "../../etc/passwd"
    (tmp_path / MANIFEST).write_text(json.dumps(content))
    with pytest.raises(AdvisoryError, match="outside the store"):
        Store.open(tmp_path)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    records = [record(f"R-{n}", details="x" * 400) for n in range(60)]
    write_zip(tmp_path / "z" / "Debian" / "all.zip", *records)
    import_paths(tmp_path / "db", [tmp_path / "z"], now=NOW)
    return tmp_path / "db"


def shard(store: Path) -> Path:
    return next((store / SHARDS).iterdir())


def test_a_missing_shard(small: Path) -> None:
    shard(small).unlink()
    with pytest.raises(AdvisoryError, match=r"advisories of Debian are missing.*import the source"):
        Store.open(small)


def test_a_cut_shard(small: Path) -> None:
    path = shard(small)
    path.write_bytes(path.read_bytes()[:4096])
    with pytest.raises(AdvisoryError, match="is damaged: it has 4,096 bytes"):
        Store.open(small)


def flips(size: int) -> Iterator[int]:
    chance = random.Random(3)
    yield from (0, 20, 100, size - 1)
    yield from (chance.randrange(size) for _ in range(40))


def test_no_flipped_bit_goes_unnoticed(small: Path) -> None:
    """Whatever SQLite makes of it: the answer counts only with the right digest."""
    path = shard(small)
    sound = path.read_bytes()
    for place in flips(len(sound)):
        damaged = bytearray(sound)
        damaged[place] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(AdvisoryError, match="damaged"):
            ask(small, query("Debian:12", "openssl", "1"))
        with pytest.raises(AdvisoryError, match="damaged"), Store.open(small) as store:
            store.verify()


def test_a_hostile_shard_with_the_right_digest_ends_in_a_clear_error(small: Path) -> None:
    """Whoever can write the cache can write the manifest too: still no traceback."""
    path = shard(small)
    with sqlite3.connect(path) as database:
        database.execute("DROP TABLE span")
        database.execute("CREATE VIEW span AS SELECT 1 AS package")
    database.close()
    adopt(small)
    with pytest.raises(AdvisoryError, match="is damaged: no such column"):
        ask(small, query("Debian:12", "openssl", "1"))


def test_a_record_that_expands_without_end(small: Path) -> None:
    bomb = zstandard.ZstdCompressor().compress(b" " * (200 << 20))
    with sqlite3.connect(shard(small)) as database:
        database.execute("UPDATE record SET raw = ?", (bomb,))
    database.close()
    adopt(small)
    with pytest.raises(AdvisoryError, match="a record of impossible size"):
        ask(small, query("Debian:12", "openssl", "1"))


def adopt(store: Path) -> None:
    """Make the manifest agree with the changed shard."""
    path = shard(store)
    content = json.loads((store / MANIFEST).read_bytes())
    content["shards"][0] |= {
        "size": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    (store / MANIFEST).write_text(json.dumps(content))
