"""The other statements of a run: what other tools read, and that they cannot disagree."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gate.errors import EvidenceError
from gate.evidence import canonical, dsse, vsa
from gate.evidence.attestations import CYCLONEDX, TEST_RESULT, VULNS, check_statements
from gate.evidence.extension import RunVerdict
from gate.evidence.facts import SBOM, VERDICT, Attachment, RunFacts
from gate.evidence.keys import Ed25519Signer
from gate.evidence.problems import Code
from gate.evidence.record import Recorded, record
from gate.evidence.statement import PAYLOAD_TYPE
from gate.evidence.store import FolderStore
from gate.evidence.summary import state
from gate.evidence.verify import verify_bundle

MakeFacts = Callable[[RunVerdict], RunFacts]


def statements(recorded: Recorded) -> dict[str, Any]:
    """The statements of a bundle as any JSON reader sees them, by predicate type."""
    found = {}
    for line in Path(recorded.place).read_bytes().splitlines():
        read = json.loads(base64.b64decode(json.loads(line)["payload"]))
        found[read["predicateType"]] = read
    return found


def without(facts: RunFacts, name: str, *more: Attachment) -> RunFacts:
    kept = tuple(item for item in facts.attachments if item.name != name)
    changed: RunFacts = msgspec.structs.replace(facts, attachments=(*kept, *more))
    return changed


def test_a_record_has_four_statements_about_one_subject(recorded: Recorded) -> None:
    found = statements(recorded)
    assert list(found) == [vsa.PREDICATE_TYPE, CYCLONEDX, TEST_RESULT, VULNS]
    assert len({json.dumps(one["subject"]) for one in found.values()}) == 1
    assert {one["_type"] for one in found.values()} == {"https://in-toto.io/Statement/v1"}


def test_the_sbom_is_the_attached_one(recorded: Recorded, facts: RunFacts) -> None:
    (sbom,) = (item.content for item in facts.attachments if item.name == SBOM)
    assert statements(recorded)[CYCLONEDX]["predicate"] == json.loads(sbom)


def test_findings_have_the_required_fields_of_vulns(recorded: Recorded) -> None:
    predicate = statements(recorded)[VULNS]["predicate"]
    scanner = predicate["scanner"]
    assert scanner["uri"] == vsa.VERIFIER_ID
    assert scanner["db"]["lastUpdate"] == "2026-11-23T18:00:00Z"
    assert predicate["metadata"] == {
        "scanFinishedOn": "2026-11-23T18:32:51Z", "scanStartedOn": "2026-11-23T18:32:51Z",
    }  # fmt: skip
    assert [one["id"] for one in scanner["result"]] == ["CVE-2023-5678", "CVE-2024-5535"]
    first, second = scanner["result"]
    assert first["severity"] == [{"method": "policy", "score": "high"}]
    assert second["severity"][0] == {"method": "cvss_v3", "score": "9.8"}
    assert second["annotations"][0]["fixed"] == "3.0.14-1~deb12u1"


@pytest.mark.parametrize(
    ("verdict", "result", "failed"),
    [
        (RunVerdict.PASS, "WARNED", []),
        (RunVerdict.FAIL, "FAILED", ["patch_sla"]),
        (RunVerdict.INDETERMINATE, "FAILED", ["coverage"]),
    ],
)
def test_rules_are_tests(
    make_facts: MakeFacts,
    signer: Ed25519Signer,
    tmp_path: Path,
    verdict: RunVerdict,
    result: str,
    failed: list[str],
) -> None:
    done = record(make_facts(verdict), signer, FolderStore(tmp_path))
    predicate = statements(done)[TEST_RESULT]["predicate"]
    assert predicate["result"] == result
    assert predicate["failedTests"] == failed
    assert predicate["warnedTests"] == ["image_age"]
    assert "base_image" not in json.dumps(predicate), "a rule that is off is no test"
    assert predicate["configuration"][0]["digest"]["sha256"] in make_facts(verdict).policy_digest
    assert predicate["url"] == "https://git.example/shop/web/-/jobs/4711"


def test_what_is_not_attached_is_not_stated(make_facts: MakeFacts) -> None:
    facts = make_facts(RunVerdict.INDETERMINATE)
    assert [one.name for one in state(without(facts, SBOM)).others] == [
        "statement-test-result", "statement-vulns",
    ]  # fmt: skip
    assert [one.name for one in state(without(facts, VERDICT)).others] == ["statement-cyclonedx"]


def test_a_number_without_one_written_form_is_not_signed(facts: RunFacts) -> None:
    sbom = Attachment(name=SBOM, media_type="x", content=b'{"score": 9.8}')
    with pytest.raises(EvidenceError, match=r"9\.8"):
        state(without(facts, SBOM, sbom))


def changed(payload: bytes, *path: str | int, to: Any) -> bytes:
    value = canonical.decode(payload)
    place = value
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return canonical.encode(value)


@pytest.mark.parametrize(
    ("name", "path", "to"),
    [
        ("statement-cyclonedx", ("predicate", "components"), [{"name": "added"}]),
        ("statement-cyclonedx", ("predicateType",), VULNS),
        ("statement-test-result", ("predicate", "result"), "PASSED"),
        ("statement-test-result", ("predicate", "failedTests"), []),
        ("statement-test-result", ("predicate", "url"), "https://elsewhere.example"),
        ("statement-vulns", ("predicate", "scanner", "result"), []),
        ("statement-vulns", ("predicate", "scanner", "result", 1, "id"), "CVE-1-1"),
        ("statement-vulns", ("predicate", "scanner", "result", 1, "annotations"), []),
        (
            "statement-vulns",
            ("predicate", "scanner", "result", 1, "annotations", 0, "severity"),
            "low",
        ),
        ("statement-vulns", ("subject", 0, "digest"), {"sha256": "0" * 64}),
        ("statement-vulns", ("subject",), []),
    ],
)
def test_a_statement_that_says_something_else_is_v11(
    facts: RunFacts, name: str, path: tuple[str | int, ...], to: Any
) -> None:
    """Even the holder of the key cannot sign statements that contradict the verdict unseen."""
    stated = state(facts)
    attached = {item.name: item.content for item in facts.attachments}
    payloads = {other.name: other.payload for other in stated.others}
    assert check_statements(stated.run, payloads, attached) == []
    payloads[name] = changed(payloads[name], *path, to=to)
    (problem,) = check_statements(stated.run, payloads, attached)
    assert (problem.code, problem.where) == (Code.VERDICT_DISAGREES, name)


def test_text_without_a_utf8_form_is_a_problem_and_no_crash(
    facts: RunFacts, signer: Ed25519Signer
) -> None:
    payload = vsa.encode(state(facts).run).replace(b'"kim"', b'"\\ud800"')
    bundle = dsse.sign(payload, PAYLOAD_TYPE, [signer]) + b"\n"
    report = verify_bundle(bundle, "x", [signer.verifying_key], None)
    assert [problem.code for problem in report.problems] == [Code.NOT_A_RECORD]
