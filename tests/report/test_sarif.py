"""SARIF: valid by the official schema, and never clean by accident."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from gate.advisories.severity import Severity
from gate.bom.model import Reading, ReadingStatus
from gate.errors import AdvisoryError
from gate.policy.verdict import Cause, Outcome, Reason, Verdict
from gate.report.sarif import render
from gate.run.result import Result
from tests.report.results import NOW, component, finding, result_of


@pytest.fixture(scope="module")
def validator(data: Path) -> jsonschema.Draft7Validator:
    schema = json.loads((data / "schema" / "sarif-schema-2.1.0.json").read_bytes())
    return jsonschema.Draft7Validator(schema)


def run_of(result: Result, validator: jsonschema.Draft7Validator, code: int = 1) -> dict[str, Any]:
    document = json.loads(render(result, code))
    validator.validate(document)
    run: dict[str, Any] = document["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for found in run["results"]:
        assert rules[found["ruleIndex"]]["id"] == found["ruleId"]
        assert found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "Dockerfile"
        assert found["partialFingerprints"]["primaryLocationLineHash"].endswith(":1")
    return run


def test_findings(validator: jsonschema.Draft7Validator) -> None:
    late = finding("openssl", "CVE-2026-2", severity=Severity.CRITICAL, days=30)
    young = finding("zlib", "CVE-2026-1", severity=Severity.LOW, fixed="")
    run = run_of(result_of(late, young), validator)
    texts = [(found["ruleId"], found["level"]) for found in run["results"]]
    assert texts == [
        ("patchgate/patch-sla", "error"),
        ("CVE-2026-2", "error"),
        ("CVE-2026-1", "note"),
    ]
    message = run["results"][1]["message"]["text"]
    assert message == (
        "openssl 1.0-1 in registry.example/shop/web has CVE-2026-2 (critical). "
        "Raise it to 2.0-1. Due 2026-05-05 (overdue)."
    )
    assert "There is no fix yet." in run["results"][2]["message"]["text"]
    scores = [
        rule["properties"]["security-severity"]
        for rule in run["tool"]["driver"]["rules"]
        if "properties" in rule
    ]
    assert scores == ["9.5", "2.0"]
    assert run["automationDetails"]["id"] == "patchgate/registry.example/shop/web/"
    assert run["invocations"][0]["executionSuccessful"] is True
    assert run["invocations"][0]["exitCode"] == 1


def test_a_pass_has_no_results(validator: jsonschema.Draft7Validator) -> None:
    run = run_of(result_of(), validator, 0)
    assert run["results"] == []
    assert run["invocations"][0]["executionSuccessful"] is True
    assert run["properties"]["verdict"] == "PASS"


def test_what_was_not_judged_is_a_result(validator: jsonschema.Draft7Validator) -> None:
    unread = Reading(what="layer", status=ReadingStatus.FAILED, reason="it is cut short")
    run = run_of(result_of(readings=(unread,)), validator, 3)
    assert [(found["ruleId"], found["level"]) for found in run["results"]] == [
        ("patchgate/unread", "error")
    ]
    invocation = run["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert "cut short" in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_a_run_that_came_to_nothing(validator: jsonschema.Draft7Validator) -> None:
    reason = Reason(cause=Cause.ADVISORIES, code="advisory-data", message="there are none")
    result = msgspec.structs.replace(
        result_of(),
        bom=None,
        findings=None,
        lookup=None,
        verdict=Verdict(outcome=Outcome.INDETERMINATE, decided_at=NOW, reasons=(reason,)),
        failure=AdvisoryError("there are none"),
    )
    run = run_of(result, validator, 4)
    assert [found["ruleId"] for found in run["results"]] == ["patchgate/advisory-data"]
    assert run["invocations"][0]["executionSuccessful"] is False


def fingerprints(run: dict[str, Any]) -> list[str]:
    return [found["partialFingerprints"]["primaryLocationLineHash"] for found in run["results"]]


def test_alerts_outlive_tags_and_versions(validator: jsonschema.Draft7Validator) -> None:
    flaw = finding("openssl", days=30)
    digest = "@sha256:" + "0" * 64
    seen = {
        tuple(fingerprints(run_of(result_of(flaw, target=target, components=[parts]), validator)))
        for target in ("shop/web:1.4", "shop/web:1.5", f"shop/web{digest}", f"shop/web:1{digest}")
        for parts in (component("openssl", "1.0-1"), component("openssl", "1.1-1"))
    }
    assert len(seen) == 1
    other = run_of(result_of(flaw, target="host:5000/shop/web:1"), validator)
    assert tuple(fingerprints(other)) not in seen
    assert other["automationDetails"]["id"] == "patchgate/host-5000/shop/web/"


def test_hostile_names(validator: jsonschema.Draft7Validator) -> None:
    target = "x\x1b[31m\n\u202e<script> ../@everyone:1"
    raw = render(result_of(finding("openssl", days=30), target=target), 1)
    assert raw.isascii()
    assert b"\\u001b" not in raw
    run_of(result_of(finding("openssl", days=30), target=target), validator)


def test_more_results_than_are_kept() -> None:
    flaws = [finding("openssl", f"CVE-2026-{n}", days=300) for n in range(5100)]
    run = json.loads(render(result_of(*flaws), 1))["runs"][0]
    assert len(run["results"]) == 5000
    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert "101 more results are left out" in notes[-1]["message"]["text"]


def test_the_same_result_gives_the_same_bytes() -> None:
    flaw = finding("openssl", days=30)
    assert render(result_of(flaw), 1) == render(result_of(flaw), 1)
