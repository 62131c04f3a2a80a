"""Ledgers in temporary folders, with entries that need no record."""

from __future__ import annotations

import hashlib
from pathlib import Path

from gate.evidence import entry as entries
from gate.evidence.entry import Entry
from gate.evidence.extension import RunVerdict
from gate.evidence.keys import Signer
from gate.evidence.ledger import FOLDER, Ledger
from gate.evidence.problems import Code
from gate.evidence.verify_ledger import LedgerReport


def entry(number: int) -> bytes:
    digest = hashlib.sha256(f"entry {number}".encode()).hexdigest()
    made = Entry(
        bundle=f"sha256:{digest}",
        run_id=f"20261123T183251Z-{digest[:16]}",
        subject=f"sha256:{digest}",
        verdict=RunVerdict.FAIL,
    )
    return entries.encode(made)


def append(folder: Path, signer: Signer, content: bytes) -> int:
    """Append to the ledger in the evidence folder `folder`."""
    ledger = Ledger(folder, signer)
    staged = ledger.stage([content], ledger.tip())
    ledger.commit(staged)
    return staged.number


def grown(folder: Path, signer: Signer, size: int) -> Path:
    """Return the ledger in the evidence folder `folder` after `size` entries."""
    for number in range(size):
        assert append(folder, signer, entry(number)) == number
    return folder / FOLDER


def codes(report: LedgerReport) -> set[Code]:
    return {problem.code for problem in report.problems}
