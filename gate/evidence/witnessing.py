"""What a witness and a time stamp do to a ledger: verify it, sign what was seen, keep it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from gate.errors import EvidenceError, VerificationError
from gate.evidence import note as notes
from gate.evidence.attested import keep_cosignature, keep_token
from gate.evidence.cosignature import cosign, find_cosignature
from gate.evidence.durable import locked, read_file, write_file
from gate.evidence.growth import CHECKPOINT
from gate.evidence.keys import Signer
from gate.evidence.ledger import FOLDER, LOCK
from gate.evidence.note import MAX_BYTES
from gate.evidence.trust import Trust
from gate.evidence.verify_folder import read_snapshot
from gate.evidence.verify_ledger import KeptCheckpoint

Stamp = Callable[[bytes], tuple[bytes, datetime]]
"""From the text of a checkpoint to a token over it and its time."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint that was verified and attested."""

    size: int
    before: int
    """How many entries the witness had seen before; 0 for none."""
    time: datetime
    path: Path


def witness(
    evidence: Path, trust: Trust, signer: Signer, *, name: str, seen: Path, now: datetime
) -> Seen:
    """Cosign the checkpoint of a folder as the witness `name`.

    `seen` is the file in which the witness keeps what it signed last; it must lie where
    the operators of the ledger cannot write.  VerificationError where the ledger does not
    verify, or does not go on from that.
    """
    last, before = _last_seen(seen, name, signer)
    size, note = _verified(evidence, trust, last)
    line = cosign(notes.decode(note).text, name, signer, now)
    # First what the witness itself remembers: it must never sign two histories.
    write_file(seen, note + line.encode())
    with locked(evidence / FOLDER / LOCK):
        path = keep_cosignature(evidence / FOLDER, size, note, line)
    return Seen(size=size, before=before, time=now, path=path)


def stamp(evidence: Path, trust: Trust, make: Stamp) -> Seen:
    """Keep a time stamp over the checkpoint of a folder.

    VerificationError where the ledger does not verify, EvidenceError where there is
    no time stamp that does.
    """
    size, note = _verified(evidence, trust, ())
    token, time = make(notes.decode(note).text.encode())
    with locked(evidence / FOLDER / LOCK):
        path = keep_token(evidence / FOLDER, size, note, token)
    return Seen(size=size, before=0, time=time, path=path)


def _verified(evidence: Path, trust: Trust, kept: tuple[KeptCheckpoint, ...]) -> tuple[int, bytes]:
    """Return size and bytes of a checkpoint whose ledger verifies; else VerificationError."""
    alone = Trust(
        trust.keys, authorities=trust.authorities
    )  # what the first witness adds cannot be required of it
    report = read_snapshot(evidence, alone, kept).ledger
    if report.signed is None or report.problems:
        what = "; ".join(f"{one.code} {one.where}: {one.message}" for one in report.problems)
        raise VerificationError(
            f"the ledger does not verify, so nothing is signed: {what}", where=str(evidence)
        )
    note = read_file(evidence / FOLDER / CHECKPOINT, MAX_BYTES) or b""
    size = report.signed.checkpoint.size
    if notes.decode(note).text.split("\n")[1] != str(size):
        raise EvidenceError("a run was recorded meanwhile", where=str(evidence), hint="try again")
    return size, note


def _last_seen(seen: Path, name: str, signer: Signer) -> tuple[tuple[KeptCheckpoint, ...], int]:
    content = read_file(seen, MAX_BYTES)
    if content is None:
        return (), 0
    note = notes.decode(content)
    if find_cosignature(note, name, signer.verifying_key) is None:
        raise VerificationError(
            "is not what this witness signed last", where=str(seen), hint="check --seen"
        )
    return (KeptCheckpoint(name=str(seen), content=content),), int(note.text.split("\n")[1])
