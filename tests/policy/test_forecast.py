"""What will fail, and when: against cases, and against the decisions of the days to come."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import given, settings

from gate.policy.decide import decide
from gate.policy.forecast import Forecast, Kind, decide_ahead, forecast
from gate.policy.verdict import Outcome
from tests.policy.casefile import Case, facts_of, policy_of
from tests.policy.test_properties import cases

MONTH = timedelta(days=30)


def ahead(case: Case, span: timedelta = MONTH) -> Forecast:
    facts, policy = facts_of(case), policy_of(case)
    return forecast(facts, policy, decide(facts, policy), facts.now + span)


def test_nothing_comes() -> None:
    found = ahead({"policy": {"patch_sla": {}}})
    assert (found.outcome, found.fails_at, found.coming) == (Outcome.PASS, None, ())


def test_a_finding_falls_due() -> None:
    case = {"policy": {"patch_sla": {}}, "findings": [{"published": "10d ago"}]}
    found = ahead(case)
    assert found.fails_at == facts_of(case).now + timedelta(days=4)
    (coming,) = found.coming
    assert (coming.kind, coming.message) == (Kind.DUE, "CVE-2026-0001 (high) in openssl is due")
    assert coming.remedy == "raise openssl to 3.0.10-1"
    assert ahead(case, timedelta(days=3)).coming == ()


def test_without_a_fix_the_remedy_is_another() -> None:
    findings = [{"published": "10d ago", "fixed": ""}]
    (coming,) = ahead({"policy": {"patch_sla": {}}, "findings": findings}).coming
    assert coming.remedy.startswith("there is no fixed version of openssl yet")


def test_an_exception_ends() -> None:
    exceptions = [{"vulnerabilities": ["CVE-2026-0001"], "expires": "in 10d"}]
    case = {
        "policy": {"patch_sla": {}},
        "findings": [{"published": "20d ago"}],
        "exceptions": exceptions,
    }
    found = ahead(case)
    (coming,) = found.coming
    assert (coming.kind, coming.message) == (Kind.EXCEPTION, "exception EX-1 ends")
    assert found.fails_at == coming.at


def test_the_image_grows_old() -> None:
    case = {"policy": {"image_age": {}}, "image": {"created": "80d ago"}}
    found = ahead(case)
    (coming,) = found.coming
    assert coming.kind is Kind.RULE
    assert coming.message.startswith("image_age: built 90 days ago")
    assert coming.at == found.fails_at == facts_of(case).now + timedelta(days=10)


def test_data_is_taken_to_be_renewed() -> None:
    assert ahead({"policy": {"patch_sla": {}}}, timedelta(days=3000)).outcome is Outcome.PASS


def test_what_fails_already_comes_no_more() -> None:
    findings = [{"published": "20d ago"}, {"published": "10d ago"}]
    found = ahead({"policy": {"patch_sla": {}}, "findings": findings})
    assert found.fails_at is None
    assert [one.finding for one in found.coming] == ["CVE-2026-0002 openssl"]


def test_what_fails_within_the_time_fails_today() -> None:
    case = {"policy": {"patch_sla": {}}, "findings": [{"published": "10d ago"}]}
    for within, outcome in (("3d", Outcome.PASS), ("5d", Outcome.FAIL)):
        facts = facts_of(case)
        context = msgspec.structs.replace(facts.context, fail_within=within)
        verdict = decide_ahead(msgspec.structs.replace(facts, context=context), policy_of(case))
        assert verdict.outcome is outcome
    assert verdict.reasons[0].code == "fails-within"
    assert "it fails in 4 days if nothing changes: CVE-2026-0001" in verdict.reasons[0].message


@settings(max_examples=40)
@given(cases)
def test_the_forecast_and_the_day_itself_agree(case: dict[str, Any]) -> None:
    """The verdict that is foretold is that of the day; the day before, it is still the old one."""
    facts, policy = facts_of(case), policy_of(case)
    verdict = decide(facts, policy)
    found = forecast(facts, policy, verdict, facts.now + MONTH)
    if found.fails_at is None:
        assert verdict.outcome is not Outcome.PASS or found.outcome is not Outcome.FAIL
        return
    assert (verdict.outcome, found.outcome) == (Outcome.PASS, Outcome.FAIL)
    assert facts.now <= found.fails_at <= found.until
    assert found.coming
