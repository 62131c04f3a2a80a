"""A snapshot as one file: the same everywhere, whole or refused on arrival."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.advisories.ingest import Origin, import_paths
from gate.advisories.snapshot import MANIFEST
from gate.advisories.store import Store
from gate.advisories.transfer import export_snapshot, import_snapshot, is_snapshot
from gate.errors import AdvisoryError
from tests.advisories.zips import record, write_zip

NOW = datetime(2026, 11, 23, tzinfo=UTC)
Members = list[tuple[tarfile.TarInfo, bytes]]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    write_zip(tmp_path / "z" / "Debian" / "all.zip", *(record(f"D-{n}") for n in range(40)))
    write_zip(tmp_path / "z" / "PyPI" / "all.zip", record("P", "PyPI", "x"))
    origin = Origin(as_of=datetime(2026, 11, 22, tzinfo=UTC), basis="confirmed")
    import_paths(tmp_path / "db", [tmp_path / "z"], now=NOW, origin=origin)
    return tmp_path / "db"


def contents(store: Path) -> tuple[str, list[str], int]:
    with Store.open(store) as opened:
        opened.verify()
        sources = [f"{s.name} {s.as_of_basis} {s.as_of:%Y-%m-%d}" for s in opened.sources]
        return opened.digest, sources, sum(s.records for s in opened.sources)


def test_there_and_back(tmp_path: Path, store: Path) -> None:
    sent = export_snapshot(store, tmp_path / "out" / "advisories.tar")
    assert is_snapshot(tmp_path / "out" / "advisories.tar")
    came = import_snapshot(
        tmp_path / "other", tmp_path / "out" / "advisories.tar", sha256=sent.sha256
    )
    assert (came.sha256, came.size) == (sent.sha256, sent.size)
    assert contents(tmp_path / "other") == contents(store)
    again = export_snapshot(tmp_path / "other", tmp_path / "again.tar")
    assert again.sha256 == sent.sha256


def test_other_sources_stay(tmp_path: Path, store: Path) -> None:
    export_snapshot(store, tmp_path / "advisories.tar")
    write_zip(tmp_path / "y" / "Go" / "all.zip", record("G", "Go", "x"))
    import_paths(tmp_path / "other", [tmp_path / "y"], now=NOW)
    import_snapshot(tmp_path / "other", tmp_path / "advisories.tar")
    assert contents(tmp_path / "other")[2] == 42


def test_a_source_that_shrinks_is_refused(tmp_path: Path, store: Path) -> None:
    export_snapshot(store, tmp_path / "advisories.tar")
    write_zip(tmp_path / "y" / "Debian" / "all.zip", *(record(f"D-{n}") for n in range(90)))
    import_paths(tmp_path / "other", [tmp_path / "y"], now=NOW)
    with pytest.raises(AdvisoryError, match=r"50 fewer than.*--allow-shrink"):
        import_snapshot(tmp_path / "other", tmp_path / "advisories.tar")
    import_snapshot(tmp_path / "other", tmp_path / "advisories.tar", allow_shrink=True)
    assert contents(tmp_path / "other")[2] == 41


def test_a_damaged_store_is_not_exported(tmp_path: Path, store: Path) -> None:
    shard = next((store / "shards").iterdir())
    shard.write_bytes(shard.read_bytes()[:-1] + b"\x01")
    with pytest.raises(AdvisoryError, match="is damaged"):
        export_snapshot(store, tmp_path / "advisories.tar")
    assert not (tmp_path / "advisories.tar").exists()


def changed(path: Path, change: Callable[[Members], Members]) -> None:
    with tarfile.open(path) as archive:
        members = [(m, archive.extractfile(m).read()) for m in archive]  # type: ignore[union-attr]
    with tarfile.open(path, "w") as archive:
        for member, content in change(members):
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def edited_manifest(edit: Callable[[dict[str, object]], object]) -> Callable[[Members], Members]:
    def change(members: Members) -> Members:
        manifest = json.loads(members[0][1])
        edit(manifest)
        return [(members[0][0], json.dumps(manifest).encode()), *members[1:]]

    return change


def renamed(members: Members) -> Members:
    members[1][0].name = "../../../etc/passwd"
    return members


def linked(members: Members) -> Members:
    link = tarfile.TarInfo("shards/link")
    link.type = tarfile.SYMTYPE
    return [members[0], (link, b""), *members[1:]]


CHANGES: dict[str, tuple[Callable[[Members], Members], str]] = {
    "no manifest": (lambda m: m[1:], "does not begin with a manifest"),
    "empty": (lambda m: [], "does not begin with a manifest"),
    "shard missing": (lambda m: m[:-1], "lacks the advisories of PyPI"),
    "shards exchanged": (lambda m: [m[0], m[2], m[1]], "lacks the advisories of Debian"),
    "shard changed": (
        lambda m: [m[0], (m[1][0], m[1][1][:-1] + b"\x01"), m[2]],
        "holds damaged advisories of Debian",
    ),
    "shard cut": (lambda m: [m[0], (m[1][0], m[1][1][:-9]), m[2]], "damaged advisories of Debian"),
    "name outside": (renamed, "lacks the advisories of Debian"),
    "link": (linked, "which is no file"),
    "manifest no JSON": (lambda m: [(m[0][0], b"{"), *m[1:]], "damaged manifest"),
    "other format": (edited_manifest(lambda d: d.update(format=9)), "has format 9"),
    "shard name outside": (
        edited_manifest(lambda d: d["shards"][0].update(file="../x")),  # type: ignore[index]
        "names the shard '../x'",
    ),
    "sources twice": (
        edited_manifest(lambda d: d["shards"].append(d["shards"][0])),  # type: ignore[attr-defined, index]
        "not in order",
    ),
    "nothing in it": (edited_manifest(lambda d: d.update(shards=[])), "not in order"),
}


@pytest.mark.parametrize("name", list(CHANGES))
def test_what_is_not_whole_is_refused(tmp_path: Path, store: Path, name: str) -> None:
    change, said = CHANGES[name]
    path = tmp_path / "advisories.tar"
    sent = export_snapshot(store, path)
    changed(path, change)
    with pytest.raises(AdvisoryError, match=said):
        import_snapshot(tmp_path / "other", path)
    assert not (tmp_path / "other" / MANIFEST).exists()
    assert not list((tmp_path / "other").rglob("*.building"))
    with pytest.raises(AdvisoryError, match="not the one given"):
        import_snapshot(tmp_path / "other", path, sha256=sent.sha256)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"hello" * 1000])
def test_other_files(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.tar"
    path.write_bytes(content)
    assert not is_snapshot(path)
    with pytest.raises(AdvisoryError, match=r"no exported snapshot|begin with a manifest"):
        import_snapshot(tmp_path / "db", path)


def test_every_truncation_is_noticed(tmp_path: Path, store: Path) -> None:
    path = tmp_path / "advisories.tar"
    export_snapshot(store, path)
    whole = path.read_bytes()
    for length in range(0, len(whole) - 10_240, 997):
        path.write_bytes(whole[:length])
        with pytest.raises(AdvisoryError):
            import_snapshot(tmp_path / "other", path)
