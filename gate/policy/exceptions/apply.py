"""What exceptions change: which findings and broken rules are accepted, and which are not.

Pure.  An exception that does not count changes nothing and is listed with the
reason; so is one that nothing was found for.  Where several accept the same
finding, the one that ends last does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from gate.bom.model import Component
from gate.matching.findings import Finding
from gate.policy.durations import parse_duration, write_duration
from gate.policy.exceptions import validity
from gate.policy.exceptions.model import Approval, Presented
from gate.policy.exceptions.validity import Standing
from gate.policy.facts import Facts
from gate.policy.model import ExceptionPolicy, Policy
from gate.policy.verdict import (
    Decision,
    ExceptionOutcome,
    ExceptionResult,
    RuleOutcome,
    RuleResult,
    State,
)


class _Judged(msgspec.Struct, frozen=True, kw_only=True):
    """An exception that is about the subject."""

    presented: Presented
    standing: Standing

    @property
    def id(self) -> str:
        return self.presented.exception.id


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """What the exceptions made of the decisions."""

    judged: tuple[_Judged, ...]
    decisions: tuple[Decision, ...]
    findings: dict[str, tuple[str, ...]]
    """Exception to ``<finding id> <component ref>`` of what it accepts."""
    refused: dict[str, str]
    """Exception to why it does not accept something that it names."""


def accept_findings(facts: Facts, policy: Policy, decisions: tuple[Decision, ...]) -> Accepted:
    """Return `decisions` with what is accepted marked as such."""
    if not facts.exceptions.presented:
        return Accepted(judged=(), decisions=decisions, findings={}, refused={})
    judged = tuple(
        _Judged(
            presented=presented, standing=validity.standing(presented, policy.exceptions, facts.now)
        )
        for presented in sorted(facts.exceptions.presented, key=_order)
        if validity.concerns_subject(presented.exception, facts.bom.subject)
    )
    by_name = _by_vulnerability(judged)
    components = {component.ref: component for component in facts.bom.components}
    accepted: dict[str, list[str]] = defaultdict(list)
    refused: dict[str, str] = {}
    marked = []
    for decision, finding in zip(decisions, facts.findings.findings, strict=True):
        component = components[finding.ref]
        found = {one.id: one for name in finding.identifiers for one in by_name.get(name, ())}
        taken = ""
        for name, one in found.items() if decision.counts else ():
            if not validity.concerns_finding(one.presented.exception, finding, component):
                continue
            why = one.standing.fault or _not_entitled(one, facts, decision, finding, component)
            if why:
                refused.setdefault(name, why)
            elif not taken:
                taken = name
                accepted[name].append(f"{decision.id} {decision.ref}")
        marked.append(_accepted(decision, taken) if taken else decision)
    return Accepted(
        judged=judged,
        decisions=tuple(marked),
        findings={name: tuple(keys) for name, keys in accepted.items()},
        refused=refused,
    )


def accept_rules(
    facts: Facts, policy: Policy, accepted: Accepted, results: Sequence[RuleResult]
) -> tuple[tuple[RuleResult, ...], tuple[ExceptionResult, ...], list[str]]:
    """Return the rules with what is accepted, what became of each exception, and warnings."""
    rules: dict[str, list[str]] = defaultdict(list)
    refused = dict(accepted.refused)
    marked = [_accept_rule(result, accepted.judged, facts, rules, refused) for result in results]
    outcomes = tuple(_result(one, accepted.findings, rules, refused) for one in accepted.judged)
    warnings = [
        f"exception {one.id} does not count: {one.message}"
        for one in outcomes
        if one.outcome is ExceptionOutcome.INVALID
    ]
    warnings += expiring(outcomes, policy.exceptions, facts.now)
    return tuple(marked), outcomes, warnings


def expiring(
    outcomes: Iterable[ExceptionResult], rules: ExceptionPolicy, now: datetime
) -> list[str]:
    """Return warnings about exceptions that are applied and end soon."""
    soon = parse_duration(rules.warn_before)
    return [
        f"exception {one.id} ends in {write_duration(one.expires - now)}; "
        f"then {_count(one)} counts again"
        for one in outcomes
        if one.outcome is ExceptionOutcome.APPLIED and one.expires - now <= soon
    ]


def _count(one: ExceptionResult) -> str:
    parts = [f"{len(one.findings)} findings"] if one.findings else []
    return " and ".join([*parts, *one.rules])


def _order(presented: Presented) -> tuple[str, str, str]:
    """Sort those that end last to the front; the rest makes the order certain."""
    return _descending(presented.exception.expires), presented.exception.id, presented.where


def _descending(day: str) -> str:
    return "".join(chr(ord("9") - int(digit)) if digit.isdecimal() else digit for digit in day)


def _by_vulnerability(judged: Sequence[_Judged]) -> dict[str, list[_Judged]]:
    named: dict[str, list[_Judged]] = defaultdict(list)
    for one in judged:
        for name in one.presented.exception.vulnerabilities:
            named[name].append(one)
    return named


def _not_entitled(
    one: _Judged, facts: Facts, decision: Decision, finding: Finding, component: Component
) -> str:
    approver = one.standing.approver
    if approver is None:
        return "nobody has approved it"
    return validity.not_entitled(approver, decision, finding, component, facts.bom.subject)


def _accepted(decision: Decision, exception: str) -> Decision:
    """Return a decision as accepted; a finding without a time limit may break other rules."""
    return msgspec.structs.replace(decision, state=State.ACCEPTED, exception=exception)


def _accept_rule(
    result: RuleResult,
    judged: Sequence[_Judged],
    facts: Facts,
    rules: dict[str, list[str]],
    refused: dict[str, str],
) -> RuleResult:
    """Return a broken rule as accepted where an exception accepts it; fill in by whom."""
    if result.outcome not in {RuleOutcome.FAILED, RuleOutcome.WARNED}:
        return result
    taken = ""
    for one in judged:
        if result.rule not in one.presented.exception.rules:
            continue
        why = one.standing.fault
        if not why and one.standing.approver is not None:
            approver = one.standing.approver
            why = validity.not_entitled_to_rule(approver, result.rule, facts.bom.subject)
        if why:
            refused.setdefault(one.id, why)
        elif not taken:
            taken = one.id
            rules[one.id].append(result.rule)
    if not taken:
        return result
    return msgspec.structs.replace(
        result,
        outcome=RuleOutcome.ACCEPTED,
        message=f"{result.message} (accepted by exception {taken})",
    )


def _ticket(approval: Approval | None) -> str:
    if approval is None or approval.ticket is None:
        return ""
    ticket = approval.ticket
    return (
        f"{ticket.ticket} ({ticket.state}), read {ticket.fetched_at:%Y-%m-%d %H:%M} UTC from "
        f"{ticket.url}, {ticket.response}"
    )


def _result(
    one: _Judged,
    findings: dict[str, tuple[str, ...]],
    rules: dict[str, list[str]],
    refused: dict[str, str],
) -> ExceptionResult:
    exception = one.presented.exception
    accepts = findings.get(one.id, ()), tuple(rules.get(one.id, ()))
    fault = one.standing.fault or refused.get(one.id, "")
    outcome = ExceptionOutcome.UNUSED
    if any(accepts):
        outcome = ExceptionOutcome.APPLIED
    elif fault:
        outcome = ExceptionOutcome.INVALID
    approval, approver = one.standing.approval, one.standing.approver
    return ExceptionResult(
        id=exception.id,
        outcome=outcome,
        message=fault,
        digest=exception.digest,
        expires=exception.ends,
        approver=approver.name if approver is not None else "",
        approved_at=approval.approved_at if approval is not None else None,
        approved_in=_ticket(approval),
        requester=exception.requester,
        reason=exception.reason,
        risk=exception.risk,
        controls=exception.controls,
        remediation=exception.remediation,
        requested=exception.requested,
        renewals=len(exception.earlier_terms),
        ticket=exception.ticket,
        findings=accepts[0],
        rules=accepts[1],
    )
