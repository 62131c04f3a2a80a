"""The decision: clocks, rules, coverage, and properties that hold for every set of facts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.advisories.exploitation import Catalogue, Exploitation
from gate.advisories.lookup import Gap, Lookup
from gate.advisories.model import Query, SourceInfo
from gate.advisories.severity import Severity
from gate.bom.model import Bom, Component, Reading, ReadingStatus, Subject, SubjectKind
from gate.matching.findings import Finding, Findings, Match, Rating, Status
from gate.policy.context import Context
from gate.policy.decide import decide
from gate.policy.facts import Facts
from gate.policy.kinds import Action, Clock
from gate.policy.model import CoveragePolicy, Policy
from gate.policy.settings import Allowances, ImageAge, PatchSla, Rules, SeverityThreshold
from gate.policy.verdict import Cause, Outcome, RuleOutcome, State, Verdict, encode_verdict

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
POLICY = Policy(version=1)
KEV = Catalogue(digest="sha256:00", as_of=NOW, version="1", entries=1)
OPENSSL = Component(
    ref="openssl",
    type="deb",
    name="openssl",
    version="3.0.9-1",
    purl="pkg:deb/debian/openssl@3.0.9-1",
)


def subject(**changes: object) -> Subject:
    fields: dict[str, object] = {
        "kind": SubjectKind.IMAGE,
        "source": "docker-archive",
        "name": "example",
        "created": NOW - timedelta(days=10),
        "created_basis": "config",
    }
    return Subject(**(fields | changes))  # type: ignore[arg-type]


def finding(
    id: str = "CVE-2026-1",  # noqa: A002
    severity: Severity = Severity.HIGH,
    published: datetime | None = NOW - timedelta(days=1),
    fix_published: datetime | None = None,
    fixed: str = "3.0.10-1",
) -> Finding:
    return Finding(
        ref="openssl",
        id=id,
        identifiers=(id,),
        summary="",
        status=Status.FIXED if fixed else Status.UNFIXED,
        fixed=fixed,
        rating=Rating(severity=severity),
        published=published,
        fix_published=fix_published,
        matches=(
            Match(
                advisory="DSA-1",
                source="Debian",
                ecosystem="Debian:12",
                package="openssl",
                version="3.0.9-1",
                why="",
            ),
        ),
    )


def facts(
    *findings: Finding,
    about: Subject | None = None,
    readings: tuple[Reading, ...] = (
        Reading(what="dpkg database", status=ReadingStatus.COMPLETE, components=1),
    ),
    components: tuple[Component, ...] = (OPENSSL,),
    gaps: tuple[Gap, ...] = (),
    age: timedelta = timedelta(hours=1),
    now: datetime = NOW,
    unreadable: int = 0,
) -> Facts:
    source = SourceInfo(
        name="Debian",
        digest="sha256:00",
        records=1,
        as_of=NOW - age,
        as_of_basis="newest-record",
        ecosystems={"Debian:12": 1},
        unreadable=unreadable,
    )
    query = Query(
        ref="openssl", ecosystem="Debian:12", name="openssl", version="3.0.9-1", scheme="dpkg"
    )
    return Facts(
        bom=Bom(subject=about or subject(), components=components, readings=readings),
        lookup=Lookup(queries=(query,), gaps=()),
        findings=Findings(findings=findings, gaps=gaps),
        sources=(source,),
        now=now,
        context=Context(exploitation=Exploitation(kev=KEV)),
    )


def outcome(verdict: Verdict) -> tuple[str, list[str]]:
    return verdict.outcome.value, [reason.code for reason in verdict.reasons]


def sla(**changes: object) -> Policy:
    return Policy(version=1, rules=Rules(patch_sla=PatchSla(**changes)))  # type: ignore[arg-type]


def test_nothing_found_and_everything_read_is_a_pass() -> None:
    assert outcome(decide(facts(), POLICY)) == ("PASS", [])


@pytest.mark.parametrize(
    ("severity", "allowed"),
    [
        (Severity.CRITICAL, timedelta(hours=72)),
        (Severity.HIGH, timedelta(days=14)),
        (Severity.MEDIUM, timedelta(days=30)),
        (Severity.LOW, timedelta(days=90)),
        (Severity.UNKNOWN, timedelta(days=14)),
    ],
)
def test_the_numbers_of_the_source(severity: Severity, allowed: timedelta) -> None:
    start = NOW - allowed
    at_the_moment = decide(facts(finding(severity=severity, published=start)), POLICY)
    assert outcome(at_the_moment) == ("PASS", [])
    assert at_the_moment.decisions[0].due == NOW
    late = decide(facts(finding(severity=severity, published=start - timedelta(seconds=1))), POLICY)
    assert outcome(late) == ("FAIL", ["patch-sla"])
    assert late.decisions[0].broken == ("patch_sla",)
    assert late.decisions[0].severity_assumed is (severity is Severity.UNKNOWN)


def test_unknown_severity_counts_as_the_policy_says() -> None:
    old = finding(severity=Severity.UNKNOWN, published=NOW - timedelta(days=20))
    lenient = msgspec.convert({"version": 1, "severity": {"unknown": "low"}}, Policy)
    assert decide(facts(old), POLICY).outcome is Outcome.FAIL
    assert decide(facts(old), lenient).outcome is Outcome.PASS


def test_severity_none_has_no_limit() -> None:
    verdict = decide(facts(finding(severity=Severity.NONE, published=None)), POLICY)
    assert verdict.decisions[0].state is State.NO_LIMIT
    assert verdict.outcome is Outcome.PASS


def test_no_limit_is_not_zero_days() -> None:
    old = finding(severity=Severity.LOW, published=NOW - timedelta(days=9999))
    none = sla(allow=Allowances(low="none"))
    zero = sla(allow=Allowances(low="0h"))
    assert decide(facts(old), none).decisions[0].state is State.NO_LIMIT
    assert decide(facts(old), none).outcome is Outcome.PASS
    fresh = finding(severity=Severity.LOW, published=NOW - timedelta(seconds=1))
    assert decide(facts(fresh), zero).outcome is Outcome.FAIL


def test_a_missing_date_is_overdue_at_once() -> None:
    verdict = decide(facts(finding(severity=Severity.LOW, published=None)), POLICY)
    assert verdict.outcome is Outcome.FAIL
    assert (verdict.decisions[0].clock, verdict.decisions[0].due) == ("missing", None)


def test_the_clock_may_start_with_the_fix() -> None:
    by_fix = sla(clock=Clock.FIX_AVAILABLE)
    old_flaw_new_fix = finding(
        published=NOW - timedelta(days=100), fix_published=NOW - timedelta(days=1)
    )
    assert decide(facts(old_flaw_new_fix), POLICY).outcome is Outcome.FAIL
    verdict = decide(facts(old_flaw_new_fix), by_fix)
    assert (verdict.outcome, verdict.decisions[0].clock) == (Outcome.PASS, "fix_available")
    unfixed = finding(published=NOW - timedelta(days=100), fixed="")
    verdict = decide(facts(unfixed), by_fix)
    assert (verdict.outcome, verdict.decisions[0].clock) == (Outcome.FAIL, "published")


def test_warn_and_off() -> None:
    old = finding(published=NOW - timedelta(days=100))
    warned = decide(facts(old), sla(action=Action.WARN))
    assert outcome(warned) == ("PASS", [])
    assert warned.warnings
    assert warned.decisions[0].warned == ("patch_sla",)
    off = decide(facts(old), sla(action=Action.OFF))
    assert (off.outcome, off.warnings) == (Outcome.PASS, ())
    assert off.rules[0].outcome is RuleOutcome.OFF
    assert off.decisions[0].state is State.OVERDUE


@pytest.mark.parametrize(
    ("at_least", "only_fixable", "severity", "fixed", "breaks"),
    [
        ("critical", False, Severity.CRITICAL, "1", True),
        ("critical", False, Severity.HIGH, "1", False),
        ("high", False, Severity.HIGH, "1", True),
        ("high", False, Severity.UNKNOWN, "1", True),
        ("high", True, Severity.HIGH, "", False),
        ("high", True, Severity.HIGH, "1", True),
        ("low", False, Severity.LOW, "", True),
        ("low", False, Severity.NONE, "1", False),
    ],
)
def test_severity_threshold(
    at_least: str, only_fixable: bool, severity: Severity, fixed: str, breaks: bool
) -> None:
    rule = SeverityThreshold(
        action=Action.FAIL,
        at_least=at_least,  # type: ignore[arg-type]
        only_fixable=only_fixable,
    )
    policy = Policy(version=1, rules=Rules(severity_threshold=rule))
    verdict = decide(facts(finding(severity=severity, fixed=fixed, published=NOW)), policy)
    assert outcome(verdict) == (("FAIL", ["severity-threshold"]) if breaks else ("PASS", []))


@pytest.mark.parametrize(
    ("about", "breaks"),
    [
        (subject(created=NOW - timedelta(days=90)), False),
        (subject(created=NOW - timedelta(days=90, seconds=1)), True),
        (subject(created=None), True),
        (subject(created=NOW + timedelta(minutes=4)), False),
        (subject(created=NOW + timedelta(minutes=6)), True),
        (subject(source="sbom", created=None), True),
        (subject(kind=SubjectKind.SBOM, source="sbom", created=None), False),
        (subject(kind=SubjectKind.HOST, source="host", created=None), False),
        (subject(kind=SubjectKind.ROOTFS, source="rootfs", created=None), False),
        (subject(kind=SubjectKind.ROOTFS, source="rootfs-tar", created=None), True),
    ],
)
def test_image_age(about: Subject, breaks: bool) -> None:
    verdict = decide(facts(about=about), POLICY)
    assert outcome(verdict) == (("FAIL", ["image-age"]) if breaks else ("PASS", []))
    off = Policy(version=1, rules=Rules(image_age=ImageAge(action=Action.OFF)))
    assert decide(facts(about=about), off).outcome is Outcome.PASS


@pytest.mark.parametrize("status", [ReadingStatus.PARTIAL, ReadingStatus.FAILED])
def test_what_was_not_read_is_never_a_pass(status: ReadingStatus) -> None:
    reading = Reading(what="dpkg database", status=status, path="x", reason="torn")
    verdict = decide(facts(readings=(reading,)), POLICY)
    assert verdict.outcome is Outcome.INDETERMINATE
    assert verdict.reasons[0].cause is Cause.INPUT
    assert "torn" in verdict.reasons[0].message


def test_no_packages_is_never_a_pass() -> None:
    verdict = decide(facts(components=(), readings=()), POLICY)
    assert outcome(verdict) == ("INDETERMINATE", ["no-packages"])


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("no-advisories", Cause.ADVISORIES),
        ("unmapped-distro", Cause.ADVISORIES),
        ("unknown-distro", Cause.INPUT),
        ("no-version", Cause.INPUT),
    ],
)
def test_what_was_not_matched_is_never_a_pass(code: str, cause: Cause) -> None:
    gap = Gap(code=code, message="why", ref="openssl")
    verdict = decide(facts(gaps=(gap,)), POLICY)
    assert verdict.outcome is Outcome.INDETERMINATE
    assert [(reason.cause, reason.code) for reason in verdict.reasons] == [(cause, code)]
    accepting = Policy(
        version=1, coverage=CoveragePolicy(accept_unmatched=("pkg:deb/debian/open*",))
    )
    accepted = decide(facts(gaps=(gap,)), accepting)
    assert accepted.outcome is Outcome.PASS
    assert accepted.warnings


@pytest.mark.parametrize(
    ("age", "expected", "warned"),
    [
        (timedelta(hours=24), "PASS", False),
        (timedelta(hours=25), "PASS", True),
        (timedelta(hours=72), "PASS", True),
        (timedelta(hours=73), "INDETERMINATE", False),
        (timedelta(days=-3), "PASS", False),
    ],
)
def test_the_age_of_the_data(age: timedelta, expected: str, warned: bool) -> None:
    verdict = decide(facts(age=age), POLICY)
    assert verdict.outcome.value == expected
    assert bool(verdict.warnings) is warned


def test_unreadable_records_of_a_needed_source_are_never_a_pass() -> None:
    assert outcome(decide(facts(unreadable=1), POLICY)) == ("INDETERMINATE", ["unreadable-records"])


def test_a_source_that_was_not_asked_may_be_old() -> None:
    known = facts(age=timedelta(days=999))
    unasked = msgspec.structs.replace(known, lookup=Lookup(queries=(), gaps=()))
    assert decide(unasked, POLICY).outcome is Outcome.PASS


def test_indeterminate_outranks_fail_and_both_are_listed() -> None:
    reading = Reading(what="x", status=ReadingStatus.FAILED, reason="torn")
    verdict = decide(
        facts(
            finding(published=NOW - timedelta(days=99)), readings=(reading,), age=timedelta(days=9)
        ),
        POLICY,
    )
    assert outcome(verdict) == ("INDETERMINATE", ["unread", "stale", "patch-sla"])


moments = st.datetimes(datetime(2020, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
some_findings = st.lists(
    st.builds(
        finding,
        id=st.integers(1, 10_000).map(lambda n: f"CVE-2026-{n}"),
        severity=st.sampled_from(Severity),
        published=st.none() | moments,
        fix_published=st.none() | moments,
        fixed=st.sampled_from(["", "3.0.10-1"]),
    ),
    max_size=6,
    unique_by=lambda f: f.id,
)
allowances = st.sampled_from(["none", "0h", "72h", "14d", "90d"])
policies = st.builds(
    lambda clock, action, critical, high, low, threshold: Policy(
        version=1,
        rules=Rules(
            patch_sla=PatchSla(
                clock=clock,
                action=action,
                allow=Allowances(critical=critical, high=high, low=low),
            ),
            severity_threshold=SeverityThreshold(action=threshold),
        ),
    ),
    st.sampled_from(Clock),
    st.sampled_from(Action),
    allowances,
    allowances,
    allowances,
    st.sampled_from(Action),
)
ORDER = [Outcome.PASS, Outcome.FAIL, Outcome.INDETERMINATE]


@given(some_findings, policies, st.timedeltas(timedelta(0), timedelta(days=4000)))
def test_more_time_never_helps(found: list[Finding], policy: Policy, passed: timedelta) -> None:
    before = decide(facts(*found), policy)
    after = decide(facts(*found, now=NOW + passed), policy)
    assert ORDER.index(after.outcome) >= ORDER.index(before.outcome)


@given(some_findings, policies, st.data())
def test_removing_a_finding_never_hurts(
    found: list[Finding], policy: Policy, choose: st.DataObject
) -> None:
    kept = [f for f in found if choose.draw(st.booleans())]
    with_all, with_some = decide(facts(*found), policy), decide(facts(*kept), policy)
    assert ORDER.index(with_some.outcome) <= ORDER.index(with_all.outcome)


@given(some_findings, policies)
def test_every_fail_names_a_rule_and_a_finding(found: list[Finding], policy: Policy) -> None:
    verdict = decide(facts(*found), policy)
    failed = [rule for rule in verdict.rules if rule.outcome is RuleOutcome.FAILED]
    assert (verdict.outcome is Outcome.FAIL) is bool(failed)
    assert all(rule.findings for rule in failed)
    broken = {f"{d.id} {d.ref}" for d in verdict.decisions if d.broken}
    assert broken == {key for rule in failed for key in rule.findings}


@given(some_findings, policies)
def test_the_same_facts_give_the_same_bytes(found: list[Finding], policy: Policy) -> None:
    first = encode_verdict(decide(facts(*found), policy))
    again = encode_verdict(decide(facts(*found), policy))
    assert first == again
    assert msgspec.json.decode(first, type=Verdict) == decide(facts(*found), policy)
