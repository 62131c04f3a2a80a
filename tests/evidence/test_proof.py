"""Proofs in one file: made from the tiles, and good for one record only."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmarks.ledgers import entry as entry_of_time
from benchmarks.ledgers import large, run_id
from gate.errors import VerificationError
from gate.evidence import proof as proofs
from gate.evidence.keys import Ed25519Signer
from gate.evidence.merkle import leaf_hash
from gate.evidence.place import FolderPlace
from gate.evidence.problems import Code
from gate.evidence.record import Recorded
from gate.evidence.verify_folder import verify_with_proof
from tests.evidence.ledgers import append, entry, grown


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 300, 515])
def test_every_entry_has_a_proof(quick_path: Path, signer: Ed25519Signer, size: int) -> None:
    ledger = grown(quick_path, signer, size)
    trusted = [signer.verifying_key]
    for number in {0, size // 2, size - 1}:
        proof = proofs.prove(ledger, number, trusted)
        assert proofs.decode(proofs.encode(proof)) == proof
        state = proofs.verify(proof, leaf_hash(entry(number)), trusted).checkpoint
        assert state.size == size
        with pytest.raises(VerificationError, match="does not show"):
            proofs.verify(proof, leaf_hash(entry(number + 1)), trusted)
    with pytest.raises(VerificationError, match="no entry"):
        proofs.prove(ledger, size, trusted)


@pytest.mark.parametrize("size", [1, 255, 256, 700])
def test_a_run_is_found_and_proven(quick_path: Path, signer: Ed25519Signer, size: int) -> None:
    trusted = [signer.verifying_key]
    ledger = large(quick_path, size, signer)
    for number in {0, size // 3, size // 2, size - 1}:
        proof = proofs.prove_run(ledger, run_id(number), trusted)
        assert proof.number == number
        assert proofs.verify(proof, leaf_hash(entry_of_time(number)), trusted)
    with pytest.raises(VerificationError, match="no such run"):
        proofs.prove_run(ledger, run_id(size), trusted)


def test_a_run_that_came_late_is_found(quick_path: Path, signer: Ed25519Signer) -> None:
    ledger = large(quick_path, 1000, signer)
    for number in (2000, 3, 1500):  # of no order at all
        content = entry_of_time(number).replace(b"PASS", b"FAIL")
        append(quick_path, signer, content)
    trusted = [signer.verifying_key]
    assert proofs.prove_run(ledger, run_id(1500), trusted).number == 1002
    assert proofs.prove_run(ledger, run_id(2000), trusted).number == 1000
    assert proofs.prove_run(ledger, run_id(999), trusted).number == 999


def test_one_proof_reads_little(
    quick_path: Path, signer: Ed25519Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = large(quick_path, 70_000, signer)
    place, read = FolderPlace(ledger), []

    def counted(path: str, limit: int) -> bytes | None:
        read.append(path)
        return FolderPlace(ledger).read(path, limit)

    monkeypatch.setattr(place, "read", counted)
    assert proofs.prove_run(place, run_id(12_345), [signer.verifying_key]).number == 12_345
    assert len(read) < 20


def test_nothing_is_proven_from_what_was_altered(
    quick_path: Path, signer: Ed25519Signer, stranger: Ed25519Signer
) -> None:
    ledger = grown(quick_path, signer, 4)
    with pytest.raises(VerificationError, match="no trusted key"):
        proofs.prove(ledger, 1, [stranger.verifying_key])
    tile = ledger / "tile/0/000.p/4"
    tile.write_bytes(tile.read_bytes()[::-1])
    with pytest.raises(VerificationError, match="does not show"):
        proofs.prove(ledger, 1, [signer.verifying_key])
    tile.unlink()
    with pytest.raises(VerificationError, match="missing"):
        proofs.prove(ledger, 1, [signer.verifying_key])
    shutil.rmtree(ledger)
    with pytest.raises(VerificationError, match="no checkpoint"):
        proofs.prove(ledger, 1, [signer.verifying_key])


def test_every_bit_of_a_proof_counts(quick_path: Path, signer: Ed25519Signer) -> None:
    trusted = [signer.verifying_key]
    content = proofs.encode(proofs.prove(grown(quick_path, signer, 5), 2, trusted))

    def holds(given: bytes) -> bool:
        try:
            return bool(proofs.verify(proofs.decode(given), leaf_hash(entry(2)), trusted))
        except VerificationError:
            return False

    assert holds(content)
    for position in range(len(content)):
        assert not holds(content[:position])
        for bit in range(8):
            flipped = bytearray(content)
            flipped[position] ^= 1 << bit
            assert not holds(bytes(flipped)), (position, bit)


def test_a_record_and_its_proof_need_no_folder(
    recorded: Recorded, signer: Ed25519Signer, stranger: Ed25519Signer, tmp_path: Path
) -> None:
    record = Path(recorded.place)
    trusted = [signer.verifying_key]
    proof = proofs.encode(proofs.prove(record.parent / "ledger", recorded.number, trusted))
    alone = tmp_path / record.name
    shutil.copy(record, alone)
    logged = verify_with_proof(alone, proof, "a.tlog-proof", trusted, blobs=False)
    assert logged.ok
    assert logged.number == 0
    logged = verify_with_proof(alone, proof[:-9], "a.tlog-proof", trusted, blobs=False)
    assert [problem.code for problem in logged.problems] == [Code.PROOF_FAILS]
    assert logged.problems[0].where == "a.tlog-proof"
    unknown = verify_with_proof(alone, proof, "a", [stranger.verifying_key], blobs=False)
    assert [problem.code for problem in unknown.problems] == [Code.NOT_SIGNED]
