"""Verify a folder of evidence offline: its ledger, and every record against it.

The ledger says which records there are, and what bytes they have
(`gate.evidence.verify_ledger`).  Then, for every entry:

1. the entry can be read, and its run has no other (V23);
2. the record is there (V02) with the bytes of the entry (V01);
3. the record verifies (`gate.evidence.verify`), and says what the entry says (V23).

A record that has no entry (V22) is not one that the gate acknowledged: either a
run was killed before it ended, or somebody put it there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from gate.errors import EvidenceError, VerificationError
from gate.evidence import entry as entries
from gate.evidence import proof as proofs
from gate.evidence.attested import (
    Attestations,
    check_attested,
    check_required,
    read_attested,
)
from gate.evidence.checkpoint import SignedCheckpoint
from gate.evidence.entry import Entry
from gate.evidence.extension import RunVerdict
from gate.evidence.growth import CHECKPOINT
from gate.evidence.keys import VerifyingKey
from gate.evidence.layout import SUFFIX, bundle_name
from gate.evidence.ledger import FOLDER, LOCK
from gate.evidence.place import Place, below, place_of
from gate.evidence.problems import Code, Problem, is_redacted
from gate.evidence.redaction import NO_REDACTIONS, Redactions, read_redactions
from gate.evidence.trust import Trust, trust_in
from gate.evidence.verify import (
    BlobSource,
    FolderBlobs,
    Report,
    VerifiedRun,
    places_of,
    verify_at,
    verify_file,
)
from gate.evidence.verify_ledger import KeptCheckpoint, LedgerReport, verify_ledger

Needed = Callable[[str], bool]
Further = Callable[[VerifiedRun, BlobSource], Sequence[Problem]]
"""What else a caller holds against a record, and the attachments beside it."""

_NOT_IN_LEDGER = (
    Problem(
        code=Code.NOT_IN_LEDGER,
        message="the ledger has no such record: its run was never acknowledged, "
        "or somebody put it here",
    ),
)


class Logged(msgspec.Struct, frozen=True, kw_only=True):
    """One record of a folder, or one entry of its ledger that has none."""

    number: int | None
    """Of its entry, from 0; None where the ledger does not know it."""
    name: str
    """Name of the bundle; empty where the entry cannot be read."""
    report: Report | None
    """None where the record is missing or cannot be read."""
    problems: tuple[Problem, ...]
    """All that is wrong with it, those of `report` among them."""

    @property
    def ok(self) -> bool:
        """Whether it is recorded, trusted, whole and unaltered."""
        return self.report is not None and not self.problems

    @property
    def redacted(self) -> bool:
        """Whether nothing is wrong with it, but that a part was removed by right."""
        return is_redacted(self.problems)


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A verified ledger and the names of the records beside it, at one moment."""

    ledger: LedgerReport
    names: tuple[str, ...]
    """Of the bundles, sorted."""
    attested: Attestations = Attestations()
    """What trusted others say of the ledger."""
    redactions: Redactions = NO_REDACTIONS
    """What was removed by right."""

    @property
    def unlogged(self) -> tuple[Problem, ...]:
        """What is wrong with a record that has no entry; nothing where entries are unknown."""
        known = self.ledger.signed is not None and None not in self.ledger.entries
        return _NOT_IN_LEDGER if known else ()


class FolderReport(msgspec.Struct, frozen=True, kw_only=True):
    """The result of verifying a folder."""

    ledger: LedgerReport
    attested: Attestations
    verdicts: Mapping[RunVerdict, int]
    """How many of the records that verify have each verdict."""
    failed: tuple[Logged, ...]
    """The records that do not."""
    redacted: tuple[Logged, ...] = ()
    """The records of which something was removed by right."""
    elsewhere: int = 0
    """Entries whose records are not here, and need not be."""

    @property
    def ok(self) -> bool:
        """Whether nothing at all is wrong."""
        return self.ledger.ok and not self.failed


def verify_folder(
    where: Path | Place,
    trusted: Sequence[VerifyingKey],
    kept: Sequence[KeptCheckpoint] = (),
    *,
    blobs: bool = True,
    needed: Needed | None = None,
    further: Further | None = None,
    seen: Callable[[Logged], None] | None = None,
) -> FolderReport:
    """Verify everything in the folder or place `where`, with `blobs` the attachments too.

    `needed` says of the name of a run whether its record has to be here: an extract has
    the whole ledger, and the records of a period.  `further` finds more problems of a
    record, and `seen` is called with each.

    VerificationError only where it is no folder, or cannot be listed.
    """
    snapshot = read_snapshot(where, trusted, kept)
    verdicts: Counter[RunVerdict] = Counter()
    failed: list[Logged] = []
    redacted: list[Logged] = []
    here = 0
    for found in verify_records(where, snapshot, trusted, blobs=blobs, needed=needed):
        logged = held_against(found, place_of(where), further)
        here += logged.number is not None
        if seen is not None:
            seen(logged)
        if logged.ok and logged.report is not None and logged.report.run is not None:
            verdicts[logged.report.run.verdict] += 1
        else:
            (redacted if logged.redacted else failed).append(logged)
    return FolderReport(
        ledger=snapshot.ledger,
        attested=snapshot.attested,
        verdicts=verdicts,
        failed=tuple(failed),
        redacted=tuple(redacted),
        elsewhere=len(snapshot.ledger.entries) - here,
    )


