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

from gate.errors import EvidenceError, VerificationError
from gate.estate.audit import Audit
from gate.evidence import checkpoint as checkpoints
from gate.evidence.growth import CHECKPOINT
from gate.evidence.keys import VerifyingKey
from gate.evidence.layout import SUFFIX, blob_name
from gate.evidence.ledger import FOLDER, LOCK
from gate.evidence.note import MAX_BYTES
from gate.evidence.place import Place, below
from gate.evidence.proof import SUFFIX as PROOF_SUFFIX
from gate.evidence.proof import encode, prove
from gate.evidence.tiles import ENTRIES, LARGEST_BUNDLE, levels_of, tiles_of
from gate.evidence.verify import verify_at
from gate.run.attachments import attached

EVIDENCE = "evidence"
PROOFS = "proofs"
_TILES = "tile/"
_LARGEST = 1024 * 1024 * 1024

Files = Iterator[tuple[str, bytes]]


def extract(place: Place, trusted: Sequence[VerifyingKey], audit: Audit) -> Files:
    """Yield name and content of every file, in an order that is always the same.

    EvidenceError where the place does not hold what was audited any more.
    """
    yield from _ledger(place, trusted, audit)
    yield from _records(place, trusted, audit)


def _ledger(place: Place, trusted: Sequence[VerifyingKey], audit: Audit) -> Files:
    ledger = below(place, FOLDER)
    target = f"{EVIDENCE}/{FOLDER}"
    with ledger.unchanged(LOCK):
        note = ledger.read(CHECKPOINT, MAX_BYTES) or b""
        try:
            state = checkpoints.verify(note, trusted).checkpoint
        except VerificationError as error:
            raise _changed(ledger.name) from error
        if (state.size, state.root) != (audit.size, audit.root):
            raise _changed(ledger.name)
        yield f"{target}/{CHECKPOINT}", note
        for level in (ENTRIES, *range(levels_of(audit.size))):
            for tile in tiles_of(audit.size, level):
                for content in _content(ledger, tile.path, LARGEST_BUNDLE, audit):
                    yield f"{target}/{tile.path}", content
        for name in sorted(place.names(FOLDER)):
            inside = name.removeprefix(f"{FOLDER}/")
            if inside not in {CHECKPOINT, LOCK} and not inside.startswith(_TILES):
                for content in _content(ledger, inside, _LARGEST, audit):
                    yield f"{target}/{inside}", content


def _records(place: Place, trusted: Sequence[VerifyingKey], audit: Audit) -> Files:
    """Yield records, attachments and proofs; what several records share, once."""
    given: set[str] = set()
    numbers = {
        check.line.run_id: check.entry
        for system in audit.systems
        for check in (*system.checks, *((system.before,) if system.before else ()))
    }
    for name in audit.names:
        for content in _content(place, name, _LARGEST, audit):
            yield f"{EVIDENCE}/{name}", content
        run = verify_at(place, name, trusted, blobs=False).run
        if run is None:
            continue
        for sha256 in sorted(set(attached(run).values()) - given):
            given.add(sha256)
            if sha256 in audit.gone:
                continue
            for content in _content(place, blob_name(sha256), _LARGEST, audit):
                yield f"{EVIDENCE}/{blob_name(sha256)}", content
        number = numbers.get(run.run_id)
        if number is not None:
            proof = f"{PROOFS}/{name.removesuffix(SUFFIX)}{PROOF_SUFFIX}"
            try:
                yield proof, encode(prove(below(place, FOLDER), number, trusted))
            except VerificationError as error:
                if audit.verified:
                    raise _changed(place.name) from error


def _content(place: Place, name: str, most: int, audit: Audit) -> Iterator[bytes]:
    """Yield the content of a file, or nothing where unsound evidence lacks it."""
    try:
        content = place.read(name, most)
    except EvidenceError:
        if audit.verified:
            raise
        return
    if content is not None:
        yield content
    elif audit.verified:
        raise _changed(f"{place.name}/{name}")


def _changed(where: str) -> EvidenceError:
    return EvidenceError(
        "changed while it was exported",
        where=where,
        hint="a run was recorded in the meantime: export again",
    )
