"""The SBOM of the subject as CycloneDX 1.6 JSON, with its vulnerabilities.

A finding is a match of versions; whether the flaw can be exploited here, nobody has
looked at.  So `analysis.state` is `in_triage`, never `exploitable` or `not_affected`.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from urllib.parse import quote

from gate.advisories.severity import Statement
from gate.bom.cyclonedx import Judgement, write_bom
from gate.bom.cyclonedx_types import (
    AffectedVersion,
    Affects,
    Analysis,
    CdxVulnerability,
    Property,
    VulnerabilityRating,
    VulnerabilityReference,
    VulnerabilitySource,
)
from gate.errors import InputError
from gate.report.encoding import visible_json
from gate.report.judged import Judged, advice, is_judged, judged
from gate.run.result import Result

_RECORDS = "https://osv.dev/vulnerability/"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://patchgate.dev/vulnerability")
_VERSION = 1024
"""Characters that the schema allows a version."""
_METHODS = {"CVSS_V2": "CVSSv2", "CVSS_V4": "CVSSv4"}


def render(result: Result, exit_code: int) -> bytes:
    """Return the SBOM; InputError where the target was not read."""
    del exit_code
    if result.bom is None:
        raise InputError("there is no SBOM, since the target could not be read")
    verdict = result.verdict
    judgement = Judgement(
        vulnerabilities=_vulnerabilities(result),
        complete=is_judged(result),
        properties=(
            Property("patchgate:verdict", verdict.outcome.value),
            *(Property("patchgate:reason", reason.message) for reason in verdict.reasons),
        ),
    )
    return visible_json(write_bom(result.bom, result.now, judgement))


def _vulnerabilities(result: Result) -> tuple[CdxVulnerability, ...]:
    """Return one for each flaw, with the components it is in; several where these differ."""
    groups: dict[tuple[object, ...], list[Judged]] = defaultdict(list)
    for item in judged(result):
        finding, decision = item.finding, item.decision
        groups[
            finding.id,
            finding.fixed,
            finding.summary,
            finding.rating,
            finding.certain,
            decision.due,
        ].append(item)
    return tuple(_vulnerability(items) for items in groups.values())


def _vulnerability(items: list[Judged]) -> CdxVulnerability:
    finding, decision, _ = items[0]
    identity = "\n".join((finding.id, *(item.component.ref for item in items)))
    rules = [Property("patchgate:broken", rule) for rule in decision.broken]
    return CdxVulnerability(
        bom_ref=f"vulnerability:{uuid.uuid5(_NAMESPACE, identity)}",
        id=finding.id,
        source=_source(finding.id),
        references=tuple(
            VulnerabilityReference(name, _source(name))
            for name in finding.identifiers
            if name != finding.id
        )
        or None,
        ratings=_ratings(items[0]) or None,
        description=finding.summary,
        recommendation=advice(items[0]),
        published=f"{finding.published:%Y-%m-%dT%H:%M:%SZ}" if finding.published else "",
        analysis=Analysis(
            state="in_triage",
            response=("update",) if finding.fixed else None,
            detail="; ".join(match.why for match in finding.matches),
        ),
        affects=tuple(map(_affects, items)),
        properties=tuple(rules) or None,
    )


def _source(name: str) -> VulnerabilitySource:
    return VulnerabilitySource("OSV", _RECORDS + quote(name, safe=""))


def _affects(item: Judged) -> Affects:
    installed, fixed = item.component.version, item.finding.fixed
    versions = [AffectedVersion(installed, "affected" if item.finding.certain else "unknown")]
    if fixed and fixed != installed:
        versions.append(AffectedVersion(fixed, "unaffected"))
    known = tuple(v for v in versions if 0 < len(v.version) <= _VERSION)
    return Affects(item.component.ref, known or None)


def _ratings(item: Judged) -> tuple[VulnerabilityRating, ...]:
    """Return what rates the flaw: the statement that counts first, then the others."""
    rating = item.finding.rating
    taken = (rating.taken,) if rating.taken is not None else ()
    statements = dict.fromkeys((*taken, *rating.candidates))
    return tuple(map(_rating, statements))


def _rating(statement: Statement) -> VulnerabilityRating:
    method = _METHODS.get(statement.method, "other")
    if statement.method == "CVSS_V3":
        method = "CVSSv31" if statement.vector.startswith("CVSS:3.1/") else "CVSSv3"
    return VulnerabilityRating(
        source=_source(statement.advisory),
        severity=statement.severity.value,
        method=method,
        score=statement.score,
        vector=statement.vector,
    )
