"""Risk threshold: no finding that is exploited, malicious or scored this high, however young.

A flaw without a CVSS score counts with the highest one of its severity; one
without an EPSS score reaches the threshold, unless the policy ignores it.
Missing catalogues are no reason to pass: `gate.policy.coverage` asks for them.
"""

from __future__ import annotations

from collections import Counter

from gate.advisories.severity import Severity
from gate.matching.findings import Finding, Status
from gate.policy.facts import Facts
from gate.policy.model import Policy
from gate.policy.rules.outcome import rule_result
from gate.policy.settings import RiskThreshold
from gate.policy.verdict import Decision, RuleResult

CONTROLS = (
    "SOC 2 CC6.8",
    "SOC 2 CC7.1",
    "ISO 27001 A.8.7",
    "ISO 27001 A.8.8",
    "PCI-DSS 5.2.1",
    "PCI-DSS 6.3.1",
    "HIPAA 164.308(a)(1)(ii)(A)",
    "HIPAA 164.308(a)(5)(ii)(B)",
)
_HIGHEST = {
    Severity.CRITICAL: 10.0,
    Severity.HIGH: 8.9,
    Severity.MEDIUM: 6.9,
    Severity.LOW: 3.9,
    Severity.NONE: 0.0,
}


def evaluate(facts: Facts, policy: Policy, decisions: tuple[Decision, ...]) -> RuleResult:
    """Break on every finding that reaches one of the thresholds."""
    rule = policy.rules.risk_threshold
    counts: Counter[str] = Counter()
    broken_by = []
    for decision, finding in zip(decisions, facts.findings.findings, strict=True):
        why = _why(rule, finding, decision)
        if why and decision.counts and not decision.known:
            counts.update(why)
            broken_by.append(decision)
    found = ", ".join(f"{number} {what}" for what, number in sorted(counts.items()))
    message = (
        f"{len(broken_by)} findings reach a threshold ({found})"
        if broken_by
        else "no finding reaches a threshold"
    )
    return rule_result(
        "risk_threshold",
        rule.action,
        message,
        CONTROLS,
        broken_by=broken_by,
        remedy="raise the packages to their fixed versions, or replace them; remove malicious "
        "ones, and change every secret that they could read",
    )


def _why(rule: RiskThreshold, finding: Finding, decision: Decision) -> list[str]:
    """Return which thresholds a finding reaches."""
    why = []
    if rule.malware and any(name.startswith("MAL-") for name in finding.identifiers):
        why.append("malicious")
    if rule.only_fixable and finding.status is not Status.FIXED:
        return why
    if rule.known_exploited and decision.dates.kev_added is not None:
        why.append("known exploited")
    if rule.cvss is not None and _cvss(finding, decision) >= rule.cvss:
        why.append(f"with CVSS {rule.cvss:g} or above")
    if rule.epss is not None:
        if decision.epss is None:
            if rule.unscored == "counts":
                why.append("without an EPSS score")
        elif decision.epss >= rule.epss:
            why.append(f"with EPSS {rule.epss:g} or above")
    return why


def _cvss(finding: Finding, decision: Decision) -> float:
    rating = finding.rating
    stated = ([rating.taken] if rating.taken is not None else []) + list(rating.candidates)
    scores = (statement.score for statement in stated if statement.score is not None)
    return next(scores, _HIGHEST[decision.severity])
