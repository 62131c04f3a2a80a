"""From a bom and what the advisories say to a verdict: one way, for a run and for its replay."""

from __future__ import annotations

from datetime import datetime

import msgspec

from gate.advisories.lookup import Lookup
from gate.advisories.model import AdvisorySet, SourceInfo
from gate.advisories.vex.model import Statement
from gate.bom.model import Bom
from gate.matching.findings import Findings
from gate.matching.match import match
from gate.policy.context import Context
from gate.policy.exceptions.model import NO_EXCEPTIONS, Exceptions
from gate.policy.facts import Facts
from gate.policy.forecast import decide_ahead
from gate.policy.model import Policy
from gate.policy.verdict import Verdict
from gate.run.context import about_findings


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What the pure core came to."""

    sources: tuple[SourceInfo, ...]
    """Those that speak of anything that was asked."""
    findings: Findings
    context: Context
    """The part of it that speaks of the findings."""
    verdict: Verdict
    facts: Facts
    """What it was decided from."""


def judge(
    bom: Bom,
    asked: Lookup,
    advisories: AdvisorySet,
    policy: Policy,
    now: datetime,
    *,
    context: Context,
    exceptions: Exceptions = NO_EXCEPTIONS,
    vex: tuple[Statement, ...] = (),
) -> Judged:
    """Match, and decide by `policy` for the time `now` (UTC)."""
    ecosystems = {query.ecosystem for query in asked.queries}
    sources = tuple(
        source for source in advisories.sources if ecosystems & source.ecosystems.keys()
    )
    findings = match(bom, asked, advisories)
    context = about_findings(context, findings, bom, now)
    facts = Facts(
        bom=bom,
        lookup=asked,
        findings=findings,
        sources=sources,
        now=now,
        context=context,
        exceptions=exceptions,
        vex=vex,
    )
    return Judged(
        sources=sources,
        findings=findings,
        context=context,
        verdict=decide_ahead(facts, policy),
        facts=facts,
    )
