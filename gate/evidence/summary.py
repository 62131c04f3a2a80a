"""From the facts of a run to the statements that are signed.

Pure: the same facts always give the same statements, byte for byte.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import Any

import msgspec

from gate.advisories.model import SourceInfo
from gate.bom.model import Reading, ReadingStatus, Subject, SubjectKind
from gate.errors import EvidenceError
from gate.evidence import canonical, vsa
from gate.evidence.attestations import Attestation, attest
from gate.evidence.extension import (
    RUN_EXTENSION,
    AdvisoryData,
    AdvisorySource,
    CoverageSummary,
    IncompleteReading,
    LimitHit,
    Redaction,
    RunExtension,
    RunVerdict,
    Target,
    write_run_id,
)
from gate.evidence.facts import RunFacts
from gate.evidence.resource import resource_uri
from gate.evidence.statement import ResourceDescriptor
from gate.sources.budget import limits_reached

MAX_LISTED = 1000
"""Reasons, and incomplete readings, that a record lists; the rest is counted.
A hostile image decides how many there are, but not how large evidence grows."""

_CREDENTIALS = re.compile(r"\A([A-Za-z][A-Za-z0-9+.-]*://)[^/?#]*@")
_RECORDED_DIGESTS = ("sha256", "sha384", "sha512")


class Statements(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is signed about one run."""

    run: vsa.RunStatement
    """The verification summary, which names the others."""
    others: tuple[Attestation, ...]
    """In the order of their lines in the bundle."""


def summarise(facts: RunFacts) -> vsa.RunStatement:
    """Return the verification summary of a run; EvidenceError as `state` says."""
    return state(facts).run


def state(facts: RunFacts) -> Statements:
    """Return the statements about a run, with its run id and idempotency key.

    EvidenceError where the subject has no SHA-256.
    """
    facts = _writable(facts)
    if "sha256" not in facts.subject.digests:
        raise EvidenceError(
            "the subject has no sha256 digest, so no evidence can name it",
            where=facts.subject.name,
        )
    facts, redactions = _without_credentials(facts)
    subject = (_subject(facts.subject),)
    sources = _sources(facts.sources)
    others = attest(facts, subject, sources)
    unnamed = RunExtension(
        run_id="",
        idempotency_key="",
        verdict=facts.verdict,
        reasons=facts.reasons[:MAX_LISTED],
        reasons_omitted=max(len(facts.reasons) - MAX_LISTED, 0),
        target=Target(
            kind=facts.subject.kind,
            source=facts.subject.source,
            image_id=facts.subject.image_id,
            repo_digests=tuple(sorted(facts.subject.repo_digests)),
        ),
        actor=facts.actor,
        ci=facts.ci,
        policy_digest=facts.policy_digest,
        advisories=AdvisoryData(snapshot=facts.snapshot, sources=sources),
        coverage=_coverage(facts),
        exceptions=tuple(sorted(facts.exceptions, key=lambda exception: exception.id)),
        clock=facts.clock,
        tool=facts.tool,
        redactions=redactions,
        ticket=facts.ticket,
        approvals=tuple(sorted(facts.approvals, key=lambda approval: approval.exception)),
        limits_hit=_limits(facts.readings),
    )
    passed = facts.verdict is RunVerdict.PASS
    summary = vsa.VerificationSummary(
        verifier=vsa.Verifier(id=vsa.VERIFIER_ID, version={"patchgate": facts.tool.version}),
        time_verified=facts.clock.now,
        resource_uri=resource_uri(facts.subject),
        policy=ResourceDescriptor(
            uri=facts.policy_uri, digest={"sha256": facts.policy_digest.removeprefix("sha256:")}
        ),
        input_attestations=_inputs(facts, others),
        verification_result="PASSED" if passed else "FAILED",
        verified_levels=(vsa.PASSED_LEVEL if passed else vsa.FAILED_LEVEL,),
        run=unnamed,
    )
    key = idempotency_key(vsa.encode(vsa.RunStatement(subject=subject, summary=summary)))
    named = msgspec.structs.replace(
        unnamed, run_id=write_run_id(facts.clock.now, key), idempotency_key=key
    )
    run = vsa.RunStatement(subject=subject, summary=msgspec.structs.replace(summary, run=named))
    return Statements(run=run, others=others)


