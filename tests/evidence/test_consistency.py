"""The attached verdict and the record must say the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from gate.bom.model import Reading, ReadingStatus
from gate.evidence import vsa
from gate.evidence.consistency import check_verdict_document
from gate.evidence.extension import Reason, RunVerdict
from gate.evidence.facts import VERDICT, RunFacts
from gate.evidence.problems import Code
from gate.evidence.summary import MAX_LISTED, summarise
from gate.policy.verdict import (
    Cause,
    Outcome,
    RuleOutcome,
    RuleResult,
    Verdict,
    encode_verdict,
)
from gate.policy.verdict import Reason as PolicyReason


def document(facts: RunFacts, **changes: Any) -> bytes:
    """The verdict as the policy room writes it."""
    reasons = tuple(
        PolicyReason(cause=Cause.POLICY, code=reason.code, message=reason.message)
        for reason in facts.reasons
    )
    verdict = Verdict(
        outcome=Outcome(facts.verdict),
        decided_at=facts.clock.now,
        reasons=reasons,
        warnings=("aging",),
        rules=(RuleResult(rule="image_age", outcome=RuleOutcome.WARNED, message="old"),),
    )
    return encode_verdict(msgspec.structs.replace(verdict, **changes))


def messages(run: vsa.RunStatement, content: bytes) -> str:
    problems = check_verdict_document(run, content)
    assert all(problem.code is Code.VERDICT_DISAGREES for problem in problems)
    return "; ".join(problem.message for problem in problems)


@pytest.mark.parametrize("verdict", RunVerdict)
def test_reads_what_the_policy_room_writes(
    make_facts: Callable[[RunVerdict], RunFacts], verdict: RunVerdict
) -> None:
    facts = make_facts(verdict)
    assert check_verdict_document(summarise(facts), document(facts)) == []


def test_the_attachment_of_the_samples_agrees(
    make_facts: Callable[[RunVerdict], RunFacts],
) -> None:
    for verdict in RunVerdict:
        facts = make_facts(verdict)
        contents = {attachment.name: attachment.content for attachment in facts.attachments}
        assert check_verdict_document(summarise(facts), contents[VERDICT]) == []


def test_another_outcome_time_or_reason_is_a_problem(facts: RunFacts) -> None:
    run = summarise(facts)
    other = PolicyReason(cause=Cause.INPUT, code="unread", message="x")
    for change, expected in (
        ({"outcome": Outcome.PASS}, "the record says FAIL, the attached verdict PASS"),
        ({"outcome": Outcome.INDETERMINATE}, "the attached verdict INDETERMINATE"),
        ({"decided_at": facts.clock.now + timedelta(seconds=1)}, "another time"),
        ({"reasons": ()}, "different reasons"),
        ({"reasons": (other,)}, "different reasons"),
    ):
        assert expected in messages(run, document(facts, **change))


@pytest.mark.parametrize("outcome", ["failed", "unknown-to-us"])
def test_a_pass_with_a_rule_that_did_not_pass_is_a_problem(
    make_facts: Callable[[RunVerdict], RunFacts], outcome: str
) -> None:
    facts = make_facts(RunVerdict.PASS)
    content = document(facts).replace(b'"outcome":"warned"', b'"outcome":"%b"' % outcome.encode())
    assert "rules failed: image_age" in messages(summarise(facts), content)


def test_every_outcome_of_a_rule_is_known(make_facts: Callable[[RunVerdict], RunFacts]) -> None:
    facts = make_facts(RunVerdict.PASS)
    for outcome in RuleOutcome:
        rules = (RuleResult(rule="image_age", outcome=outcome, message="m"),)
        found = messages(summarise(facts), document(facts, rules=rules))
        assert bool(found) == (outcome is RuleOutcome.FAILED)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b'{"outcome":"OK"}', b"\xff", b'{"outcome":"PASS"} trailing']
)
def test_a_verdict_that_cannot_be_read_is_a_problem(facts: RunFacts, content: bytes) -> None:
    assert "cannot be read" in messages(summarise(facts), content)


def test_reasons_beyond_the_listed_ones_are_counted(facts: RunFacts) -> None:
    reasons = tuple(Reason(code="unread", message=str(n)) for n in range(MAX_LISTED + 2))
    many = msgspec.structs.replace(
        facts,
        reasons=reasons,
        readings=(Reading(what="layer", status=ReadingStatus.COMPLETE),),
    )
    run = summarise(many)
    assert check_verdict_document(run, document(many)) == []
    fewer = msgspec.structs.replace(many, reasons=reasons[:-1])
    assert "different reasons" in messages(run, document(fewer))
