"""Recording a run: once, whole, and only what will verify."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gate.bom.model import Reading, ReadingStatus
from gate.errors import EvidenceError
from gate.evidence import entry as entries
from gate.evidence.extension import Actor, Reason, RunVerdict
from gate.evidence.facts import SBOM, Attachment, RunFacts
from gate.evidence.keys import Ed25519Signer, Signer
from gate.evidence.layout import blob_path
from gate.evidence.record import Kept, Recorded, record
from gate.evidence.store import FolderStore
from gate.evidence.verify import verify_file


def replaced(facts: RunFacts, **changes: Any) -> RunFacts:
    changed: RunFacts = msgspec.structs.replace(facts, **changes)
    return changed


@pytest.mark.parametrize("verdict", RunVerdict)
def test_what_is_recorded_verifies(
    make_facts: Callable[[RunVerdict], RunFacts],
    signer: Ed25519Signer,
    tmp_path: Path,
    verdict: RunVerdict,
) -> None:
    done = record(make_facts(verdict), signer, FolderStore(tmp_path))
    report = verify_file(Path(done.place), [signer.verifying_key])
    assert report.problems == ()
    assert report.ok
    assert report.digest == done.digest
    assert report.run is not None
    assert report.run.verdict is verdict
    assert report.run.run_id == done.run_id
    assert done.keyid == signer.verifying_key.keyid
    assert not done.repeated


def test_says_where_everything_is(recorded: Recorded, facts: RunFacts) -> None:
    bundle = Path(recorded.place)
    assert recorded.digest == f"sha256:{hashlib.sha256(bundle.read_bytes()).hexdigest()}"
    for attachment in facts.attachments:
        assert recorded.attachments[attachment.name] == f"sha256:{attachment.sha256}"
        assert blob_path(bundle.parent, attachment.sha256).read_bytes() == attachment.content


def test_recording_the_same_again_changes_nothing(
    recorded: Recorded, facts: RunFacts, signer: Ed25519Signer
) -> None:
    folder = Path(recorded.place).parent
    times = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    again = record(facts, signer, FolderStore(folder))
    assert again == msgspec.structs.replace(recorded, repeated=True)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == times


def test_recording_again_puts_back_an_attachment_that_is_gone(
    recorded: Recorded, facts: RunFacts, signer: Ed25519Signer
) -> None:
    folder = Path(recorded.place).parent
    blob_path(folder, facts.attachments[0].sha256).unlink()
    assert not verify_file(Path(recorded.place), [signer.verifying_key]).ok
    record(facts, signer, FolderStore(folder))
    assert verify_file(Path(recorded.place), [signer.verifying_key]).ok


def test_an_altered_record_is_not_taken_for_the_same(
    recorded: Recorded, facts: RunFacts, signer: Ed25519Signer, stranger: Ed25519Signer
) -> None:
    store = FolderStore(Path(recorded.place).parent)
    with pytest.raises(EvidenceError, match="recorded already"):
        record(facts, stranger, store)
    content = Path(recorded.place).read_bytes()
    for altered in (b"", b"{}\n", content[:-9], content.replace(b'"sig":"', b'"sig":"A', 1)):
        Path(recorded.place).write_bytes(altered)
        with pytest.raises(EvidenceError, match="recorded already"):
            record(facts, signer, store)


def test_another_run_under_the_same_name_is_not_taken_for_the_same(
    recorded: Recorded, facts: RunFacts, signer: Ed25519Signer, tmp_path: Path
) -> None:
    other = record(replaced(facts, components=1), signer, FolderStore(tmp_path / "other"))
    Path(recorded.place).write_bytes(Path(other.place).read_bytes())
    with pytest.raises(EvidenceError, match="another run"):
        record(facts, signer, FolderStore(Path(recorded.place).parent))


def test_blobs_are_stored_before_the_envelope_that_names_them(
    facts: RunFacts, signer: Ed25519Signer
) -> None:
    steps: list[str] = []

    class Memory:
        def read_bundle(self, run_id: str) -> bytes | None:
            steps.append("read")
            return None

        def put_blob(self, sha256: str, content: bytes) -> None:
            assert hashlib.sha256(content).hexdigest() == sha256
            steps.append("blob")

        def put_record(self, run_id: str, bundle: bytes, entry: bytes, signer: Signer) -> Kept:
            read = entries.decode(entry)
            assert read.bundle == f"sha256:{hashlib.sha256(bundle).hexdigest()}"
            assert read.run_id == run_id
            assert read.verdict is facts.verdict
            assert read.subject == f"sha256:{facts.subject.digests['sha256']}"
            steps.append("record")
            return Kept(place=f"memory:{run_id}", number=7)

    done = record(facts, signer, Memory())
    assert steps == ["read", "blob", "blob", "blob", "blob", "record"]
    assert (done.place, done.number) == (f"memory:{done.run_id}", 7)


class Untouched:
    """A store that must not be reached."""

    def read_bundle(self, run_id: str) -> bytes | None:
        raise AssertionError

    def put_blob(self, sha256: str, content: bytes) -> None:
        raise AssertionError

    def put_record(self, run_id: str, bundle: bytes, entry: bytes, signer: Signer) -> Kept:
        raise AssertionError


def contradictions(make_facts: Callable[[RunVerdict], RunFacts]) -> dict[str, RunFacts]:
    passed, failed = make_facts(RunVerdict.PASS), make_facts(RunVerdict.FAIL)
    unread = Reading(what="layer", status=ReadingStatus.PARTIAL, reason="cut short")
    without_sbom = tuple(item for item in passed.attachments if item.name != SBOM)
    return {
        "not everything was read": replaced(passed, readings=(*passed.readings, unread)),
        "reasons against it": replaced(passed, reasons=failed.reasons),
        "without any reason": replaced(failed, reasons=()),
        "cannot be replayed without: sbom": replaced(passed, attachments=without_sbom),
        "attached policy is not": replaced(passed, policy_digest="sha256:" + "0" * 64),
        "different reasons": replaced(failed, reasons=(Reason(code="x", message="y"),)),
        "attached verdict FAIL": replaced(passed, attachments=failed.attachments),
        "nobody says by whom": replaced(failed, actor=Actor(claimed="kim", verified=True)),
        "share one": replaced(failed, attachments=(*failed.attachments, failed.attachments[0])),
        "cannot be recorded": replaced(failed, snapshot="none"),
        "run id|cannot be read": replaced(
            failed,
            attachments=(Attachment(name="verdict", media_type="x", content=b"{"),),
        ),
    }


def test_what_would_not_verify_is_not_signed(
    make_facts: Callable[[RunVerdict], RunFacts], signer: Ed25519Signer
) -> None:
    for reason, wrong in contradictions(make_facts).items():
        with pytest.raises(EvidenceError, match=reason):
            record(wrong, signer, Untouched())


def test_a_key_that_cannot_sign_leaves_nothing(
    facts: RunFacts, signer: Ed25519Signer, tmp_path: Path
) -> None:
    class Absent(Ed25519Signer):
        def sign(self, message: bytes) -> bytes:
            raise EvidenceError("the token is not there")

    with pytest.raises(EvidenceError, match="token"):
        record(facts, Absent(signer._key), FolderStore(tmp_path / "evidence"))
    assert list(tmp_path.iterdir()) == []
