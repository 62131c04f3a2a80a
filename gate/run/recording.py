"""From the values of a run to its record."""

from __future__ import annotations

import hashlib
from pathlib import PurePath

import msgspec

from gate import __version__
from gate.advisories.model import AdvisorySet, SourceInfo
from gate.advisories.vex.model import Document
from gate.bom.cyclonedx import write_bom
from gate.bom.model import Bom, Reading
from gate.evidence.extension import (
    Actor,
    AppliedException,
    CiRun,
    ClockBasis,
    GivenApproval,
    RunVerdict,
    Tool,
)
from gate.evidence.extension import Clock as RecordedClock
from gate.evidence.extension import Reason as RecordedReason
from gate.evidence.facts import (
    ADVISORIES,
    CONTEXT,
    EXCEPTIONS,
    POLICY,
    SBOM,
    SOURCES,
    VERDICT,
    VEX,
    Attachment,
    FoundFlaw,
    RunFacts,
)
from gate.evidence.keys import Signer
from gate.evidence.record import Store, record
from gate.evidence.sightings import SightingLedger, append
from gate.evidence.summary import recorded_name
from gate.matching.findings import Finding
from gate.policy.context import NO_CONTEXT, Context, encode_context
from gate.policy.verdict import ExceptionOutcome, Verdict, encode_verdict
from gate.run import exceptions, vexing
from gate.run.clock import Clock
from gate.run.distribution import distribution_digest
from gate.run.exceptions import NOTHING, Gathered
from gate.run.history import system_of
from gate.run.result import EvidenceNote

_BASES = {"clock": ClockBasis.SYSTEM, "--now": ClockBasis.GIVEN}


