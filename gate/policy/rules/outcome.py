"""How a rule's result is put together."""

from __future__ import annotations

from collections.abc import Sequence

from gate.policy.kinds import Action
from gate.policy.verdict import Decision, RuleOutcome, RuleResult

_SHOWN = 3
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
    remedy: str,
    broken_by: Sequence[Decision] = (),
    details: Sequence[str] = (),
    broken: bool = False,
    warned: bool = False,
    applies: bool = True,
) -> RuleResult:
    """Return the result of a rule that is broken by findings, by `details`, or as a whole.

    `warned` says that it is not broken yet, and will be.  `remedy` is shown where
    there is something to do.
    """
    if action is Action.OFF:
        return RuleResult(
            rule=rule, outcome=RuleOutcome.OFF, message="is switched off", controls=controls
        )
    if not applies:
        return RuleResult(
            rule=rule, outcome=RuleOutcome.NOT_APPLICABLE, message=message, controls=controls
        )
    outcome = RuleOutcome.PASSED
    if broken or broken_by:
        outcome = _BROKEN[action]
    elif warned:
        outcome = RuleOutcome.WARNED
    return RuleResult(
        rule=rule,
        outcome=outcome,
        message=message,
        controls=controls,
        findings=tuple(finding_key(decision) for decision in broken_by),
        details=tuple(details) if outcome is not RuleOutcome.PASSED else (),
        remedy=remedy if outcome is not RuleOutcome.PASSED else "",
    )


def some(names: Sequence[str]) -> str:
    """Return the first few of `names` for a message, and how many more there are."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