def held_against(logged: Logged, place: Place, further: Further | None) -> Logged:
    """Return a record of `place` with the problems that `further` finds with it, too."""
    run = logged.report.run if logged.report is not None else None
    if further is None or run is None:
        return logged
    more = further(run, FolderBlobs(place))
    return msgspec.structs.replace(logged, problems=(*logged.problems, *more)) if more else logged


def read_snapshot(
    where: Path | Place, trusted: Sequence[VerifyingKey], kept: Sequence[KeptCheckpoint] = ()
) -> Snapshot:
    """Verify the ledger in `where`, and list the records beside it.

    VerificationError where it is no folder, or cannot be listed.
    """
    place = place_of(where)
    with place.unchanged(f"{FOLDER}/{LOCK}"):
        try:
            names = sorted(name for name in place.names("") if name.endswith(SUFFIX))
        except EvidenceError as error:
            raise VerificationError(error.what, where=error.where, hint=error.hint) from error
        log = below(place, FOLDER)
        seen = read_attested(log)
        also = [KeptCheckpoint(name=one.name, content=one.note) for one in seen]
        ledger = verify_ledger(log, trusted, (*kept, *also))
        trust = trust_in(trusted)
        redactions = read_redactions(log, trust)
    attested = check_attested(seen, trust)
    size = len(ledger.entries)
    problems = [
        *attested.problems,
        *check_required(attested, trust, size),
        *redactions.problems,
    ]
    if ledger.signed is not None:
        problems += _signed_in_time(ledger.signed, attested, trust)
    known = set(ledger.problems)
    ledger = msgspec.structs.replace(
        ledger, problems=(*ledger.problems, *(one for one in problems if one not in known))
    )
    return Snapshot(ledger=ledger, names=tuple(names), attested=attested, redactions=redactions)


def _signed_in_time(
    signed: SignedCheckpoint, attested: Attestations, trust: Trust
) -> list[Problem]:
    """Return why no key under the checkpoint counts, where none does."""
    last = attested.span(signed.checkpoint.size - 1)
    # When it was signed is nowhere said.
    faults = [fault for keyid in signed.keyids for fault in trust.faults([keyid], None, last)]
    if len(faults) < len(signed.keyids):
        return []
    return [Problem(code=Code.NOT_TRUSTED, message=fault, where=CHECKPOINT) for fault in faults]


def verify_records(
    where: Path | Place,
    snapshot: Snapshot,
    trusted: Sequence[VerifyingKey],
    *,
    blobs: bool,
    needed: Needed | None = None,
) -> Iterator[Logged]:
    """Yield every entry of the ledger, in its order, with its record; then what has no entry.

    An entry without a record that is not `needed` is left out.
    """
    place = place_of(where)
    first: dict[str, int] = {}
    names = frozenset(snapshot.names)
    for number, content in enumerate(snapshot.ledger.entries):
        entry, problems = _read_entry(number, content)
        if entry is None:
            yield Logged(number=number, name="", report=None, problems=tuple(problems))
            continue
        name = bundle_name(entry.run_id)
        if (earlier := first.setdefault(name, number)) != number:
            message = f"run {entry.run_id} is entry {earlier} already"
            problems.append(_disagrees(number, message))
        if needed is not None and name not in names and not problems and not needed(entry.run_id):
            continue
        logged = _verify_entry(place, number, entry, snapshot, trusted, blobs=blobs)
        yield msgspec.structs.replace(logged, problems=(*problems, *logged.problems))
    for name in snapshot.names:
        if name not in first:
            yield _without_entry(place, name, snapshot.unlogged, trusted, blobs=blobs)


def verify_record(
    path: Path, snapshot: Snapshot | None, trusted: Sequence[VerifyingKey], *, blobs: bool
) -> Logged:
    """Verify one record, and with the `snapshot` of its folder that the ledger knows it.

    VerificationError where the file cannot be read.
    """
    return verify_record_at(place_of(path.parent), path.name, snapshot, trusted, blobs=blobs)


