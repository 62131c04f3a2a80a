"""Severity threshold: no finding of this severity or above, however young."""

from __future__ import annotations

from gate.advisories.severity import Severity
from gate.matching.findings import Status
from gate.policy.facts import Facts
from gate.policy.model import Policy
from gate.policy.rules.outcome import rule_result
from gate.policy.verdict import Decision, RuleResult

CONTROLS = ("SOC 2 CC7.1", "ISO 27001 A.8.8", "PCI-DSS 6.3.1", "HIPAA 164.308(a)(1)(ii)(A)")
_DESCENDING = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)


def evaluate(facts: Facts, policy: Policy, decisions: tuple[Decision, ...]) -> RuleResult:
    """Break on every finding at or above the threshold."""
    rule = policy.rules.severity_threshold
    counted = _DESCENDING[: _DESCENDING.index(Severity(rule.at_least)) + 1]
    broken_by = [
        decision
        for decision, finding in zip(decisions, facts.findings.findings, strict=True)
        if decision.severity in counted
        and decision.counts
        and not decision.known
        and (not rule.only_fixable or finding.status is Status.FIXED)
    ]
    which = f"{rule.at_least} or above" if rule.at_least != "critical" else "critical"
    fixable = " and fixable" if rule.only_fixable else ""
    message = f"{len(broken_by) or 'no'} findings are {which}{fixable}"
    return rule_result(
        "severity_threshold",
        rule.action,
        message,
        CONTROLS,
        broken_by=broken_by,
        remedy="raise the packages to their fixed versions, or replace them",
    )
