"""The table of cases in tests/policy/cases: facts, a policy, and what has to come out."""

from __future__ import annotations

import pytest

from gate.policy.decide import decide
from gate.policy.verdict import RuleOutcome
from tests.policy.casefile import Case, facts_of, policy_of, read_cases

CASES = dict(read_cases())


@pytest.mark.parametrize("name", CASES)
def test_case(name: str) -> None:
    case: Case = CASES[name]
    verdict = decide(facts_of(case), policy_of(case))
    said = " ".join([verdict.outcome.value, *sorted(reason.code for reason in verdict.reasons)])
    expected, *codes = case["expect"].split()
    assert said == " ".join([expected, *sorted(codes)])
    warned = {rule.rule for rule in verdict.rules if rule.outcome is RuleOutcome.WARNED}
    assert warned == set(case.get("warns", ()))
    assert verdict.target == case.get("target", "")
    shown = "\n".join(
        [rule.message for rule in verdict.rules]
        + [reason.message for reason in verdict.reasons]
        + [f"{d.clock} {d.condition or d.severity} {d.allowed}" for d in verdict.decisions]
        + [f"due {d.due:%Y-%m-%d %H:%M:%S}" for d in verdict.decisions if d.due]
        + [f"left {d.days_left} over {d.days_over}" for d in verdict.decisions]
        + [f"{one.id} {one.outcome}" for one in verdict.exceptions]
        + list(verdict.warnings)
    )
    assert case.get("shows", "") in shown


def test_there_are_enough_cases_and_none_stands_twice() -> None:
    assert len(CASES) >= 120
    assert len(CASES) == len(list(read_cases()))
