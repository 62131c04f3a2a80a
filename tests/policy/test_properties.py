"""What holds for every policy and every set of facts."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from gate.policy.decide import decide
from gate.policy.document import read_document
from gate.policy.facts import Facts
from gate.policy.model import Policy
from gate.policy.origins import effective
from gate.policy.verdict import (
    ExceptionOutcome,
    Outcome,
    RuleOutcome,
    State,
    Verdict,
    encode_verdict,
)
from tests.policy.casefile import facts_of, policy_of

ORDER = [Outcome.PASS, Outcome.FAIL, Outcome.INDETERMINATE]
RULE_ORDER = [
    RuleOutcome.OFF,
    RuleOutcome.NOT_APPLICABLE,
    RuleOutcome.PASSED,
    RuleOutcome.WARNED,
    RuleOutcome.FAILED,
]
ABOUT_FINDINGS = {"patch_sla", "severity_threshold", "risk_threshold"}

past = st.integers(0, 2000).map(lambda days: f"{days}d ago")
maybe_past = st.none() | past
spans = st.sampled_from(["0h", "36h", "3d", "14d", "5w"])
actions = st.sampled_from(["off", "warn", "fail"])
severities = st.sampled_from(["critical", "high", "medium", "low", "none", "unknown"])
clocks = st.sampled_from(["published", "fix_available", "first_seen", "kev_added"])
maybe = st.none() | st.booleans()


def without_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


conditions = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["one", "two"]),
        "match": st.fixed_dictionaries(
            {"known_exploited": maybe, "internet_facing": maybe, "fix_available": maybe}
        ),
        "allow": st.sampled_from(["none", "kev_due", "1d", "2w"]),
        "clock": st.none() | clocks,
    }
)
rules = st.fixed_dictionaries(
    {
        "patch_sla": st.fixed_dictionaries(
            {
                "action": actions,
                "clock": clocks,
                "allow": st.fixed_dictionaries({"critical": spans, "high": spans}),
                "conditions": st.lists(conditions, max_size=2),
                "calendar": st.fixed_dictionaries(
                    {
                        "count": st.sampled_from(["calendar", "business"]),
                        "utc_offset": st.sampled_from(["+00:00", "+14:00", "-03:30"]),
                    }
                ),
            }
        ),
        "severity_threshold": st.fixed_dictionaries({"action": actions}),
        "risk_threshold": st.fixed_dictionaries(
            {"action": actions, "cvss": st.none() | st.sampled_from(["7.0", "9.9"])}
        ),
        "image_age": st.fixed_dictionaries(
            {
                "action": actions,
                "max": spans,
                "by": st.sampled_from(["created", "packages", "files", "label", "pushed", "all"]),
            }
        ),
        "base_image": st.fixed_dictionaries(
            {
                "action": actions,
                "max_age": st.none() | spans,
                "max_fix_age": st.none() | spans,
                "rebuild_within": st.none() | spans,
            }
        ),
        "end_of_life": st.fixed_dictionaries({"action": actions}),
        "scan_coverage": st.fixed_dictionaries({"action": actions, "cadence": st.none() | spans}),
        "restart": st.fixed_dictionaries({"action": actions, "within": spans}),
        "packages": st.fixed_dictionaries(
            {"action": actions, "required": st.sampled_from([[], ["pkg:deb/auditd@*"]])}
        ),
    }
)
findings = st.lists(
    st.fixed_dictionaries(
        {
            "severity": severities,
            "published": maybe_past,
            "fix_published": maybe_past,
            "undated": st.booleans(),
            "fix_undated": st.booleans(),
            "fixed": st.sampled_from(["", "3.0.10-1"]),
            "cvss": st.none() | st.sampled_from([3.1, 7.0, 9.9]),
        }
    ),
    max_size=4,
)
hosts = st.fixed_dictionaries(
    {
        "running_kernel": st.sampled_from(["", "6.1", "6.2"]),
        "booted": maybe_past,
        "kernels": st.sampled_from([[], [{"release": "6.2", "package": "openssl"}]]),
        "unseen": st.sampled_from([[], ["processes"]]),
    }
)
cases = st.fixed_dictionaries(
    {
        "policy": rules,
        "findings": findings,
        "given": st.fixed_dictionaries({"internet_facing": maybe}),
        "image": st.fixed_dictionaries(
            {"created": maybe_past, "newest_file": maybe_past, "pushed": maybe_past}
        ),
        "sightings": st.just({})
        | st.fixed_dictionaries(
            {
                "CVE-2026-0001 pkg:deb/openssl": st.fixed_dictionaries(
                    {"flaw": past, "after": past, "fix": past, "fix_after": past}
                )
            }
        ),
        "tag_now": st.fixed_dictionaries(
            {"digests": st.just(["sha256:bb"]), "created": maybe_past}
        ),
        "host": st.none() | hosts,
        "components": st.fixed_dictionaries({"installed": maybe_past}).map(lambda item: [item]),
        "base": st.none()
        | st.fixed_dictionaries(
            {"name": st.just("debian"), "basis": st.just("labels"), "created": maybe_past}
        ).map(without_none),
        "kev": st.sampled_from([None, {}, {"CVE-2026-0001": {"added": "9d ago", "due": "in 9d"}}]),
        "previous": st.none()
        | st.fixed_dictionaries({"at": past, "components": st.integers(0, 9)}),
    }
)


def judged(case: dict[str, Any], later: timedelta = timedelta(0)) -> tuple[Facts, Policy, Verdict]:
    facts = facts_of(case)
    facts = msgspec.structs.replace(facts, now=facts.now + later)
    policy = policy_of(case)
    return facts, policy, decide(facts, policy)


@given(cases, st.timedeltas(timedelta(0), timedelta(days=4000)))
def test_more_time_never_helps(case: dict[str, Any], passed: timedelta) -> None:
    """No date of these facts lies in the future: one that did would be too new, until it is not."""
    _, _, before = judged(case)
    _, _, after = judged(case, passed)
    assert ORDER.index(after.outcome) >= ORDER.index(before.outcome)
    for first, second in zip(before.rules, after.rules, strict=True):
        assert RULE_ORDER.index(second.outcome) >= RULE_ORDER.index(first.outcome)


@given(cases, st.data())
def test_removing_a_finding_never_hurts(case: dict[str, Any], choose: st.DataObject) -> None:
    facts, policy, before = judged(case)
    kept = tuple(f for f in facts.findings.findings if choose.draw(st.booleans()))
    fewer = msgspec.structs.replace(
        facts, findings=msgspec.structs.replace(facts.findings, findings=kept)
    )
    after = decide(fewer, policy)
    assert ORDER.index(after.outcome) <= ORDER.index(before.outcome)


@given(cases)
def test_every_fail_names_a_rule_what_broke_it_and_a_remedy(case: dict[str, Any]) -> None:
    _, _, verdict = judged(case)
    failed = [rule for rule in verdict.rules if rule.outcome is RuleOutcome.FAILED]
    if verdict.outcome is Outcome.FAIL:
        assert failed
    for rule in failed:
        assert rule.remedy
        assert rule.message
        assert rule.controls
        if rule.rule in ABOUT_FINDINGS:
            assert rule.findings
    codes = {reason.code for reason in verdict.reasons}
    assert {rule.rule.replace("_", "-") for rule in failed} <= codes


@given(cases)
def test_explain_and_verdict_agree(case: dict[str, Any]) -> None:
    """A policy built from nothing but what explain prints comes to the same verdict."""
    facts, policy, verdict = judged(case)
    text = msgspec.json.encode({"version": 1, "rules": case["policy"]}).decode()
    said: dict[str, Any] = {}
    for line in effective(policy, [read_document(text, "x")]):
        *above, last = line.name.split(".")
        place = said
        for part in above:
            place = place.setdefault(part, {})
        place[last] = msgspec.json.decode(line.value)
    again = decide(facts, msgspec.convert(_with_lists(said), Policy))
    assert encode_verdict(again) == encode_verdict(verdict)


def _with_lists(value: Any) -> Any:
    """Return `value` with the mappings from 0, 1, 2… that stand for lists as lists."""
    if not isinstance(value, dict):
        return value
    items = {name: _with_lists(item) for name, item in value.items()}
    if items and all(name.isdecimal() for name in items):
        return [items[name] for name in sorted(items, key=int)]
    return items


exceptions = st.fixed_dictionaries(
    {
        "vulnerabilities": st.just(["CVE-2026-0001", "CVE-2026-0002"]),
        "expires": st.sampled_from(["1d ago", "now", "in 3d", "in 60d", "in 200d"]),
        "remediation": st.just("9d ago"),
        "requester": st.sampled_from(["dev@example.com", "ada@example.com"]),
        "approved": st.sampled_from(
            [{"by": "ada"}, {"by": "bob"}, {"by": "ada", "edited": True}, [], {"by": "eve"}]
        ),
    }
)


@given(cases, exceptions)
def test_an_exception_never_makes_it_worse(case: dict[str, Any], added: dict[str, Any]) -> None:
    before = judged(case)[2]
    after = judged({**case, "exceptions": [added]})[2]
    assert ORDER.index(after.outcome) <= ORDER.index(before.outcome)
    (result,) = after.exceptions or (None,)
    if result is None or result.outcome is not ExceptionOutcome.APPLIED:
        assert after.outcome is before.outcome
        assert after.decisions == before.decisions
    if result is not None and result.outcome is ExceptionOutcome.INVALID:
        assert any(result.message in warning for warning in after.warnings)


@given(cases, exceptions)
def test_what_is_accepted_breaks_nothing_and_keeps_its_clock(
    case: dict[str, Any], added: dict[str, Any]
) -> None:
    before = judged(case)[2]
    after = judged({**case, "exceptions": [added]})[2]
    for old, new in zip(before.decisions, after.decisions, strict=True):
        assert (old.due, old.start, old.days_over) == (new.due, new.start, new.days_over)
        if new.exception:
            assert new.state is State.ACCEPTED
            assert not new.broken


@given(cases)
def test_the_same_facts_give_the_same_bytes(case: dict[str, Any]) -> None:
    first = encode_verdict(judged(case)[2])
    assert first == encode_verdict(judged(case)[2])
    assert msgspec.json.decode(first, type=Verdict) == judged(case)[2]


@given(cases, st.sampled_from([-11, 0, 13]))
def test_the_zone_of_the_clock_is_no_matter(case: dict[str, Any], hours: int) -> None:
    facts, policy, verdict = judged(case)
    moved = facts.now.astimezone(timezone(timedelta(hours=hours)))
    again = decide(msgspec.structs.replace(facts, now=moved), policy)
    assert (again.outcome, again.decisions) == (verdict.outcome, verdict.decisions)
