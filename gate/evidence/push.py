"""Carry recorded runs from one place to another: a spool to its store, a folder to a bucket.

Records are carried as they are, byte for byte, in the order of the ledger they come
from; in the other ledger they follow what is there already.  What is there is left
alone, so that pushing again, or after a push that broke off, changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from gate.errors import EvidenceError, VerificationError
from gate.evidence import entry as entries
from gate.evidence.bundle import MAX_BUNDLE
from gate.evidence.keys import Signer, VerifyingKey
from gate.evidence.layout import blob_name, bundle_name
from gate.evidence.place import Place, read_part
from gate.evidence.record import Record
from gate.evidence.verify_folder import Logged, Snapshot, read_snapshot, verify_records

if TYPE_CHECKING:
    from gate.evidence.stores import EvidenceStore

_BATCH = 100
_LARGEST_BLOB = 1024 * 1024 * 1024


class Pushed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the records of a place."""

    new: int
    """Records that the store did not have."""
    there: int
    """Records that it had."""
    refused: tuple[Logged, ...]
    """Records that do not verify: they are not carried."""
    snapshot: Snapshot
    """Of the place they come from; where its ledger is not sound, nothing is carried."""

    @property
    def ok(self) -> bool:
        """Whether all that is recorded there is in the store now."""
        return self.snapshot.ledger.ok and not self.refused


def push(
    source: Place, store: EvidenceStore, signer: Signer, trusted: Sequence[VerifyingKey]
) -> Pushed:
    """Keep every record of `source` in `store`, whose ledger `signer` signs.

    Each is verified before, attachments too.  VerificationError where `source`
    cannot be read, EvidenceError where the store fails: what was carried until then
    is recorded.
    """
    snapshot = read_snapshot(source, trusted)
    refused: list[Logged] = []
    if not snapshot.ledger.ok:
        return Pushed(new=0, there=0, refused=(), snapshot=snapshot)
    new = there = 0
    carried: set[str] = set()
    for batch in _batches(source, snapshot, trusted, refused):
        missing = [one for one in batch if store.read_bundle(_run_id(one)) is None]
        for logged in batch:
            _carry_blobs(source, store, logged, carried)
        store.put_records([_record(source, logged) for logged in batch], signer)
        new += len(missing)
        there += len(batch) - len(missing)
    return Pushed(new=new, there=there, refused=tuple(refused), snapshot=snapshot)


def _batches(
    source: Place, snapshot: Snapshot, trusted: Sequence[VerifyingKey], refused: list[Logged]
) -> Iterator[list[Logged]]:
    """Yield the records that verify, in order; what does not is added to `refused`."""
    batch: list[Logged] = []
    for logged in verify_records(source, snapshot, trusted, blobs=True):
        if not logged.ok:
            refused.append(logged)
            continue
        batch.append(logged)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _run_id(logged: Logged) -> str:
    run = logged.report.run if logged.report is not None else None
    if run is None:
        raise VerificationError("is not a record that verifies", where=logged.name)
    return run.run_id


def _carry_blobs(source: Place, store: EvidenceStore, logged: Logged, carried: set[str]) -> None:
    run = logged.report.run if logged.report is not None else None
    for attachment in run.summary.attachments if run is not None else ():
        if attachment.sha256 in carried:
            continue
        content = read_part(source, blob_name(attachment.sha256), _LARGEST_BLOB)
        if content is None or hashlib.sha256(content).hexdigest() != attachment.sha256:
            raise EvidenceError(
                f"attachment '{attachment.name}' has changed since it was verified",
                where=f"{source.name}/{logged.name}",
                hint="push again; if it stays, verify the evidence",
            )
        store.put_blob(attachment.sha256, content)
        carried.add(attachment.sha256)


def _record(source: Place, logged: Logged) -> Record:
    """Return a record with its entry, both as they were verified."""
    run_id = _run_id(logged)
    bundle = read_part(source, bundle_name(run_id), MAX_BUNDLE) or b""
    report = logged.report
    run = report.run if report is not None else None
    if report is None or run is None or _digest(bundle) != report.digest:
        raise EvidenceError("has changed since it was verified", where=f"{source.name}/{run_id}")
    entry = entries.Entry(
        bundle=report.digest,
        run_id=run_id,
        subject=f"sha256:{run.subject[0].sha256}",
        verdict=run.verdict,
    )
    return Record(run_id, bundle, entries.encode(entry))


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
