"""All records of a folder in the order of its ledger, each verified, in little time.

The ledger is verified whole every time.  A record whose bytes have the digest that its
entry has is the one that was recorded; what it says is taken from the index if it is
known, else it is verified as `gate.evidence.verify` does.  Where anything at all is not
as it should be, every record is verified again, and every problem is listed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from gate.errors import EvidenceError, VerificationError
from gate.estate.index import Index, IndexFile
from gate.estate.lines import RunLine, line_of
from gate.estate.period import Period
from gate.evidence import entry as entries
from gate.evidence.bundle import MAX_BUNDLE
from gate.evidence.checkpoint import SignedCheckpoint
from gate.evidence.entry import Entry
from gate.evidence.extension import read_run_time
from gate.evidence.keys import VerifyingKey
from gate.evidence.layout import blob_name, bundle_name
from gate.evidence.place import Place, place_of
from gate.evidence.problems import Code, Problem, is_redacted
from gate.evidence.redaction import NO_REDACTIONS, Redactions
from gate.evidence.verify import verify_bundle
from gate.evidence.verify_folder import (
    Snapshot,
    read_snapshot,
    redacted_entry,
    verify_records,
)


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One record, or one entry that has none."""

    number: int | None
    """Of its entry, from 0; None where the ledger does not know it."""
    name: str
    """Of its file."""
    line: RunLine | None
    """None where it does not verify: then it says nothing."""
    problems: tuple[Problem, ...] = ()


class Register(msgspec.Struct, frozen=True, kw_only=True):
    """All records of a folder."""

    listed: tuple[Listed, ...]
    ledger: tuple[Problem, ...]
    """What is wrong with the ledger itself."""
    signed: SignedCheckpoint | None = None
    """The checkpoint, where it verifies."""
    times: tuple[datetime | None, ...] = ()
    """When the run of each entry claims to have been, by its name; None where there is none."""
    redactions: Redactions = NO_REDACTIONS

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong at all."""
        return not self.ledger and all(
            one.line is not None or is_redacted(one.problems) for one in self.listed
        )


def read_register(
    where: Path | Place,
    trusted: Sequence[VerifyingKey],
    index: Index,
    period: Period | None = None,
) -> Register:
    """Return the records in `where`; `index` learns what is new.

    With a `period`, records of runs outside of it may be missing: an extract does not have
    them.  VerificationError where it is no folder, or cannot be listed.
    """
    place = place_of(where)
    snapshot = read_snapshot(place, trusted)
    named = tuple(_entry(content) for content in snapshot.ledger.entries)
    missing: frozenset[int] = frozenset()
    if period is not None:
        missing = _elsewhere(named, frozenset(snapshot.names), period)
    listed = _quickly(place, snapshot, trusted, index, missing) if snapshot.ledger.ok else None
    if listed is None:
        listed = tuple(_thoroughly(place, snapshot, trusted, period))
    return Register(
        listed=listed,
        ledger=snapshot.ledger.problems,
        signed=snapshot.ledger.signed,
        times=tuple(read_run_time(entry.run_id) if entry is not None else None for entry in named),
        redactions=snapshot.redactions,
    )


def _entry(content: bytes | None) -> Entry | None:
    try:
        return entries.decode(content or b"")
    except VerificationError:
        return None


def _elsewhere(
    named: Sequence[Entry | None], names: frozenset[str], period: Period
) -> frozenset[int]:
    """Return the entries outside of `period` that have no record beside the ledger."""
    return frozenset(
        number
        for number, entry in enumerate(named)
        if entry is not None
        and bundle_name(entry.run_id) not in names
        and not period.has_run(entry.run_id)
    )


def _quickly(
    place: Place,
    snapshot: Snapshot,
    trusted: Sequence[VerifyingKey],
    index: Index,
    missing: frozenset[int],
) -> tuple[Listed, ...] | None:
    """Return the records if every one of them is sound, else None."""
    listed = []
    names = set()
    for number, content in enumerate(snapshot.ledger.entries):
        if number in missing:
            continue
        try:
            entry = entries.decode(content or b"")
            name = bundle_name(entry.run_id)
            bundle = place.read(name, MAX_BUNDLE)
        except (VerificationError, EvidenceError):
            return None
        if bundle is None:
            gone = redacted_entry(number, entry, snapshot.redactions)
            if gone is None:
                return None
            listed.append(Listed(number=number, name=name, line=None, problems=(gone,)))
            continue
        if f"sha256:{hashlib.sha256(bundle).hexdigest()}" != entry.bundle:
            return None
        line = index.lines.get(entry.bundle)
        if line is None:
            report = verify_bundle(bundle, name, trusted, None)
            if not report.ok or report.run is None:
                return None
            line = index.lines[entry.bundle] = line_of(report.run)
        same = (line.run_id, line.verdict, f"sha256:{line.sha256}")
        if same != (entry.run_id, entry.verdict, entry.subject):
            return None
        listed.append(Listed(number=number, name=name, line=line))
        names.add(name)
    there = sum(one.line is not None for one in listed)
    return tuple(listed) if names == set(snapshot.names) and len(names) == there else None


def _thoroughly(
    place: Place, snapshot: Snapshot, trusted: Sequence[VerifyingKey], period: Period | None
) -> Iterator[Listed]:
    needed = period.has_run if period is not None else None
    for logged in verify_records(place, snapshot, trusted, blobs=False, needed=needed):
        run = logged.report.run if logged.ok and logged.report is not None else None
        yield Listed(
            number=logged.number,
            name=logged.name,
            line=line_of(run) if run is not None else None,
            problems=logged.problems,
        )


class _Flaw(msgspec.Struct, frozen=True):
    id: str


class _Flaws(msgspec.Struct, frozen=True):
    decisions: tuple[_Flaw, ...] = ()


_flaws = msgspec.json.Decoder(_Flaws)


def flaws_of(given: Path | Place, line: RunLine, index: Index) -> tuple[str, ...] | Problem:
    """Return the identifiers of the flaws that a run found, or why they cannot be told."""
    sha256 = line.verdict_sha256
    if not sha256:
        return ()
    known = index.flaws.get(sha256)
    if known is not None:
        return known
    where = "attachment 'verdict'"
    try:
        with place_of(given).open(blob_name(sha256)) as file:
            content = file.read()
    except OSError as error:
        code = Code.BLOB_MISSING if isinstance(error, FileNotFoundError) else Code.BLOB_UNREADABLE
        return Problem(code=code, message=error.strerror or "cannot be read", where=where)
    if hashlib.sha256(content).hexdigest() != sha256:
        return Problem(code=Code.BLOB_ALTERED, message="was altered", where=where)
    try:
        found = tuple(sorted({one.id for one in _flaws.decode(content).decisions}))
    except msgspec.DecodeError as error:
        return Problem(code=Code.BLOB_UNREADABLE, message=str(error), where=where)
    index.flaws[sha256] = found
    return found


__all__ = ["IndexFile", "Listed", "Register", "flaws_of", "read_register"]
