"""The ledger grows by whole entries, and only from a state that was signed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from gate.errors import EvidenceError
from gate.evidence import checkpoint as checkpoints
from gate.evidence.facts import RunFacts
from gate.evidence.keys import Ed25519Signer
from gate.evidence.ledger import CHECKPOINT, Ledger
from gate.evidence.merkle import leaf_hash, node_hash
from gate.evidence.record import record
from gate.evidence.store import FolderStore
from gate.evidence.verify_folder import verify_folder
from gate.evidence.verify_ledger import verify_ledger
from tests.evidence.ledgers import append, entry, grown
from tests.evidence.test_crash import DRIVER


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_the_first_entries(tmp_path: Path, signer: Ed25519Signer) -> None:
    folder = grown(tmp_path, signer, 2)
    assert files(folder) == {
        "checkpoint",
        "tile/0/000.p/1", "tile/0/000.p/2", "tile/entries/000.p/1", "tile/entries/000.p/2",
    }  # fmt: skip
    hashes = [leaf_hash(entry(0)), leaf_hash(entry(1))]
    assert (folder / "tile/0/000.p/2").read_bytes() == b"".join(hashes)
    signed = checkpoints.verify((folder / CHECKPOINT).read_bytes(), [signer.verifying_key])
    assert signed.checkpoint.size == 2
    assert signed.checkpoint.root == node_hash(*hashes)
    assert signed.checkpoint.origin == f"patchgate.dev/ledger/{hashes[0].hex()[:32]}"


def test_a_ledger_over_two_levels_of_tiles(quick_path: Path, signer: Ed25519Signer) -> None:
    folder = grown(quick_path, signer, 515)
    report = verify_ledger(folder, [signer.verifying_key])
    assert report.problems == ()
    assert report.entries == tuple(map(entry, range(515)))
    assert files(folder) == {
        "checkpoint",
        "tile/0/000", "tile/0/001", "tile/entries/000", "tile/entries/001",
        *(f"tile/{name}/002.p/{width}" for name in ("0", "entries") for width in (1, 2, 3)),
        # Of a full tile, partial ones go as the next tile gets as wide.
        *(f"tile/{name}/001.p/{width}" for name in ("0", "entries") for width in range(4, 256)),
        "tile/1/000.p/1", "tile/1/000.p/2",
    }  # fmt: skip
    assert not (folder / "tile/0/000.p").exists()
    assert not (folder / "tile/entries/000.p").exists()


def test_every_size_around_a_full_tile(quick_path: Path, signer: Ed25519Signer) -> None:
    folder = grown(quick_path, signer, 250)
    for size in range(250, 260):
        report = verify_ledger(folder, [signer.verifying_key])
        assert (report.problems, len(report.entries)) == ((), size)
        append(quick_path, signer, entry(size))


def test_finds_an_entry(quick_path: Path, signer: Ed25519Signer) -> None:
    assert Ledger(quick_path, signer).find(entry(0)) is None
    grown(quick_path, signer, 300)
    ledger = Ledger(quick_path, signer)
    assert [ledger.find(entry(n)) for n in (0, 255, 256, 299)] == [0, 255, 256, 299]
    assert ledger.find(entry(300)) is None


@pytest.mark.parametrize(
    "path", ["checkpoint", "tile/0/000.p/7", "tile/entries/000.p/7"], ids=["head", "hash", "entry"]
)
def test_what_was_altered_is_not_extended(tmp_path: Path, signer: Ed25519Signer, path: str) -> None:
    folder = grown(tmp_path, signer, 7)
    good = (folder / path).read_bytes()
    for content in (good[:-2], good[:9] + bytes([good[9] ^ 1]) + good[10:], good + b"\n", b""):
        (folder / path).write_bytes(content)
        before = files(folder)
        with pytest.raises(EvidenceError) as caught:
            append(tmp_path, signer, entry(7))
        assert str(folder) in caught.value.where
        assert caught.value.hint
        assert files(folder) == before
    (folder / path).unlink()
    with pytest.raises(EvidenceError, match=r"no checkpoint|is missing"):
        append(tmp_path, signer, entry(7))
    (folder / path).write_bytes(good)
    assert append(tmp_path, signer, entry(7)) == 7


def test_another_key_does_not_go_on(
    tmp_path: Path, signer: Ed25519Signer, stranger: Ed25519Signer
) -> None:
    grown(tmp_path, signer, 1)
    with pytest.raises(EvidenceError, match="not one of this key"):
        append(tmp_path, stranger, entry(1))


def test_an_entry_has_a_largest_size(tmp_path: Path, signer: Ed25519Signer) -> None:
    with pytest.raises(EvidenceError, match="larger"):
        append(tmp_path, signer, bytes(65_536))
    assert not files(tmp_path)


def test_left_overs_of_a_killed_append_are_written_over(
    tmp_path: Path, signer: Ed25519Signer
) -> None:
    folder = grown(tmp_path, signer, 3)
    shutil.copytree(folder, tmp_path / "before")
    append(tmp_path, signer, b"an entry that is never acknowledged")
    shutil.copy(tmp_path / "before" / CHECKPOINT, folder / CHECKPOINT)
    assert verify_ledger(folder, [signer.verifying_key]).problems == ()
    assert append(tmp_path, signer, entry(3)) == 3
    report = verify_ledger(folder, [signer.verifying_key])
    assert (report.problems, report.entries) == ((), tuple(map(entry, range(4))))


def test_a_ledger_can_be_verified_while_others_append(
    tmp_path: Path, signer: Ed25519Signer, facts: RunFacts
) -> None:
    record(facts, signer, FolderStore(tmp_path / "shared"))
    facts_path = tmp_path / "facts.json"
    facts_path.write_bytes(msgspec.json.encode(facts))
    seen = set()
    with subprocess.Popen(
        [sys.executable, str(DRIVER), "parallel", str(facts_path), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(DRIVER.parent.parent.parent)},
    ) as others:
        while others.poll() is None:
            report = verify_folder(tmp_path / "shared", [signer.verifying_key])
            assert report.ok, (report.ledger.problems, report.failed)
            seen.add(len(report.ledger.entries))
    assert others.returncode == 0
    report = verify_folder(tmp_path / "shared", [signer.verifying_key])
    assert (report.ok, len(report.ledger.entries)) == (True, 11)
    assert len(seen) > 1, "nothing was appended meanwhile"


def test_partial_tiles_that_cannot_be_removed_are_harmless(
    quick_path: Path, signer: Ed25519Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = grown(quick_path, signer, 256)

    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "unlink", refuse)
    append(quick_path, signer, entry(256))
    assert len(list((folder / "tile/0/000.p").iterdir())) == 255
    assert verify_ledger(folder, [signer.verifying_key]).problems == ()
