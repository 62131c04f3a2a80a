"""A folder of evidence: what is acknowledged is there, whole, and stays as it is."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gate.errors import EvidenceError
from gate.evidence.layout import blob_path
from gate.evidence.store import FolderStore

RUN = "20261123T183251Z-0123456789abcdef"


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "deep" / "evidence")


def hex_digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_nothing_is_created_before_there_is_something_to_keep(store: FolderStore) -> None:
    assert store.read_bundle(RUN) is None
    assert not store.folder.exists()


def test_the_layout_is_the_published_one(store: FolderStore) -> None:
    digest = hex_digest(b"blob")
    store.put_blob(digest, b"blob")
    place = store.put_bundle(RUN, b"bundle\n")
    assert place == str(store.folder / f"{RUN}.intoto.jsonl")
    files = {
        str(path.relative_to(store.folder)): path.read_bytes()
        for path in store.folder.rglob("*")
        if path.is_file()
    }
    assert files == {
        f"{RUN}.intoto.jsonl": b"bundle\n",
        f"blobs/sha256/{digest[:2]}/{digest}": b"blob",
    }
    assert store.read_bundle(RUN) == b"bundle\n"


def test_a_relative_folder_is_one_of_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("evidence", ".", "a/b"):
        store = FolderStore(Path(name))
        digest = hex_digest(b"blob")
        store.put_blob(digest, b"blob")
        assert store.put_bundle(RUN, b"bundle\n") == str(Path(name) / f"{RUN}.intoto.jsonl")
        folder = tmp_path / name
        assert (folder / "blobs" / "sha256" / digest[:2] / digest).read_bytes() == b"blob"
        assert (folder / f"{RUN}.intoto.jsonl").read_bytes() == b"bundle\n"
    assert {path.name for path in tmp_path.iterdir()} == {
        "evidence", "a", "blobs", f"{RUN}.intoto.jsonl",
    }  # fmt: skip
    assert {path.name for path in (tmp_path / "evidence").iterdir()} == {
        "blobs", f"{RUN}.intoto.jsonl",
    }  # fmt: skip


def test_keeping_the_same_again_changes_nothing(store: FolderStore) -> None:
    digest = hex_digest(b"blob")
    store.put_blob(digest, b"blob")
    store.put_bundle(RUN, b"bundle\n")
    times = {path: path.stat().st_mtime_ns for path in store.folder.rglob("*")}
    again = FolderStore(store.folder)
    again.put_blob(digest, b"blob")
    again.put_bundle(RUN, b"bundle\n")
    assert {path: path.stat().st_mtime_ns for path in store.folder.rglob("*")} == times


def test_nothing_is_overwritten_with_something_else(store: FolderStore) -> None:
    digest = hex_digest(b"blob")
    store.put_blob(digest, b"blob")
    store.put_bundle(RUN, b"bundle\n")
    blob_path(store.folder, digest).write_bytes(b"altered")
    with pytest.raises(EvidenceError, match="other content"):
        store.put_blob(digest, b"blob")
    with pytest.raises(EvidenceError, match="other content"):
        store.put_bundle(RUN, b"another\n")
    assert blob_path(store.folder, digest).read_bytes() == b"altered"
    assert store.read_bundle(RUN) == b"bundle\n"


@pytest.mark.parametrize("name", ["", "..", "../x", RUN + "\n", RUN.upper() + "/", "a" * 500])
def test_a_name_cannot_lead_out_of_the_folder(store: FolderStore, name: str) -> None:
    with pytest.raises(EvidenceError, match="not a run id"):
        store.read_bundle(name)
    with pytest.raises(EvidenceError, match="not a run id"):
        store.put_bundle(name, b"x")
    with pytest.raises(EvidenceError, match="not a SHA-256"):
        store.put_blob(name, b"x")
    assert not store.folder.exists()


def test_says_that_the_folder_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"precious")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        store = FolderStore(folder)
        with pytest.raises(EvidenceError, match="not a folder"):
            store.read_bundle(RUN)
        with pytest.raises(EvidenceError, match="not a folder"):
            store.put_blob(hex_digest(b"blob"), b"blob")
    assert (tmp_path / "file").read_bytes() == b"precious"


def test_does_not_read_a_bundle_that_is_no_bundle(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put_bundle(RUN, b"bundle\n")
    monkeypatch.setattr("gate.evidence.store.MAX_BUNDLE", 6)
    with pytest.raises(EvidenceError, match="larger"):
        store.read_bundle(RUN)