def idempotency_key(payload: bytes) -> str:
    """Return the SHA-256, in hex, of a run's statement without the names made from it.

    That is: the canonical statement without ``run_id`` and
    ``idempotency_key``.  Equal facts have equal keys, and no fact can be
    altered under a key.
    """
    value = canonical.decode(payload)
    extension = value["predicate"][RUN_EXTENSION]
    del extension["run_id"], extension["idempotency_key"]
    return hashlib.sha256(canonical.encode(value)).hexdigest()


def recorded_name(subject: Subject) -> str:
    """Return the name under which a record knows `subject`."""
    return f"host:{subject.name}" if subject.kind is SubjectKind.HOST else subject.name


def _subject(subject: Subject) -> ResourceDescriptor:
    name = recorded_name(subject)
    digest = {kind: subject.digests[kind] for kind in _RECORDED_DIGESTS if kind in subject.digests}
    return ResourceDescriptor(name=name, digest=digest)


def _inputs(facts: RunFacts, others: tuple[Attestation, ...]) -> tuple[ResourceDescriptor, ...]:
    attached = [
        ResourceDescriptor(
            name=attachment.name,
            media_type=attachment.media_type,
            digest={"sha256": attachment.sha256},
        )
        for attachment in facts.attachments
    ]
    stated = [other.descriptor for other in others]
    return tuple(sorted([*attached, *stated], key=lambda one: one.name))


def _limits(readings: tuple[Reading, ...]) -> tuple[LimitHit, ...]:
    hit = [
        LimitHit(limit=limit, what=reading.what, path=reading.path)
        for reading in readings
        for limit in limits_reached(reading.reason)
    ]
    return tuple(hit[:MAX_LISTED])


def _sources(sources: tuple[SourceInfo, ...]) -> tuple[AdvisorySource, ...]:
    return tuple(
        AdvisorySource(
            name=source.name,
            digest=source.digest,
            records=source.records,
            newest_modified=source.newest_modified and _in_utc(source.newest_modified),
            as_of=_in_utc(source.as_of),
            as_of_basis=source.as_of_basis,
        )
        for source in sorted(sources, key=lambda source: source.name)
    )


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        # astimezone() would take it for local time, which differs between machines.
        raise EvidenceError(f"the time {moment.isoformat()} of an advisory source has no zone")
    return moment.astimezone(UTC)


def _coverage(facts: RunFacts) -> CoverageSummary:
    incomplete = [
        IncompleteReading(
            what=reading.what,
            status=reading.status,
            path=reading.path,
            layer=reading.layer,
            reason=reading.reason,
            accepted=True if reading in facts.accepted else msgspec.UNSET,
        )
        for reading in facts.readings
        if reading.status is not ReadingStatus.COMPLETE
    ]
    return CoverageSummary(
        readings=len(facts.readings),
        components=facts.components,
        incomplete=tuple(incomplete[:MAX_LISTED]),
        incomplete_omitted=max(len(incomplete) - MAX_LISTED, 0),
    )


def _without_credentials(facts: RunFacts) -> tuple[RunFacts, tuple[Redaction, ...]]:
    """Cut user names and passwords out of addresses, and say where that was done."""
    redactions: list[Redaction] = []

    def cut(field: str, address: str) -> str:
        shortened = _CREDENTIALS.sub(r"\1", address)
        if shortened != address:
            redactions.append(Redaction(field=field, reason="credentials in an address"))
        return shortened

    ci = facts.ci
    if ci is not None:
        ci = msgspec.structs.replace(
            ci, repository=cut("ci.repository", ci.repository), url=cut("ci.url", ci.url)
        )
    facts = msgspec.structs.replace(
        facts,
        ci=ci,
        policy_uri=cut("policy.uri", facts.policy_uri),
        ticket=cut("ticket", facts.ticket),
    )
    return facts, tuple(redactions)


def _writable(facts: RunFacts) -> RunFacts:
    r"""Return `facts` with every lone surrogate spelt out as ``\udcXX``.

    A JSON document inside an image can hold one; it has no UTF-8 form, and
    must not be a way to keep a verdict from being recorded.
    """
    plain = msgspec.to_builtins(facts, builtin_types=(bytes,))
    return msgspec.convert(_spelt_out(plain), RunFacts, builtin_types=(bytes,))


def _spelt_out(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {_spelt_out(name): _spelt_out(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_spelt_out(item) for item in value]
    return value
