"""The JSON result: one document per run, with a published schema.

The types below are the format.  Fields are only ever added within version 1.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import msgspec

from gate import __version__
from gate.advisories.model import SourceInfo
from gate.advisories.severity import Severity
from gate.bom.model import BaseImage, Component, Distro, Location, Note, Reading, Subject
from gate.bom.origin import Origin, origins
from gate.matching.findings import Finding, Match, PassedOver, Rating, Status
from gate.matching.upgrades import Upgrade
from gate.policy.forecast import Forecast
from gate.policy.plan import Plan
from gate.policy.verdict import (
    Cause,
    Dates,
    Decision,
    ExceptionResult,
    Outcome,
    Reason,
    RuleResult,
    State,
    VexNote,
)
from gate.report.encoding import visible_json
from gate.report.judged import status_of
from gate.run.result import EvidenceNote, PolicyNote, Result
from gate.run.whatchanged import Since

_UNCOVERED = frozenset({Cause.INPUT, Cause.ADVISORIES, Cause.INTERNAL})
SCHEMA = "https://patchgate.dev/schema/result-1.json"


class Tool(msgspec.Struct, frozen=True):
    """What made the result."""

    name: str
    version: str


class ComponentNote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The component a finding is about."""

    ref: str
    name: str
    version: str
    purl: str
    source_name: str = ""
    source_version: str = ""
    locations: tuple[Location, ...] = ()
    origin: Origin | None = None
    """Which layer brought it; left out where that is not known."""


class FindingNote(msgspec.Struct, frozen=True, kw_only=True):
    """One finding with what the policy makes of it."""

    id: str
    identifiers: tuple[str, ...]
    summary: str
    component: ComponentNote
    severity: Severity
    """As it counts."""
    severity_assumed: bool
    """True where no source rates the flaw and the policy says what it counts as."""
    rating: Rating
    status: Status
    """With what a VEX statement that counts says."""
    fixed: str
    published: datetime | None
    fix_published: datetime | None
    state: State
    clock: str
    start: datetime | None
    allowed: str
    """The time to patch, as the policy writes it."""
    condition: str
    """The condition of the policy that set it; empty where the severity did."""
    due: datetime | None
    days_left: int | None
    days_over: int | None
    dates: Dates
    """Every date that is known; `clock` names the one that ruled."""
    epss: float | None
    exception: str
    """The approved exception that accepts it; empty for none."""
    vex: VexNote | None
    """The VEX statement that rules it; null for none."""
    broken: tuple[str, ...]
    warned: tuple[str, ...]
    certain: bool
    """False where the installed version could not be compared."""
    advisories: tuple[Match, ...]


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Counts."""

    components: int
    findings: int
    overdue: int
    accepted: int
    """By approved exceptions."""
    fixable: int
    by_severity: dict[str, int]


class CoverageNote(msgspec.Struct, frozen=True, kw_only=True):
    """What was read, what was not, and why."""

    complete: bool
    """Whether everything was read and matched against whole and recent advisories."""
    readings: tuple[Reading, ...]
    unmatched: dict[str, int]
    """Why components were not matched, to how many."""
    not_vulnerabilities: dict[str, int]
    """Advisories that apply and are not about vulnerabilities, by kind."""
    notes: tuple[Note, ...]


class AdvisoryNote(msgspec.Struct, frozen=True, kw_only=True):
    """The advisory data behind the result."""

    snapshot: str
    sources: tuple[SourceInfo, ...]


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """The JSON result of `patchgate check`."""

    schema: str
    tool: Tool
    target: str
    verdict: Outcome
    exit_code: int
    decided_at: datetime
    clock: str
    reasons: tuple[Reason, ...]
    warnings: tuple[str, ...]
    subject: Subject | None
    distro: Distro | None
    base: BaseImage | None
    """The image that the target was built from; null where that is not known."""
    summary: Summary
    rules: tuple[RuleResult, ...]
    upgrades: tuple[Upgrade, ...]
    findings: tuple[FindingNote, ...]
    exceptions: tuple[ExceptionResult, ...]
    """Those that are about the target, with their justification as it was approved."""
    forecast: Forecast | None
    """What comes if nothing changes; null where nothing was judged."""
    plan: Plan | None
    """The least to do to stay green until the end of the forecast."""
    since: Since | None
    """What is different from the run before; null where none is known."""
    coverage: CoverageNote
    advisories: AdvisoryNote
    policy: PolicyNote
    evidence: EvidenceNote


def document(result: Result, exit_code: int) -> Document:
    """Return the JSON result of a run that ends with `exit_code`."""
    bom = result.bom
    findings = _findings(result)
    return Document(
        schema=SCHEMA,
        tool=Tool("patchgate", __version__),
        target=result.target,
        verdict=result.verdict.outcome,
        exit_code=exit_code,
        decided_at=result.verdict.decided_at,
        clock=result.now_basis,
        reasons=result.verdict.reasons,
        warnings=result.verdict.warnings,
        subject=bom.subject if bom else None,
        distro=bom.distro if bom else None,
        base=bom.base if bom else None,
        summary=_summary(result),
        rules=result.verdict.rules,
        upgrades=result.upgrades,
        findings=findings,
        exceptions=result.verdict.exceptions,
        forecast=result.forecast,
        plan=result.plan,
        since=result.since,
        coverage=_coverage(result),
        advisories=AdvisoryNote(snapshot=result.snapshot, sources=result.sources),
        policy=result.policy,
        evidence=result.evidence,
    )


def render(result: Result, exit_code: int) -> bytes:
    """Return the JSON result, indented, with keys in the order of the format."""
    data = msgspec.json.encode(document(result, exit_code))
    return visible_json(msgspec.json.format(data, indent=2)) + b"\n"


def json_schema() -> bytes:
    """Return the JSON Schema (draft 2020-12) of the result."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA,
        "title": "patchgate result",
        **msgspec.json.schema(Document),
    }
    return msgspec.json.format(msgspec.json.encode(schema), indent=2) + b"\n"


