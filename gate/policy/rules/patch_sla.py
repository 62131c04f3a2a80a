"""Patch SLA: no finding is past its time to patch."""

from __future__ import annotations

from gate.policy.facts import Facts
from gate.policy.model import Policy
from gate.policy.rules.outcome import rule_result
from gate.policy.verdict import Decision, RuleResult, State

CONTROLS = (
    "SOC 2 CC7.1",
    "SOC 2 CC8.1",
    "ISO 27001 A.8.8",
    "ISO 27001 A.8.32",
    "PCI-DSS 6.3.3",
    "HIPAA 164.308(a)(1)(ii)(B)",
)


def evaluate(facts: Facts, policy: Policy, decisions: tuple[Decision, ...]) -> RuleResult:
    """Break on every finding that is overdue."""
    del facts
    overdue = [decision for decision in decisions if decision.state is State.OVERDUE]
    waiting = sum(decision.state is State.OPEN for decision in decisions)
    accepted = sum(decision.state is State.ACCEPTED for decision in decisions)
    if overdue:
        message = f"{len(overdue)} of {len(decisions)} findings are past their time to patch"
    else:
        message = f"no finding is past its time to patch; {waiting} wait within it"
    if accepted:
        message += f"; {accepted} accepted by exception"
    if cleared := sum(decision.state is State.NOT_AFFECTED for decision in decisions):
        message += f"; {cleared} not affected, by VEX"
    return rule_result(
        "patch_sla",
        policy.rules.patch_sla.action,
        message,
        CONTROLS,
        broken_by=overdue,
        remedy="raise the packages to their fixed versions; where there is none, "
        "replace or remove them",
    )
