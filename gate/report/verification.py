"""The result of verifying evidence as a document: for programs, and for the page of it."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from gate import __version__
from gate.evidence.extension import RunVerdict
from gate.evidence.problems import INFORMATION, MEANINGS, Problem
from gate.evidence.trust import Trust
from gate.evidence.verify_folder import FolderReport, Logged
from gate.evidence.verify_ledger import LedgerReport
from gate.report.encoding import visible_json

SCHEMA = "https://patchgate.dev/schema/verification-1.json"


class ProblemNote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is wrong, or that was removed by right."""

    code: str
    meaning: str
    message: str
    where: str = ""
    information: bool = False
    """Whether nothing is wrong with it (V13)."""


class RecordNote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One record."""

    name: str
    verified: bool
    entry: int | None = None
    """Of the ledger, from 0."""
    run_id: str = ""
    """Empty, as what follows, where no trusted key signed the record."""
    verdict: RunVerdict | None = None
    decided_at: datetime | None = None
    subjects: tuple[str, ...] = ()
    signed_by: tuple[str, ...] = ()
    problems: tuple[ProblemNote, ...] = ()


class LedgerNote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A ledger."""

    verified: bool
    origin: str = ""
    size: int | None = None
    root: str = ""
    """SHA-256, base64."""
    signed_by: tuple[str, ...] = ()
    problems: tuple[ProblemNote, ...] = ()


class PlaceNote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A folder, a store or a single record that was verified."""

    name: str
    verified: bool
    ledger: LedgerNote | None = None
    """None where a single record was not held against one."""
    sound: int = 0
    """Records that verify."""
    verdicts: dict[str, int] = {}
    """Of those."""
    elsewhere: int = 0
    """Entries whose records are not here, and need not be."""
    witnesses: dict[str, int] = {}
    """Witness to how many entries it has cosigned."""
    time_stamped: int = 0
    """Entries that a trusted time stamp covers."""
    time_stamps_unchecked: int = 0
    assets: int | None = None
    """That had to be checked; None where no list was given."""
    gaps: tuple[ProblemNote, ...] = ()
    records: tuple[RecordNote, ...] = ()
    """Those with a problem; where a single record was asked for, that one."""


class TrustedNote(msgspec.Struct, frozen=True, kw_only=True):
    """A key that was trusted."""

    name: str
    keyid: str
    roles: tuple[str, ...]


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """Everything."""

    schema: str
    tool: str
    verified_at: datetime
    verified: bool
    trusted: tuple[TrustedNote, ...]
    places: tuple[PlaceNote, ...]


def verification(places: Sequence[PlaceNote], trust: Trust, at: datetime) -> Verification:
    """Return the document about `places`."""
    return Verification(
        schema=SCHEMA,
        tool=f"patchgate {__version__}",
        verified_at=at,
        verified=all(place.verified for place in places),
        trusted=tuple(
            TrustedNote(name=one.entry.name, keyid=one.key.keyid, roles=one.entry.roles)
            for one in trust.keys
        ),
        places=tuple(places),
    )


def encode(document: Verification) -> bytes:
    """Return it as JSON; fields are only ever added."""
    return visible_json(msgspec.json.format(msgspec.json.encode(document), indent=2)) + b"\n"


def json_schema() -> bytes:
    """Return the JSON Schema (draft 2020-12) of the document."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA,
        "title": "patchgate verification",
        **msgspec.json.schema(Verification),
    }
    return msgspec.json.format(msgspec.json.encode(schema), indent=2) + b"\n"


def of_folder(
    name: str, report: FolderReport, gaps: Sequence[Problem] = (), assets: int | None = None
) -> PlaceNote:
    """Return what was found out about a folder or a store."""
    return PlaceNote(
        name=name,
        verified=report.ok and not gaps,
        ledger=of_ledger(report.ledger),
        sound=sum(report.verdicts.values()),
        verdicts={verdict.value: count for verdict, count in sorted(report.verdicts.items())},
        elsewhere=report.elsewhere,
        witnesses=report.attested.witnesses,
        time_stamped=report.attested.stamped,
        time_stamps_unchecked=report.attested.unchecked,
        assets=assets,
        gaps=tuple(map(_problem, gaps)),
        records=tuple(map(of_record, (*report.failed, *report.redacted))),
    )


def of_single(logged: Logged, ledger: LedgerReport | None) -> PlaceNote:
    """Return what was found out about one record, and the ledger beside it."""
    run = logged.report.run if logged.report is not None else None
    sound = logged.ok or logged.redacted
    return PlaceNote(
        name=logged.name,
        verified=sound and (ledger is None or ledger.ok),
        ledger=of_ledger(ledger) if ledger is not None else None,
        sound=int(logged.ok),
        verdicts={run.verdict.value: 1} if run is not None and logged.ok else {},
        records=(of_record(logged),),
    )


def of_ledger(report: LedgerReport) -> LedgerNote:
    """Return what was found out about a ledger."""
    problems = tuple(map(_problem, report.problems))
    if report.signed is None:
        return LedgerNote(verified=False, problems=problems)
    checkpoint = report.signed.checkpoint
    return LedgerNote(
        verified=report.ok,
        origin=checkpoint.origin,
        size=checkpoint.size,
        root=base64.b64encode(checkpoint.root).decode("ascii"),
        signed_by=report.signed.keyids,
        problems=problems,
    )


def of_record(logged: Logged) -> RecordNote:
    """Return what was found out about one record."""
    note = RecordNote(
        name=logged.name,
        verified=logged.ok,
        entry=logged.number,
        problems=tuple(map(_problem, logged.problems)),
    )
    run = logged.report.run if logged.report is not None else None
    if run is None:
        return note
    return msgspec.structs.replace(
        note,
        run_id=run.run_id,
        verdict=run.verdict,
        decided_at=run.decided_at,
        subjects=tuple(entry.name for entry in run.subject),
        signed_by=run.keyids,
    )


def all_problems(document: Verification) -> Iterable[ProblemNote]:
    """Yield every problem of every place, information too."""
    for place in document.places:
        yield from place.ledger.problems if place.ledger is not None else ()
        yield from place.gaps
        for record in place.records:
            yield from record.problems


def _problem(problem: Problem) -> ProblemNote:
    return ProblemNote(
        code=problem.code.value,
        meaning=MEANINGS[problem.code],
        message=problem.message,
        where=problem.where,
        information=problem.code in INFORMATION,
    )
