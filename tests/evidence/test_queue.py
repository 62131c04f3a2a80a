"""Who has the lock appends what others let wait, and nothing that this key has not signed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from gate.evidence import dsse
from gate.evidence import entry as entries
from gate.evidence.facts import RunFacts
from gate.evidence.keys import Ed25519Signer
from gate.evidence.queue import Queue
from gate.evidence.record import Record, record
from gate.evidence.store import FolderStore
from gate.evidence.verify_folder import verify_folder


def made(facts: RunFacts, signer: Ed25519Signer, folder: Path, number: int) -> Record:
    """The record of a run, as its own process has it."""
    done = record(msgspec.structs.replace(facts, components=number), signer, FolderStore(folder))
    bundle = Path(done.place).read_bytes()
    entry = verify_folder(folder, [signer.verifying_key]).ledger.entries[-1] or b""
    return Record(done.run_id, bundle, entry)


@pytest.fixture
def waiting(facts: RunFacts, signer: Ed25519Signer, tmp_path: Path) -> list[Record]:
    return [made(facts, signer, tmp_path / f"made-{number}", number) for number in range(3)]


def test_what_waits_is_appended_by_whoever_has_the_lock(
    waiting: list[Record], facts: RunFacts, signer: Ed25519Signer, tmp_path: Path
) -> None:
    store = FolderStore(tmp_path / "store")
    for attachment in facts.attachments:
        store.put_blob(attachment.sha256, attachment.content)
    queue = Queue(store.folder / "ledger")
    with queue.waiting(waiting):
        # One of them waits twice: two processes record the same run.
        with queue.waiting(waiting[:1]):
            own = record(msgspec.structs.replace(facts, components=9), signer, store)
        report = verify_folder(store.folder, [signer.verifying_key])
        assert report.ok, report.failed
        found = [entries.decode(content or b"").run_id for content in report.ledger.entries]
        assert found == [own.run_id, *(one.run_id for one in waiting)]
        # They find that theirs is done.
        numbers = [store.put_record(*one, signer).number for one in waiting]
        assert numbers == [1, 2, 3]
    assert len(verify_folder(store.folder, [signer.verifying_key]).ledger.entries) == 4


def test_what_is_half_written_or_of_another_key_is_passed_over(
    waiting: list[Record], facts: RunFacts, signer: Ed25519Signer, stranger: Ed25519Signer,
    tmp_path: Path,
) -> None:  # fmt: skip
    store = FolderStore(tmp_path / "store")
    foreign = made(facts, stranger, tmp_path / "foreign", 7)
    half = waiting[0]._replace(bundle=waiting[0].bundle[:-40])
    envelope = dsse.decode(waiting[1].bundle.split(b"\n")[0])
    other = msgspec.structs.replace(envelope, payload=envelope.payload.replace(b"FAIL", b"PASS"))
    forged = waiting[1]._replace(bundle=dsse.encode(other) + b"\n")
    for attachment in facts.attachments:
        store.put_blob(attachment.sha256, attachment.content)
    with Queue(store.folder / "ledger").waiting([foreign, half, forged, waiting[2]]):
        record(msgspec.structs.replace(facts, components=9), signer, store)
    report = verify_folder(store.folder, [signer.verifying_key])
    assert report.ok, report.failed
    assert len(report.ledger.entries) == 2
    assert list((store.folder / "ledger" / "queue").iterdir()) == []


def test_a_failure_because_of_others_does_not_fail_the_own_run(
    waiting: list[Record], facts: RunFacts, signer: Ed25519Signer, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    store = FolderStore(tmp_path / "store")
    queue = Queue(store.folder / "ledger")
    original = Queue.others

    def gone(self: Queue, mine: list[Path], key: object) -> object:
        found = list(original(self, mine, key))  # type: ignore[arg-type]
        for path, _ in found:
            path.unlink()
        return found

    monkeypatch.setattr(Queue, "others", gone)
    with queue.waiting(waiting):
        assert record(msgspec.structs.replace(facts, components=9), signer, store).number == 0
    report = verify_folder(store.folder, [signer.verifying_key])
    assert (report.ok, len(report.ledger.entries)) == (True, 1)
