"""From facts to statement: what is recorded, what is not, and always the same bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest

from gate.bom.model import Reading, ReadingStatus, Subject, SubjectKind
from gate.errors import EvidenceError
from gate.evidence import canonical, vsa
from gate.evidence.consistency import check_run
from gate.evidence.extension import Clock, ClockBasis, Reason, RunVerdict
from gate.evidence.facts import RunFacts
from gate.evidence.summary import MAX_LISTED, idempotency_key, state, summarise


def encoded(facts: RunFacts) -> bytes:
    return vsa.encode(summarise(facts))


def replaced(facts: RunFacts, **changes: Any) -> RunFacts:
    changed: RunFacts = msgspec.structs.replace(facts, **changes)
    return changed


def test_the_same_facts_are_the_same_bytes(make_facts: Callable[[RunVerdict], RunFacts]) -> None:
    for verdict in RunVerdict:
        payload = encoded(make_facts(verdict))
        assert payload == encoded(make_facts(verdict))
        assert canonical.encode(canonical.decode(payload)) == payload


def test_the_order_of_sets_does_not_matter(facts: RunFacts) -> None:
    shuffled = replaced(
        facts,
        attachments=facts.attachments[::-1],
        sources=facts.sources[::-1],
    )
    assert encoded(shuffled) == encoded(facts)


def test_the_run_id_is_the_time_and_the_start_of_the_key(facts: RunFacts) -> None:
    extension = summarise(facts).summary.run
    assert extension.run_id == f"20261123T183251Z-{extension.idempotency_key[:16]}"


def test_the_key_is_the_digest_of_the_statement_without_its_names(facts: RunFacts) -> None:
    value = json.loads(encoded(facts))
    extension = value["predicate"]["https://patchgate.dev/run/v1"]
    key = extension.pop("idempotency_key")
    del extension["run_id"]
    bare = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(bare.encode()).hexdigest() == key
    assert idempotency_key(encoded(facts)) == key


def test_every_fact_is_in_the_key(
    facts: RunFacts, make_facts: Callable[[RunVerdict], RunFacts]
) -> None:
    assert facts.ci is not None
    later = Clock(now=facts.clock.now + timedelta(microseconds=1), basis=facts.clock.basis)
    variants = [
        facts,
        make_facts(RunVerdict.INDETERMINATE),
        replaced(facts, reasons=(Reason(code="image-age", message="too old"),)),
        replaced(facts, policy_uri="https://git.example/other"),
        replaced(facts, policy_digest="sha256:" + "0" * 64),
        replaced(facts, snapshot="sha256:" + "0" * 64),
        replaced(facts, sources=()),
        replaced(facts, components=89),
        replaced(facts, clock=later),
        replaced(facts, clock=Clock(now=facts.clock.now, basis=ClockBasis.GIVEN)),
        replaced(facts, ci=None),
        replaced(facts, ci=msgspec.structs.replace(facts.ci, attempt="2")),
        replaced(facts, attachments=facts.attachments[:-1]),
        replaced(facts, subject=msgspec.structs.replace(facts.subject, name="other")),
        replaced(
            facts,
            subject=msgspec.structs.replace(facts.subject, digests={"sha256": "0" * 64}),
        ),
    ]
    keys = {summarise(variant).summary.run.idempotency_key for variant in variants}
    assert len(keys) == len(variants)


def test_attachments_are_named_by_digest(facts: RunFacts) -> None:
    descriptors = summarise(facts).summary.attachments
    assert [descriptor.name for descriptor in descriptors] == [
        "advisories", "policy", "sbom", "verdict",
    ]  # fmt: skip
    contents = {attachment.name: attachment.content for attachment in facts.attachments}
    for descriptor in descriptors:
        assert descriptor.sha256 == hashlib.sha256(contents[descriptor.name]).hexdigest()


def test_only_what_a_field_names_is_recorded(facts: RunFacts) -> None:
    payload = encoded(facts)
    for secret in (b"secret", b"ci:token", b"user:", b"advisories.example", b"etag"):
        assert secret not in payload
    assert b"https://git.example/shop/web" in payload
    for other in state(facts).others:
        for secret in (b"secret", b"ci:token", b"user:", b"advisories.example", b"etag"):
            assert secret not in other.payload


def test_says_where_credentials_were_cut_out(facts: RunFacts) -> None:
    assert facts.ci is not None
    ci = msgspec.structs.replace(
        facts.ci,
        repository="ssh://git:p%40ss@git.example/shop/web",
        url="https://kim:a@b@git.example/-/jobs/1?x=y@z",
    )
    run = summarise(replaced(facts, ci=ci, policy_uri="HTTPS://me@git.example/policy"))
    extension = run.summary.run
    assert extension.ci is not None
    assert extension.ci.repository == "ssh://git.example/shop/web"
    assert extension.ci.url == "https://git.example/-/jobs/1?x=y@z"
    assert run.summary.policy.uri == "HTTPS://git.example/policy"
    assert [redaction.field for redaction in extension.redactions] == [
        "ci.repository", "ci.url", "policy.uri",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "address", ["git@git.example:shop/web", "https://git.example/a@b", "", "refs/x@y"]
)
def test_an_address_without_credentials_stays_as_it_is(facts: RunFacts, address: str) -> None:
    assert facts.ci is not None
    ci = msgspec.structs.replace(facts.ci, repository=address, url=address)
    extension = summarise(replaced(facts, ci=ci)).summary.run
    assert extension.ci == ci
    assert extension.redactions == ()


def test_an_image_does_not_decide_how_large_evidence_grows(facts: RunFacts) -> None:
    reasons = tuple(Reason(code="unread", message=f"file {n}") for n in range(MAX_LISTED + 7))
    readings = tuple(
        Reading(what="file", status=ReadingStatus.PARTIAL, path=str(n), reason="cut short")
        for n in range(MAX_LISTED + 9)
    )
    extension = summarise(replaced(facts, reasons=reasons, readings=readings)).summary.run
    assert extension.reasons == reasons[:MAX_LISTED]
    assert extension.reasons_omitted == 7
    assert len(extension.coverage.incomplete) == MAX_LISTED
    assert extension.coverage.incomplete_omitted == 9
    assert extension.coverage.readings == MAX_LISTED + 9


def test_a_lone_surrogate_cannot_keep_a_verdict_from_being_recorded(facts: RunFacts) -> None:
    subject = msgspec.structs.replace(facts.subject, name="web\udc80", labels={"\ud800": "\udfff"})
    reasons = (Reason(code="unread", message="bad \ud800 name"),)
    run = summarise(replaced(facts, subject=subject, reasons=reasons))
    assert run.subject[0].name == "web\\udc80"
    assert run.summary.run.reasons[0].message == "bad \\ud800 name"
    assert vsa.decode(vsa.encode(run)) == run


def test_a_host_is_marked_as_one(facts: RunFacts) -> None:
    host = Subject(
        kind=SubjectKind.HOST,
        source="host",
        name="web-1",
        digests={"sha256": "5a" * 32, "sha512": "5a" * 64, "md5": "5a" * 16},
    )
    run = summarise(replaced(facts, subject=host))
    assert run.subject[0].name == "host:web-1"
    assert run.subject[0].digest.keys() == {"sha256", "sha512"}
    assert run.summary.run.target.kind is SubjectKind.HOST


def test_a_subject_without_digest_cannot_be_recorded(facts: RunFacts) -> None:
    subject = msgspec.structs.replace(facts.subject, digests={"sha512": "5a" * 64})
    with pytest.raises(EvidenceError, match="no sha256"):
        summarise(replaced(facts, subject=subject))


def test_times_of_sources_are_written_in_utc_and_need_a_zone(facts: RunFacts) -> None:
    (source,) = facts.sources
    east = timezone(timedelta(hours=2))
    moved = msgspec.structs.replace(source, as_of=source.as_of.astimezone(east))
    assert encoded(replaced(facts, sources=(moved,))) == encoded(facts)
    naive = msgspec.structs.replace(
        source,
        newest_modified=datetime(2026, 1, 1),  # noqa: DTZ001 - the case
    )
    with pytest.raises(EvidenceError, match="no zone"):
        summarise(replaced(facts, sources=(naive,)))


def test_a_source_without_any_modification_date_says_so(facts: RunFacts) -> None:
    (source,) = facts.sources
    undated = msgspec.structs.replace(source, newest_modified=None)
    run = summarise(replaced(facts, sources=(undated,)))
    assert run.summary.run.advisories.sources[0].newest_modified is None
    assert vsa.decode(vsa.encode(run)) == run


def test_a_clock_must_be_in_utc() -> None:
    with pytest.raises(ValueError, match="UTC"):
        Clock(
            now=datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1))),
            basis=ClockBasis.SYSTEM,
        )


def test_early_years_keep_the_form_of_a_run_id(facts: RunFacts) -> None:
    clock = Clock(now=facts.clock.now.replace(year=1), basis=ClockBasis.GIVEN)
    assert summarise(replaced(facts, clock=clock)).summary.run.run_id.startswith("00011123T")


def test_a_pass_names_what_the_policy_accepts_unread(facts: RunFacts) -> None:
    unread = Reading(what="package database", status=ReadingStatus.FAILED, reason="there is none")
    passed = replaced(facts, verdict=RunVerdict.PASS, reasons=(), readings=(unread,))
    silent = summarise(passed)
    said = [problem.message for problem in check_run(silent, vsa.encode(silent))]
    assert "the verdict is PASS, but not everything was read" in said
    run = summarise(replaced(passed, accepted=(unread,)))
    assert "not everything was read" not in str(check_run(run, vsa.encode(run)))
    (listed,) = run.summary.run.coverage.incomplete
    assert listed.accepted is True
    assert vsa.decode(vsa.encode(run)) == run
