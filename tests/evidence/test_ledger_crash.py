"""Appends that are killed at any step lose nothing that was acknowledged."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.evidence.facts import RunFacts
from gate.evidence.keys import Ed25519Signer
from gate.evidence.ledger import FOLDER
from gate.evidence.verify_ledger import verify_ledger
from tests.evidence.ledgers import append, entry, grown
from tests.evidence.test_crash import drive

APPENDED = [b"appended 0", b"appended 1"]


@pytest.mark.parametrize("size", [0, 254])
def test_appends_killed_at_any_step(
    size: int, facts: RunFacts, signer: Ed25519Signer, quick_path: Path
) -> None:
    (quick_path / "before").mkdir()
    grown(quick_path / "before", signer, size)
    for partial in (quick_path / "before").glob("ledger/tile/*/000.p/*"):
        if partial.name != str(size):
            partial.unlink()  # allowed, and quicker to copy
    acknowledged = list(map(int, drive("append", facts, quick_path).split()))
    assert acknowledged[-1] == len(APPENDED)
    assert acknowledged == sorted(acknowledged)
    assert len(acknowledged) > 100
    trusted = [signer.verifying_key]
    everything = (*map(entry, range(size)), *APPENDED)
    for step, count in enumerate(acknowledged):
        folder = quick_path / f"{step:04}"
        report = verify_ledger(folder / FOLDER, trusted)
        if report.signed is None:
            assert (size, count) == (0, 0)
            assert not (folder / FOLDER / "checkpoint").exists()
        else:
            assert report.problems == ()
            assert len(report.entries) in {size + count, size + count + 1}
            assert report.entries == everything[: len(report.entries)]
        number = append(folder, signer, b"the next run")
        report = verify_ledger(folder / FOLDER, trusted)
        assert (report.problems, report.entries[number]) == ((), b"the next run")
