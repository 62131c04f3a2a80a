"""The evidence of a period, as files that verify by themselves.

::

    evidence/<run>.intoto.jsonl       the records of the period, and the last before it
    evidence/blobs/sha256/…           what is attached to them
    evidence/ledger/…                 the whole ledger: its entries say that no run is missing
    proofs/<run>.tlog-proof           for each record, that the ledger has it

Every file is what the evidence folder has, byte for byte; nothing is signed anew.  Where
the evidence is not sound, what cannot be read is left out, and verification of the
extract says so; where it is, nothing may be missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from gate.durable import TEMPORARY
from gate.errors import EvidenceError, VerificationError
from gate.estate.audit import Audit
from gate.evidence import checkpoint as checkpoints
from gate.evidence.durable import read_file, unchanged
from gate.evidence.keys import VerifyingKey
from gate.evidence.ledger import CHECKPOINT, FOLDER, LOCK
from gate.evidence.note import MAX_BYTES
from gate.evidence.proof import SUFFIX as PROOF_SUFFIX
from gate.evidence.proof import encode, prove
from gate.evidence.store import SUFFIX, blob_path
from gate.evidence.tiles import ENTRIES, LARGEST_BUNDLE, levels_of, tiles_of
from gate.evidence.verify import verify_file
from gate.run.attachments import attached

EVIDENCE = "evidence"
PROOFS = "proofs"
_TILES = "tile/"
_LARGEST = 1024 * 1024 * 1024

Files = Iterator[tuple[str, bytes]]


def extract(folder: Path, trusted: Sequence[VerifyingKey], audit: Audit) -> Files:
    """Yield name and content of every file, in an order that is always the same.

    EvidenceError where the folder is not what was audited any more.
    """
    yield from _ledger(folder, trusted, audit)
    yield from _records(folder, trusted, audit)


def _ledger(folder: Path, trusted: Sequence[VerifyingKey], audit: Audit) -> Files:
    ledger = folder / FOLDER
    target = f"{EVIDENCE}/{FOLDER}"
    with unchanged(ledger / LOCK):
        note = read_file(ledger / CHECKPOINT, MAX_BYTES) or b""
        try:
            state = checkpoints.verify(note, trusted).checkpoint
        except VerificationError as error:
            raise _changed(ledger) from error
        if (state.size, state.root) != (audit.size, audit.root):
            raise _changed(ledger)
        yield f"{target}/{CHECKPOINT}", note
        for level in (ENTRIES, *range(levels_of(audit.size))):
            for tile in tiles_of(audit.size, level):
                for content in _content(ledger / tile.path, LARGEST_BUNDLE, audit):
                    yield f"{target}/{tile.path}", content
        for path in sorted(ledger.rglob("*")):
            name = path.relative_to(ledger).as_posix()
            other = name not in {CHECKPOINT, LOCK} and not name.startswith(_TILES)
            if other and path.is_file() and not path.name.startswith(TEMPORARY):
                for content in _content(path, _LARGEST, audit):
                    yield f"{target}/{name}", content


def _records(folder: Path, trusted: Sequence[VerifyingKey], audit: Audit) -> Files:
    """Yield records, attachments and proofs; what several records share, once."""
    given: set[str] = set()
    numbers = {
        check.line.run_id: check.entry
        for system in audit.systems
        for check in (*system.checks, *((system.before,) if system.before else ()))
    }
    for name in audit.names:
        for content in _content(folder / name, _LARGEST, audit):
            yield f"{EVIDENCE}/{name}", content
        run = verify_file(folder / name, trusted, blobs=False).run
        if run is None:
            continue
        for sha256 in sorted(set(attached(run).values()) - given):
            given.add(sha256)
            path = blob_path(folder, sha256)
            for content in _content(path, _LARGEST, audit):
                yield f"{EVIDENCE}/{path.relative_to(folder).as_posix()}", content
        number = numbers.get(run.run_id)
        if number is not None:
            proof = f"{PROOFS}/{name.removesuffix(SUFFIX)}{PROOF_SUFFIX}"
            try:
                yield proof, encode(prove(folder / FOLDER, number, trusted))
            except VerificationError as error:
                if audit.verified:
                    raise _changed(folder) from error


def _content(path: Path, most: int, audit: Audit) -> Iterator[bytes]:
    """Yield the content of a file, or nothing where unsound evidence lacks it."""
    try:
        content = read_file(path, most)
    except EvidenceError:
        if audit.verified:
            raise
        return
    if content is not None:
        yield content
    elif audit.verified:
        raise _changed(path)


def _changed(path: Path) -> EvidenceError:
    return EvidenceError(
        "changed while it was exported",
        where=str(path),
        hint="a run was recorded in the meantime: export again",
    )
