"""The least to do to stay green: enough, no more than needed, and decided instead of assumed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.matching.upgrades import Upgrade
from gate.policy.decide import decide
from gate.policy.forecast import moved
from gate.policy.plan import Plan, plan
from gate.policy.verdict import Outcome
from tests.policy.casefile import Case, facts_of, policy_of

MONTH = timedelta(days=30)
PACKAGES = ("openssl", "curl", "bash")


def upgrades_of(case: Case) -> tuple[Upgrade, ...]:
    """Return one upgrade for each package that has a fix, as `gate.matching.upgrades` would."""
    facts = facts_of(case)
    found = []
    for name in PACKAGES:
        mine = [one for one in facts.findings.findings if one.ref == name]
        fixed = sorted({one.id for one in mine if one.fixed})
        if mine:
            found.append(
                Upgrade(
                    packages=(name,),
                    refs=(name,),
                    version="1",
                    to="2" if fixed else "",
                    findings=tuple(fixed or sorted({one.id for one in mine})),
                )
            )
    return tuple(found)


def planned(case: Case, span: timedelta = MONTH) -> Plan:
    facts, policy = facts_of(case), policy_of(case)
    verdict = decide(facts, policy)
    return plan(facts, policy, verdict, upgrades_of(case), facts.now + span)


def finding(package: str, published: str, **more: Any) -> dict[str, Any]:
    return {"in": package, "published": published, **more}


COMPONENTS = [
    {"name": name, "added_in": layer} for name, layer in zip(PACKAGES, "aab", strict=True)
]


def case_of(*findings: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"policy": {"patch_sla": {}}, "components": COMPONENTS, "findings": findings, **more}


def test_nothing_is_to_be_done() -> None:
    found = planned(case_of())
    assert (found.steps, found.outcome, found.base) == ((), Outcome.PASS, "")


def test_only_what_breaks_by_then_is_raised_and_by_when() -> None:
    now = facts_of(case_of()).now
    found = planned(
        case_of(
            finding("openssl", "10d ago"),
            finding("curl", "20d ago"),
            finding("bash", "10d ago", severity="low"),
        )
    )
    assert [(step.packages, step.by) for step in found.steps] == [
        (("curl",), None),
        (("openssl",), now + timedelta(days=4)),
    ]
    assert found.outcome is Outcome.PASS
    assert found.unfixed == ()


def test_what_has_no_fix_stays_and_is_said() -> None:
    found = planned(case_of(finding("openssl", "10d ago", fixed="")))
    assert (found.steps, found.unfixed) == ((), ("CVE-2026-0001 openssl",))
    assert found.outcome is Outcome.FAIL


def test_an_exception_that_ends_is_the_day_to_do_it_by() -> None:
    exceptions = [{"vulnerabilities": ["CVE-2026-0001"], "expires": "in 10d"}]
    found = planned(case_of(finding("openssl", "20d ago"), exceptions=exceptions))
    (step,) = found.steps
    assert step.by is not None
    assert f"{step.by:%Y-%m-%d}" == "2026-06-12"


def test_rules_about_the_subject_are_named_with_their_remedy() -> None:
    found = planned({"policy": {"image_age": {}}, "image": {"created": "80d ago"}})
    assert list(found.rules) == ["image_age"]
    assert found.outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("package", "said"),
    [
        ("bash", "after 2026-05-02 when the last of its fixes came out, can do 1 of 2 upgrades"),
        ("curl", "can do all of it"),
    ],
)  # fmt: skip
def test_a_newer_base_may_do_it(package: str, said: str) -> None:
    found = planned(
        case_of(
            finding("openssl", "50d ago", fix_published="30d ago"),
            finding(package, "50d ago", fix_published="40d ago"),
            image={"layers": ["a", "b"]},
            base={"name": "debian:13", "basis": "layers", "layers": 1},
        )
    )
    assert said in found.base
    assert {step.packages[0]: step.of_base for step in found.steps}["openssl"]


many = st.lists(
    st.builds(
        finding,
        st.sampled_from(PACKAGES),
        st.integers(0, 60).map(lambda days: f"{days}d ago"),
        severity=st.sampled_from(["critical", "high", "medium", "low"]),
        fixed=st.sampled_from(["", "2"]),
    ),
    max_size=6,
)


@given(many, st.integers(1, 60))
@settings(max_examples=150)
def test_it_is_enough_and_each_step_is_needed(findings: list[dict[str, Any]], days: int) -> None:
    case = case_of(*findings)
    facts, policy = facts_of(case), policy_of(case)
    found = planned(case, timedelta(days=days))
    later = moved(facts, found.until)
    raised = {name for step in found.steps for name in step.packages}

    def outcome(without: set[str]) -> Outcome:
        kept = tuple(f for f in later.findings.findings if not (f.fixed and f.ref in without))
        left = msgspec.structs.replace(later.findings, findings=kept)
        return decide(msgspec.structs.replace(later, findings=left), policy).outcome

    assert outcome(raised) is found.outcome
    assert (found.outcome is Outcome.PASS) == (not found.unfixed)
    if found.outcome is Outcome.PASS:
        for name in raised:
            assert outcome(raised - {name}) is Outcome.FAIL
