"""How a rule's result is put together."""

from __future__ import annotations

from collections.abc import Sequence

from gate.policy.model import Action
from gate.policy.verdict import Decision, RuleOutcome, RuleResult

_BROKEN = {
    Action.OFF: RuleOutcome.OFF,
    Action.WARN: RuleOutcome.WARNED,
    Action.FAIL: RuleOutcome.FAILED,
}


def finding_key(decision: Decision) -> str:
    """Return the name under which a rule's result lists a finding."""
    return f"{decision.id} {decision.ref}"


def rule_result(
    rule: str,
    action: Action,
    message: str,
    controls: tuple[str, ...],
    *,
    broken_by: Sequence[Decision] = (),
    broken: bool = False,
    applies: bool = True,
) -> RuleResult:
    """Return the result of a rule that is broken by findings, or as a whole."""
    if action is Action.OFF:
        return RuleResult(
            rule=rule, outcome=RuleOutcome.OFF, message="is switched off", controls=controls
        )
    if not applies:
        outcome = RuleOutcome.NOT_APPLICABLE
    elif broken or broken_by:
        outcome = _BROKEN[action]
    else:
        outcome = RuleOutcome.PASSED
    return RuleResult(
        rule=rule,
        outcome=outcome,
        message=message,
        controls=controls,
        findings=tuple(finding_key(decision) for decision in broken_by),
    )
