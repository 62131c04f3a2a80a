"""Large ledgers, made without waiting for a disk: what a million runs leave behind."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gate.evidence import checkpoint as checkpoints
from gate.evidence import entry as entries
from gate.evidence.entry import Entry
from gate.evidence.extension import RunVerdict
from gate.evidence.growth import CHECKPOINT, LedgerReading, grow
from gate.evidence.keys import Signer
from gate.evidence.ledger import FOLDER
from gate.evidence.place import FolderPlace

BEGAN = datetime(2016, 1, 1, tzinfo=UTC)
BATCH = 65_536


def run_id(number: int) -> str:
    """Return the run id of entry `number`: a run every five minutes."""
    digest = hashlib.sha256(b"run %d" % number).hexdigest()
    return f"{BEGAN + timedelta(minutes=5 * number):%Y%m%dT%H%M%SZ}-{digest[:16]}"


def entry(number: int) -> bytes:
    digest = hashlib.sha256(b"bundle %d" % number).hexdigest()
    return entries.encode(
        Entry(
            bundle=f"sha256:{digest}",
            run_id=run_id(number),
            subject=f"sha256:{digest[::-1]}",
            verdict=RunVerdict.PASS if number % 5 else RunVerdict.FAIL,
        )
    )


def large(folder: Path, size: int, signer: Signer) -> Path:
    """Make the ledger of the evidence folder `folder`, of `size` entries, and return it."""
    ledger = folder / FOLDER
    ledger.mkdir(parents=True)
    reading = LedgerReading(FolderPlace(ledger), signer.verifying_key)
    for begin in range(0, size, BATCH):
        some = [entry(number) for number in range(begin, min(begin + BATCH, size))]
        grown = grow(reading.tip(reading.state()), some)
        for path, content in grown.files:
            (ledger / path).parent.mkdir(parents=True, exist_ok=True)
            (ledger / path).write_bytes(content)
        (ledger / CHECKPOINT).write_bytes(checkpoints.sign(grown.checkpoint, signer))
    return ledger