def _findings(result: Result) -> tuple[FindingNote, ...]:
    if result.bom is None or result.findings is None:
        return ()
    components = {component.ref: component for component in result.bom.components}
    brought = origins(result.bom)
    pairs = zip(result.findings.findings, result.verdict.decisions, strict=True)
    return tuple(_finding(f, d, components[f.ref], brought.get(f.ref)) for f, d in pairs)


def _finding(
    finding: Finding, decision: Decision, component: Component, origin: Origin | None
) -> FindingNote:
    return FindingNote(
        id=finding.id,
        identifiers=finding.identifiers,
        summary=finding.summary,
        component=ComponentNote(
            ref=component.ref,
            name=component.name,
            version=component.version,
            purl=component.purl,
            source_name=component.source_name,
            source_version=component.source_version,
            locations=component.locations,
            origin=origin,
        ),
        severity=decision.severity,
        severity_assumed=decision.severity_assumed,
        rating=finding.rating,
        status=status_of(finding, decision),
        fixed=finding.fixed,
        published=finding.published,
        fix_published=finding.fix_published,
        state=decision.state,
        clock=decision.clock,
        start=decision.start,
        allowed=decision.allowed,
        condition=decision.condition,
        due=decision.due,
        days_left=decision.days_left,
        days_over=decision.days_over,
        dates=decision.dates,
        epss=decision.epss,
        exception=decision.exception,
        vex=decision.vex,
        broken=decision.broken,
        warned=decision.warned,
        certain=finding.certain,
        advisories=finding.matches,
    )


def _summary(result: Result) -> Summary:
    findings = result.findings.findings if result.findings else ()
    decisions = result.verdict.decisions
    severities = Counter(decision.severity.value for decision in decisions)
    return Summary(
        components=len(result.bom.components) if result.bom else 0,
        findings=len(findings),
        overdue=sum(decision.state is State.OVERDUE for decision in decisions),
        accepted=sum(decision.state is State.ACCEPTED for decision in decisions),
        fixable=sum(finding.status is Status.FIXED for finding in findings),
        by_severity={
            severity.value: severities[severity.value]
            for severity in Severity
            if severity is not Severity.UNKNOWN
        },
    )


def _coverage(result: Result) -> CoverageNote:
    passed_over: tuple[PassedOver, ...] = result.findings.passed_over if result.findings else ()
    gaps = result.findings.gaps if result.findings else ()
    causes = {reason.cause for reason in result.verdict.reasons}
    return CoverageNote(
        complete=causes.isdisjoint(_UNCOVERED),
        readings=result.bom.readings if result.bom else (),
        unmatched=dict(sorted(Counter(gap.message for gap in gaps).items())),
        not_vulnerabilities=dict(
            sorted(Counter(kind for _, kind in {(p.advisory, p.kind) for p in passed_over}).items())
        ),
        notes=result.bom.notes if result.bom else (),
    )
