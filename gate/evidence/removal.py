"""Remove parts of a folder of evidence by right: sign the redaction, then delete.

The signed redaction is there, durably, before the first file goes: a removal that
is killed leaves too much, never a part that is missing without a reason.  The
ledger stays whole.  An attachment that another record still needs is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from gate.durable import sync_folder
from gate.errors import EvidenceError, UsageError, VerificationError
from gate.evidence import redaction as redactions
from gate.evidence.durable import explained, locked, make_folder, write_file
from gate.evidence.keys import Signer
from gate.evidence.layout import blob_path, bundle_name
from gate.evidence.ledger import FOLDER, LOCK
from gate.evidence.redaction import MOST, RECORD, Redaction, Removed
from gate.evidence.verify import VerifiedRun
from gate.evidence.verify_folder import Logged


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be removed."""

    removed: tuple[Removed, ...]
    """Sorted."""
    shared: tuple[Removed, ...] = ()
    """What would be, if no other record needed it."""


Chosen = Callable[[VerifiedRun], bool]


def plan(records: Iterable[Logged], chosen: Chosen, names: tuple[str, ...] | None = None) -> Plan:
    """Return what goes where the records that are `chosen` are to be removed.

    With `names` only these attachments go, else records and all attachments.
    VerificationError where a record is not sound: what it needs is then not known.
    """
    parts: list[Removed] = []
    needed: set[str] = set()
    for logged in records:
        run = logged.report.run if logged.report is not None else None
        if logged.redacted and run is None:
            continue
        if run is None or logged.report is None or not (logged.ok or logged.redacted):
            raise VerificationError(
                "does not verify, so nothing is removed",
                where=logged.name or f"entry {logged.number}",
                hint="`patchgate evidence verify` says why",
            )
        attached = {item.name: item.sha256 for item in run.summary.attachments}
        goes = chosen(run)
        for name, sha256 in attached.items():
            if goes and (names is None or name in names):
                parts.append(Removed(run_id=run.run_id, name=name, sha256=sha256))
            else:
                needed.add(sha256)
        if goes and names is None:
            digest = logged.report.digest.removeprefix("sha256:")
            parts.append(Removed(run_id=run.run_id, name=RECORD, sha256=digest))
    return Plan(
        removed=tuple(sorted(part for part in parts if part.sha256 not in needed)),
        shared=tuple(sorted(part for part in parts if part.sha256 in needed)),
    )


def remove(folder: Path, redaction: Redaction, signer: Signer) -> Path:
    """Sign `redaction`, and delete what it names; return where it is kept.

    EvidenceError where it cannot be signed, written or deleted; what was deleted until
    then stands in the redaction.
    """
    if len(redaction.removed) > MOST:
        raise UsageError(
            f"would remove {len(redaction.removed):,} parts, {MOST:,} fit into one redaction",
            hint="remove the oldest first",
        )
    name, content = redactions.sign(redaction, signer)
    path = folder / FOLDER / name
    with locked(folder / FOLDER / LOCK):
        make_folder(path.parent)
        with explained("write", path.parent):
            sync_folder(path.parent.parent)
        write_file(path, content)
        for target in sorted(set(_files(folder, redaction))):
            with explained("remove", target):
                target.unlink(missing_ok=True)
        for parent in sorted({target.parent for target in _files(folder, redaction)}):
            if parent.exists():
                with explained("write", parent):
                    sync_folder(parent)
    return path


def _files(folder: Path, redaction: Redaction) -> Iterator[Path]:
    for part in redaction.removed:
        if part.name == RECORD:
            yield folder / bundle_name(part.run_id)
        else:
            yield blob_path(folder, part.sha256)


def check_folder(folder: Path) -> None:
    """Raise EvidenceError where there is no ledger in `folder`."""
    if not (folder / FOLDER).is_dir():
        raise EvidenceError(
            "has no ledger", where=str(folder), hint="give the folder that --evidence named"
        )
