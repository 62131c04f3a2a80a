"""Runs that were offline are carried to every kind of store: each once, in their order."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.errors import EvidenceError
from gate.evidence import entry as entries
from gate.evidence.facts import RunFacts
from gate.evidence.keys import Ed25519Signer
from gate.evidence.push import push
from gate.evidence.record import record
from gate.evidence.store import FolderStore
from gate.evidence.verify_folder import verify_folder
from tests.evidence.stores.test_stores import opened, runs


def order(store: object, signer: Ed25519Signer) -> list[str]:
    report = verify_folder(store, [signer.verifying_key])  # type: ignore[arg-type]
    assert report.ok, (report.ledger.problems, report.failed)
    return [entries.decode(content or b"").run_id for content in report.ledger.entries]


def test_runs_are_carried_once(
    url: str, facts: RunFacts, signer: Ed25519Signer, tmp_path: Path
) -> None:
    trusted = [signer.verifying_key]
    spool = FolderStore(tmp_path / "spool")
    made = runs(facts, 6)
    for run in (made[3], made[1], made[0]):
        record(run, signer, spool)
    offline = order(spool, signer)
    store = opened(url)
    first = record(made[5], signer, store).run_id
    shared = record(made[1], signer, store).run_id

    pushed = push(spool, store, signer, trusted)
    assert (pushed.ok, pushed.new, pushed.there) == (True, 2, 1)
    expected = [first, shared, *(run for run in offline if run != shared)]
    assert order(opened(url), signer) == expected

    again = push(spool, opened(url), signer, trusted)
    assert (again.ok, again.new, again.there) == (True, 0, 3)
    record(made[2], signer, spool)
    assert push(spool, opened(url), signer, trusted).new == 1
    assert order(opened(url), signer)[:4] == expected
    assert order(spool, signer)[:3] == offline, "what is pushed stays where it was"


def test_a_record_that_does_not_verify_is_not_carried(
    facts: RunFacts, signer: Ed25519Signer, tmp_path: Path
) -> None:
    spool, store = FolderStore(tmp_path / "spool"), FolderStore(tmp_path / "store")
    done = [record(run, signer, spool) for run in runs(facts, 3)]
    bundle = Path(done[1].place)
    bundle.write_bytes(bundle.read_bytes().replace(b"A", b"B", 1))
    pushed = push(spool, store, signer, [signer.verifying_key])
    assert (pushed.ok, pushed.new) == (False, 2)
    assert [logged.number for logged in pushed.refused] == [1]
    assert order(store, signer) == [done[0].run_id, done[2].run_id]


def test_nothing_is_carried_from_a_ledger_that_was_altered(
    facts: RunFacts, signer: Ed25519Signer, tmp_path: Path
) -> None:
    spool, store = FolderStore(tmp_path / "spool"), FolderStore(tmp_path / "store")
    for run in runs(facts, 2):
        record(run, signer, spool)
    next((spool.folder / "ledger/tile/0").rglob("2")).write_bytes(bytes(64))
    pushed = push(spool, store, signer, [signer.verifying_key])
    assert (pushed.ok, pushed.new, pushed.refused) == (False, 0, ())
    assert not store.folder.exists()


def test_a_store_that_fails_midway_has_what_it_took(
    facts: RunFacts, signer: Ed25519Signer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, store = FolderStore(tmp_path / "spool"), FolderStore(tmp_path / "store")
    for run in runs(facts, 5):
        record(run, signer, spool)
    monkeypatch.setattr("gate.evidence.push._BATCH", 2)
    original, taken = store.put_records, []

    def fail(records: list[object], signer: Ed25519Signer) -> object:
        if taken:
            raise EvidenceError("the disk is full")
        taken.append(records)
        return original(records, signer)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "put_records", fail)
    with pytest.raises(EvidenceError, match="full"):
        push(spool, store, signer, [signer.verifying_key])
    monkeypatch.undo()
    assert len(order(store, signer)) == 2
    assert push(spool, store, signer, [signer.verifying_key]).new == 3
    assert order(store, signer) == order(spool, signer)