def verify_record_at(
    place: Place,
    name: str,
    snapshot: Snapshot | None,
    trusted: Sequence[VerifyingKey],
    *,
    blobs: bool,
) -> Logged:
    """Verify the record called `name` in `place`, as `verify_record` does a file."""
    for number, content in enumerate(snapshot.ledger.entries if snapshot is not None else ()):
        entry, _ = _read_entry(number, content)
        if snapshot is not None and entry is not None and bundle_name(entry.run_id) == name:
            return _verify_entry(place, number, entry, snapshot, trusted, blobs=blobs)
    report = verify_at(place, name, trusted, blobs=blobs)
    unlogged = snapshot.unlogged if snapshot is not None else ()
    problems = (*unlogged, *report.problems)
    return Logged(number=None, name=name, report=report, problems=problems)


def verify_with_proof(
    path: Path, given: bytes, name: str, trusted: Sequence[VerifyingKey], *, blobs: bool
) -> Logged:
    """Verify one record, and by the proof `given`, called `name`, that a ledger has it.

    VerificationError where the record cannot be read.
    """
    report = verify_file(path, trusted, blobs=blobs)
    problems = list(report.problems)
    number = None
    if report.run is not None:
        leaf = proofs.leaf_of(report.run, report.digest)
        try:
            proof = proofs.decode(given)
            proofs.verify(proof, leaf, trusted)
            number = proof.number
        except VerificationError as error:
            problems.append(Problem(code=Code.PROOF_FAILS, message=error.what, where=name))
    return Logged(number=number, name=path.name, report=report, problems=tuple(problems))


def _verify_entry(
    place: Place,
    number: int,
    entry: Entry,
    snapshot: Snapshot,
    trusted: Sequence[VerifyingKey],
    *,
    blobs: bool,
) -> Logged:
    name = bundle_name(entry.run_id)
    redactions = snapshot.redactions
    try:
        report = verify_at(place, name, trusted, snapshot.attested.span(number), blobs=blobs)
    except VerificationError as error:
        missing = _problem(Code.BLOB_MISSING, number, f"the record {error.what} (deleted?)")
        problem = redacted_entry(number, entry, redactions) or missing
        return Logged(number=number, name=name, report=None, problems=(problem,))
    digests = places_of(report.run) if report.run is not None else {}
    problems = (*_compare(number, entry, report), *redactions.explain(report.problems, digests))
    return Logged(number=number, name=name, report=report, problems=problems)


def redacted_entry(number: int, entry: Entry, redactions: Redactions) -> Problem | None:
    """Return how the record of an entry was removed by right; None where it was not."""
    missing = _problem(Code.BLOB_MISSING, number, "")
    digests = {missing.where: entry.bundle.removeprefix("sha256:")}
    (problem,) = redactions.explain((missing,), digests)
    return problem if problem.code is Code.REDACTED else None


def _without_entry(
    place: Place,
    name: str,
    problems: tuple[Problem, ...],
    trusted: Sequence[VerifyingKey],
    *,
    blobs: bool,
) -> Logged:
    """Return a record that no entry speaks of; of `problems` it has these in any case."""
    try:
        report = verify_at(place, name, trusted, blobs=blobs)
    except VerificationError as error:
        unread = Problem(code=Code.NOT_AN_ENVELOPE, message=error.what)
        return Logged(number=None, name=name, report=None, problems=(*problems, unread))
    return Logged(number=None, name=name, report=report, problems=(*problems, *report.problems))


def _read_entry(number: int, content: bytes | None) -> tuple[Entry | None, list[Problem]]:
    if content is None:
        return None, [_problem(Code.LEDGER_INCOMPLETE, number, "cannot be read")]
    try:
        return entries.decode(content), []
    except VerificationError as error:
        return None, [_disagrees(number, error.what)]


def _compare(number: int, entry: Entry, report: Report) -> Iterator[Problem]:
    """Yield where a record is not what its entry says."""
    if report.digest != entry.bundle:
        message = f"the record has {report.digest}, recorded was {entry.bundle}"
        yield _problem(Code.BLOB_ALTERED, number, message)
    run = report.run
    if run is not None and (
        run.run_id != entry.run_id
        or run.verdict is not entry.verdict
        or f"sha256:{run.subject[0].sha256}" != entry.subject
    ):
        yield _disagrees(number, "says something else than its record")


def _disagrees(number: int, message: str) -> Problem:
    return _problem(Code.ENTRY_DISAGREES, number, message)


def _problem(code: Code, number: int, message: str) -> Problem:
    return Problem(code=code, message=message, where=f"entry {number}")
