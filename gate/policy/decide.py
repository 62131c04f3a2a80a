"""Decide: facts and policy become a verdict.

`decide` is a pure function.  In order, it

1. finds the policy's target that the subject belongs to, and takes its rules
   (`gate.policy.targets`);
2. puts every finding against its time to patch (`gate.policy.clocks`);
3. takes out of what rules count the findings that a valid exception accepts
   (`gate.policy.exceptions`);
4. evaluates every rule (`gate.policy.rules`); a rule with action fail that is
   broken, and that no exception accepts, is a reason for FAIL;
5. asks whether the facts are whole (`gate.policy.coverage`): what was not
   read, not matched, or matched against missing or stale data is a reason for
   INDETERMINATE.

FAIL needs a broken rule, INDETERMINATE outranks FAIL (the exit codes say so:
3 and 4 come before 1), and PASS is what is left when there is no reason at all.
"""

from __future__ import annotations

from collections import defaultdict

import msgspec

from gate.policy.clocks import decide_clock
from gate.policy.context import Baseline
from gate.policy.coverage import coverage
from gate.policy.exceptions.apply import accept_findings, accept_rules
from gate.policy.facts import Facts
from gate.policy.model import Policy
from gate.policy.rules import RULES
from gate.policy.rules.outcome import finding_key
from gate.policy.targets import attributes_of, matching_target
from gate.policy.verdict import (
    Cause,
    Decision,
    Outcome,
    Reason,
    RuleOutcome,
    RuleResult,
    Verdict,
)
from gate.policy.vex import apply_vex


def decide(facts: Facts, policy: Policy) -> Verdict:
    """Return the verdict on `facts` under `policy`."""
    given = facts.context.attributes
    target = matching_target(policy.targets, facts.bom.subject, given)
    if target is not None:
        policy = msgspec.structs.replace(policy, rules=target.rules)
    context = msgspec.structs.replace(facts.context, attributes=attributes_of(target, given))
    facts = msgspec.structs.replace(facts, context=context)
    components = {component.ref: component for component in facts.bom.components}
    decisions = tuple(
        decide_clock(finding, components[finding.ref], policy, context, facts.now)
        for finding in facts.findings.findings
    )
    decisions, vexed = apply_vex(facts, policy, decisions)
    accepted = accept_findings(facts, policy, decisions)
    decisions = accepted.decisions
    results = tuple(rule(facts, policy, decisions) for rule in RULES.values())
    results, exceptions, excepted = accept_rules(facts, policy, accepted, results)
    gaps, warnings = coverage(facts, policy)
    warnings += _about_baseline(decisions, context.baseline)
    warnings += [*vexed, *excepted, *facts.exceptions.problems, *context.remarks]
    reasons = [*_failed(results), *gaps]
    warnings += [
        f"{result.rule}: {result.message}"
        for result in results
        if result.outcome is RuleOutcome.WARNED
    ]
    return Verdict(
        outcome=_outcome(reasons),
        decided_at=facts.now,
        target=target.name if target is not None else "",
        reasons=tuple(sorted(reasons, key=_severity_order)),
        warnings=tuple(warnings),
        rules=results,
        decisions=_with_rules(decisions, results),
        exceptions=exceptions,
    )


def _about_baseline(decisions: tuple[Decision, ...], baseline: Baseline | None) -> list[str]:
    known = sum(decision.known for decision in decisions)
    if baseline is None or not known:
        return []
    source = baseline.source
    return [f"{known} findings were there in the baseline ({source}): thresholds skip them"]


def _failed(results: tuple[RuleResult, ...]) -> list[Reason]:
    return [
        Reason(
            cause=Cause.POLICY,
            code=result.rule.replace("_", "-"),
            message=f"{result.rule}: {result.message}",
        )
        for result in results
        if result.outcome is RuleOutcome.FAILED
    ]


def _outcome(reasons: list[Reason]) -> Outcome:
    if any(reason.cause is not Cause.POLICY for reason in reasons):
        return Outcome.INDETERMINATE
    return Outcome.FAIL if reasons else Outcome.PASS


def _severity_order(reason: Reason) -> tuple[int, str, str]:
    return -list(Cause).index(reason.cause), reason.code, reason.message


def _with_rules(
    decisions: tuple[Decision, ...], results: tuple[RuleResult, ...]
) -> tuple[Decision, ...]:
    """Note on each decision which rules its finding breaks."""
    broken: dict[str, list[str]] = defaultdict(list)
    warned: dict[str, list[str]] = defaultdict(list)
    for result in results:
        target = broken if result.outcome is RuleOutcome.FAILED else warned
        for key in result.findings:
            target[key].append(result.rule)
    return tuple(
        msgspec.structs.replace(
            decision,
            broken=tuple(broken[finding_key(decision)]),
            warned=tuple(warned[finding_key(decision)]),
        )
        for decision in decisions
    )