class Inputs(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a verdict rests on."""

    bom: Bom
    verdict: Verdict
    policy_name: str
    policy_document: bytes
    advisories: AdvisorySet
    sources: tuple[SourceInfo, ...]
    clock: Clock
    context: Context = NO_CONTEXT
    exceptions: Gathered = NOTHING
    vex: tuple[Document, ...] = ()
    findings: tuple[Finding, ...] = ()
    accepted: tuple[Reading, ...] = ()
    """What was not read completely and need not be, by the policy."""


class Recorder(msgspec.Struct, frozen=True, kw_only=True):
    """Signs and keeps the records of runs."""

    signer: Signer
    store: Store
    name: str = ""
    """Of the store, for messages."""
    spool: Store | None = None
    """Where records wait that the store does not take."""
    spool_name: str = ""
    actor: Actor
    identity_fault: str = ""
    """Why the actor is not verified; "" where it is."""
    ci: CiRun | None
    ledger: SightingLedger | None = None
    """Of first sights."""
    ticket: str = ""
    """Of the change or incident that this run belongs to, as whoever started it says."""

    def record(self, inputs: Inputs) -> EvidenceNote:
        """Record a run; EvidenceError where it could not be signed or kept."""
        sightings = inputs.context.sightings
        if self.ledger is not None and sightings.kept:
            system = system_of(recorded_name(inputs.bom.subject))
            append(self.ledger, self.signer, system, inputs.clock.now, sightings.seen)
        return self._record(inputs, self.store)

    def keep_for_later(self, inputs: Inputs) -> EvidenceNote | None:
        """Record a run in the spool instead; None where there is none.

        EvidenceError where that fails as well.
        """
        if self.spool is None:
            return None
        note = self._record(inputs, self.spool)
        return msgspec.structs.replace(note, recorded=False, spool=self.spool_name)

    def _record(self, inputs: Inputs, store: Store) -> EvidenceNote:
        recorded = record(self._facts(inputs), self.signer, store)
        return EvidenceNote(
            recorded=True,
            run_id=recorded.run_id,
            file=PurePath(recorded.place).name,
            digest=recorded.digest,
            key_id=recorded.keyid,
        )

    def _facts(self, inputs: Inputs) -> RunFacts:
        verdict = inputs.verdict
        policy = hashlib.sha256(inputs.policy_document).hexdigest()
        return RunFacts(
            subject=inputs.bom.subject,
            verdict=RunVerdict(verdict.outcome.value),
            reasons=tuple(
                RecordedReason(code=reason.code, message=reason.message)
                for reason in verdict.reasons
            ),
            policy_uri=f"urn:patchgate:policy:sha256:{policy}",
            policy_digest=f"sha256:{policy}",
            snapshot=inputs.advisories.snapshot,
            sources=inputs.sources,
            readings=inputs.bom.readings,
            accepted=inputs.accepted,
            components=len(inputs.bom.unowned),
            clock=RecordedClock(now=inputs.clock.now, basis=_BASES[inputs.clock.basis]),
            tool=Tool(version=__version__, digest=distribution_digest()),
            actor=self.actor,
            ci=self.ci,
            exceptions=_applied(verdict),
            approvals=_approvals(verdict),
            ticket=self.ticket,
            flaws=_flaws(inputs.findings, verdict),
            attachments=(
                Attachment(
                    name=SBOM,
                    media_type="application/vnd.cyclonedx+json",
                    content=write_bom(inputs.bom, inputs.clock.now),
                ),
                Attachment(
                    name=POLICY, media_type="application/yaml", content=inputs.policy_document
                ),
                Attachment(
                    name=VERDICT, media_type="application/json", content=encode_verdict(verdict)
                ),
                Attachment(
                    name=ADVISORIES,
                    media_type="application/jsonl",
                    content=write_advisories(inputs.advisories),
                ),
                Attachment(
                    name=SOURCES,
                    media_type="application/json",
                    content=write_sources(inputs.sources),
                ),
                Attachment(
                    name=CONTEXT,
                    media_type="application/json",
                    content=encode_context(inputs.context),
                ),
                *_exceptions(inputs.exceptions),
                *_vex(inputs.vex),
            ),
        )


def _exceptions(gathered: Gathered) -> tuple[Attachment, ...]:
    """Return the files of exceptions, where there are any."""
    if gathered == NOTHING:
        return ()
    return (
        Attachment(
            name=EXCEPTIONS, media_type="application/json", content=exceptions.encode(gathered)
        ),
    )


def _vex(documents: tuple[Document, ...]) -> tuple[Attachment, ...]:
    """Return the VEX documents, where there are any."""
    if not documents:
        return ()
    return (Attachment(name=VEX, media_type="application/json", content=vexing.encode(documents)),)


def _applied(verdict: Verdict) -> tuple[AppliedException, ...]:
    return tuple(
        AppliedException(id=one.id, digest=one.digest, approver=one.approver, expires=one.expires)
        for one in verdict.exceptions
        if one.outcome is ExceptionOutcome.APPLIED
    )


def _approvals(verdict: Verdict) -> tuple[GivenApproval, ...]:
    return tuple(
        GivenApproval(
            exception=one.id,
            digest=one.digest,
            approver=one.approver,
            approved_at=one.approved_at,
            requester=one.requester,
            ticket=one.ticket,
        )
        for one in verdict.exceptions
        if one.outcome is ExceptionOutcome.APPLIED and one.approved_at is not None
    )


def _flaws(findings: tuple[Finding, ...], verdict: Verdict) -> tuple[FoundFlaw, ...]:
    """Return what was found, with what the verdict made of each."""
    found = {(finding.id, finding.ref): finding for finding in findings}
    return tuple(
        FoundFlaw(
            id=decision.id,
            ref=decision.ref,
            severity=decision.severity.value,
            scores=_scores(finding),
            fixed=finding.fixed if finding is not None else "",
            state=decision.state.value,
        )
        for decision in verdict.decisions
        for finding in (found.get((decision.id, decision.ref)),)
    )


def _scores(finding: Finding | None) -> tuple[tuple[str, str], ...]:
    """Return the statement that the severity was taken from, in words of the predicate."""
    taken = finding.rating.taken if finding is not None else None
    if taken is None:
        return ()
    if taken.score is None:
        return (("vendor", taken.word or taken.severity.value),)
    score = (taken.method.lower(), f"{taken.score:.1f}")
    return (score, (f"{score[0]}_vector", taken.vector)) if taken.vector else (score,)


def write_sources(sources: tuple[SourceInfo, ...]) -> bytes:
    """Return what is known of the sources, without addresses and etags, as canonical JSON."""
    public = [
        msgspec.structs.replace(source, url="", etag="", listing_etag="") for source in sources
    ]
    return msgspec.json.encode(public, order="sorted")


def write_advisories(advisories: AdvisorySet) -> bytes:
    """Return the records of a set as JSON lines, each with the digest of its original bytes."""
    lines = [
        msgspec.json.encode(
            {
                "source": stored.source,
                "sha256": hashlib.sha256(stored.raw).hexdigest(),
                "record": msgspec.Raw(msgspec.json.format(stored.raw, indent=-1)),
            }
        )
        for stored in advisories.records
    ]
    return b"\n".join([*lines, b""])
