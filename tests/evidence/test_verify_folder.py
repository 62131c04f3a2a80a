"""Verifying a folder: what cannot be read is said, and nothing is taken for verified."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gate.errors import VerificationError
from gate.evidence import checkpoint as checkpoints
from gate.evidence import entry as entries
from gate.evidence import note
from gate.evidence.keys import Ed25519Signer
from gate.evidence.ledger import CHECKPOINT
from gate.evidence.note import MAX_BYTES
from gate.evidence.problems import Code
from gate.evidence.record import Recorded
from gate.evidence.verify_folder import verify_folder
from gate.evidence.verify_ledger import KeptCheckpoint, verify_ledger
from tests.evidence.ledgers import codes, entry, grown


def test_what_is_no_folder(tmp_path: Path, signer: Ed25519Signer) -> None:
    for path in (tmp_path / "none", tmp_path / "file"):
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(VerificationError, match="cannot be listed"):
            verify_folder(path, [signer.verifying_key])


def test_an_empty_folder_is_not_verified(tmp_path: Path, signer: Ed25519Signer) -> None:
    report = verify_folder(tmp_path, [signer.verifying_key])
    assert not report.ok
    assert codes(report.ledger) == {Code.NOT_TRUSTED}


def test_a_record_that_cannot_be_read_is_not_passed_over(
    recorded: Recorded, signer: Ed25519Signer
) -> None:
    folder = Path(recorded.place).parent
    (folder / "20200101T000000Z-0123456789abcdef.intoto.jsonl").mkdir()
    report = verify_folder(folder, [signer.verifying_key])
    (failed,) = report.failed
    assert [problem.code for problem in failed.problems] == [
        Code.NOT_IN_LEDGER,
        Code.NOT_AN_ENVELOPE,
    ]


def test_a_kept_checkpoint_that_nobody_trusted_signed_proves_nothing(
    tmp_path: Path, signer: Ed25519Signer, stranger: Ed25519Signer
) -> None:
    ledger = grown(tmp_path, signer, 3)
    state = checkpoints.verify((ledger / CHECKPOINT).read_bytes(), [signer.verifying_key])
    for content in (b"", checkpoints.sign(state.checkpoint, stranger)):
        kept = KeptCheckpoint(name="kept", content=content)
        report = verify_ledger(ledger, [signer.verifying_key], [kept])
        assert codes(report) == {Code.NOT_TRUSTED}
        assert report.problems[0].where == "kept"


def test_a_checkpoint_is_not_read_without_end(tmp_path: Path, signer: Ed25519Signer) -> None:
    ledger = grown(tmp_path, signer, 1)
    (ledger / CHECKPOINT).write_bytes(bytes(MAX_BYTES + 1))
    report = verify_ledger(ledger, [signer.verifying_key])
    assert "larger than" in report.problems[0].message


@pytest.mark.parametrize("size", ["00", "-1", "1e3", "\u0661", "9" * 17, ""])
def test_sizes_that_are_none(signer: Ed25519Signer, size: str) -> None:
    root = "A" * 43 + "="
    content = note.sign(f"example.test/log\n{size}\n{root}\n", "example.test/log", signer)
    with pytest.raises(VerificationError, match="no size"):
        checkpoints.verify(content, [signer.verifying_key])


def test_entries_have_one_spelling() -> None:
    good = json.loads(entry(0))
    assert entries.encode(entries.decode(entry(0))) == entry(0)
    for wrong in (
        json.dumps(good).encode(),
        entry(0) + b"\n",
        json.dumps({**good, "more": 1}, separators=(",", ":"), sort_keys=True).encode(),
        entry(0).replace(b"FAIL", b"MAYBE"),
        entry(0)[:-1],
        b"\xff",
    ):
        with pytest.raises(VerificationError):
            entries.decode(wrong)
