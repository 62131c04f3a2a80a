"""Every kind of store holds the same bytes, and keeps them the same way."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from gate.errors import EvidenceError
from gate.evidence.facts import RunFacts
from gate.evidence.growth import CHECKPOINT
from gate.evidence.keys import Ed25519Signer
from gate.evidence.layout import blob_name, bundle_name
from gate.evidence.ledger import FOLDER
from gate.evidence.place import below
from gate.evidence.proof import prove
from gate.evidence.record import record
from gate.evidence.store import FolderStore
from gate.evidence.stores import folder_store, is_url, open_store
from gate.evidence.verify_folder import verify_folder
from gate.evidence.verify_ledger import KeptCheckpoint
from tests.evidence.stores.conftest import PASSWORD, SECRET_KEY

if TYPE_CHECKING:
    from gate.evidence.stores import EvidenceStore


def opened(url: str, *, writing: bool = True) -> EvidenceStore:
    if is_url(url):
        return open_store(url, os.environ, writing=writing)
    return folder_store(Path(url))


def runs(facts: RunFacts, count: int) -> list[RunFacts]:
    return [msgspec.structs.replace(facts, components=number) for number in range(count)]


def test_the_bytes_are_those_of_a_folder(
    url: str, facts: RunFacts, signer: Ed25519Signer, tmp_path: Path
) -> None:
    store, folder = opened(url), FolderStore(tmp_path / "folder")
    for number, run in enumerate(runs(facts, 5)):
        assert record(run, signer, store).number == number
        record(run, signer, folder)
    files = [str(path.relative_to(folder.folder)) for path in folder.folder.rglob("*")]
    checked = 0
    for path in files:
        if (folder.folder / path).is_file() and not path.endswith("/lock"):
            assert store.read(path, 10**6) == (folder.folder / path).read_bytes(), path
            checked += 1
    assert checked >= 20
    assert sorted(name for name in store.names("") if name.endswith(".jsonl")) == sorted(
        path for path in files if path.endswith(".jsonl")
    )
    assert set(store.names("blobs")) == set(folder.names("blobs"))


def test_a_store_verifies_and_proves(url: str, facts: RunFacts, signer: Ed25519Signer) -> None:
    trusted = [signer.verifying_key]
    store = opened(url)
    record(facts, signer, store)
    kept = KeptCheckpoint(name="kept", content=store.read(f"{FOLDER}/{CHECKPOINT}", 10**4) or b"")
    for run in runs(facts, 3):
        record(run, signer, store)
    reading = opened(url, writing=False)
    report = verify_folder(reading, trusted, [kept])
    assert report.ok, (report.ledger.problems, report.failed)
    assert len(report.ledger.entries) == 4
    assert prove(below(reading, FOLDER), 2, trusted).number == 2


def test_the_same_run_is_recorded_once(url: str, facts: RunFacts, signer: Ed25519Signer) -> None:
    first = record(facts, signer, opened(url))
    record(runs(facts, 1)[0], signer, opened(url))
    again = record(facts, signer, opened(url))
    assert (again.number, again.repeated, again.digest) == (first.number, True, first.digest)
    report = verify_folder(opened(url), [signer.verifying_key])
    assert (report.ok, len(report.ledger.entries)) == (True, 2)


def test_a_ledger_over_full_tiles(url: str, facts: RunFacts, signer: Ed25519Signer) -> None:
    store = opened(url)
    if is_url(url) and url.startswith("s3"):
        pytest.skip("260 runs on a slow test server; the folder and the database do it")
    for run in runs(facts, 260):
        record(run, signer, store)
    report = verify_folder(opened(url), [signer.verifying_key], blobs=False)
    assert (report.ok, len(report.ledger.entries)) == (True, 260)


def test_other_content_under_the_same_name_is_refused(url: str) -> None:
    store = opened(url)
    store.put_blob("0" * 64, b"one")
    store.put_blob("0" * 64, b"one")
    with pytest.raises(EvidenceError, match="other content"):
        opened(url).put_blob("0" * 64, b"another")


def test_another_key_does_not_go_on(
    url: str, facts: RunFacts, signer: Ed25519Signer, stranger: Ed25519Signer
) -> None:
    record(facts, signer, opened(url))
    with pytest.raises(EvidenceError, match="not one of this key"):
        record(runs(facts, 1)[0], stranger, opened(url))


def test_what_is_not_there(url: str) -> None:
    store = opened(url)
    assert store.read(bundle_name("20261123T183251Z-0123456789abcdef"), 100) is None
    assert store.read(blob_name("0" * 64), 100) is None
    assert store.read(f"{FOLDER}/tile/0/000", 100) is None
    with pytest.raises(FileNotFoundError):
        store.open(blob_name("0" * 64))


def test_a_name_never_holds_a_secret(url: str) -> None:
    name = opened(url).name
    assert PASSWORD not in name
    assert SECRET_KEY not in name
    assert "gate:" not in name
