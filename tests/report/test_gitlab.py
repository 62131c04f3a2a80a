"""Reports for GitLab: accepted by its schema, and never clean by accident."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from gate.advisories.severity import Severity
from gate.policy.verdict import Cause, Outcome, Reason
from gate.report.formats import FORMATS
from gate.run.result import Place, Result
from tests.conftest import REPOSITORY
from tests.report.hostile import PAYLOADS, hostile, hostile_unread
from tests.report.results import FAILED, INDETERMINATE, PASSED, component, finding, result_of


@pytest.fixture(scope="module")
def validator(data: Path) -> jsonschema.Draft7Validator:
    file = data / "schema" / "gitlab-container-scanning-15.2.1.partial.schema.json"
    return jsonschema.Draft7Validator(json.loads(file.read_bytes()))


def scan(result: Result) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(FORMATS["gitlab-container-scanning"](result, 1))
    return document


def quality(result: Result) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads(FORMATS["gitlab-code-quality"](result, 1))
    return entries


def variables(result: Result, code: int = 1) -> dict[str, str]:
    text = FORMATS["dotenv"](result, code).decode()
    return dict(line.split("=", 1) for line in text.splitlines())


def test_a_scan_report(validator: jsonschema.Draft7Validator) -> None:
    document = scan(FAILED)
    validator.validate(document)
    assert document["version"] == "15.0.7"
    assert document["scan"]["status"] == "success"
    assert document["scan"]["start_time"] == "2026-06-01T12:00:00"
    first = document["vulnerabilities"][0]
    assert first["severity"] == "Critical"
    assert first["name"] == "CVE-2026-1: a flaw"
    assert first["solution"] == "Raise it to 2.0-1. Due 2026-05-15 (overdue)."
    assert first["identifiers"][0] == {
        "type": "cve",
        "name": "CVE-2026-1",
        "value": "CVE-2026-1",
        "url": "https://osv.dev/vulnerability/CVE-2026-1",
    }
    assert first["location"] == {
        "image": "registry.example/shop/web:1.4",
        "default_branch_image": "registry.example/shop/web",
        "operating_system": "debian 12",
        "dependency": {"package": {"name": "openssl"}, "version": "1.0-1"},
    }


def test_a_scan_that_did_not_see_everything_has_failed(
    validator: jsonschema.Draft7Validator,
) -> None:
    for result in (INDETERMINATE, hostile_unread("x.tar")):
        document = scan(result)
        validator.validate(document)
        assert document["scan"]["status"] == "failure"
        assert [m["level"] for m in document["scan"]["messages"]] == ["info", "fatal"]
    assert scan(PASSED)["scan"]["status"] == "success"
    # What was only not recorded was seen all the same.
    reason = Reason(cause=Cause.EVIDENCE, code="not-recorded", message="the disk is full")
    verdict = msgspec.structs.replace(
        PASSED.verdict, outcome=Outcome.INDETERMINATE, reasons=(reason,)
    )
    unrecorded = scan(msgspec.structs.replace(PASSED, verdict=verdict))
    assert unrecorded["scan"]["status"] == "success"
    assert "fatal" in {m["level"] for m in unrecorded["scan"]["messages"]}


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_texts_are_accepted(validator: jsonschema.Draft7Validator, payload: str) -> None:
    for result in (hostile(PAYLOADS[payload]), hostile_unread(PAYLOADS[payload])):
        document = scan(result)
        validator.validate(document)
        for found in document["vulnerabilities"]:
            # These two are rendered as Markdown.
            for text in (found["description"], found["solution"]):
                assert not re.search(r"(?<!\\)[`\[|]|<|@\w", text)
        entries = quality(result)
        assert len({entry["fingerprint"] for entry in entries}) == len(entries)
        lines = FORMATS["dotenv"](result, 1).decode().splitlines()
        assert all(re.fullmatch(r"PATCHGATE_[A-Z0-9_]+=[\w.:/@,+-]*", line) for line in lines)
        assert len(lines) <= 20
        assert len(FORMATS["dotenv"](result, 1)) <= 5000


def test_code_quality() -> None:
    entries = quality(FAILED)
    shown = [(entry["check_name"], entry["severity"]) for entry in entries]
    assert shown == [
        ("patchgate/patch-sla", "blocker"),
        ("CVE-2026-1", "blocker"),
        ("CVE-2026-3", "major"),
        ("CVE-2026-2", "minor"),
        ("CVE-2026-4", "info"),
    ]
    assert entries[0]["description"].startswith("FAIL registry.example/shop/web: patch_sla: 1 of 4")
    assert entries[1]["description"] == (
        "openssl 1.0-1 in registry.example/shop/web has CVE-2026-1 (critical). "
        "Raise it to 2.0-1. Due 2026-05-15 (overdue)."
    )
    assert entries[0]["location"] == {"path": "Dockerfile", "lines": {"begin": 1}}
    assert quality(PASSED) == []
    assert [entry["severity"] for entry in quality(INDETERMINATE)] == ["blocker", "major"]


def test_code_quality_points_at_the_place_that_is_given() -> None:
    placed = msgspec.structs.replace(FAILED, place=Place(path="deploy/web.yaml", line=7))
    assert {entry["location"]["path"] for entry in quality(placed)} == {"deploy/web.yaml"}
    assert {entry["location"]["lines"]["begin"] for entry in quality(placed)} == {7}
    run = json.loads(FORMATS["sarif"](placed, 1))["runs"][0]
    (where,) = run["results"][0]["locations"]
    assert where["physicalLocation"]["artifactLocation"]["uri"] == "deploy/web.yaml"
    assert where["physicalLocation"]["region"]["startLine"] == 7


def test_fingerprints_outlive_tags_versions_and_counts() -> None:
    def prints(target: str, version: str, *more: str) -> set[str]:
        flaws = [finding("openssl", flaw, days=300) for flaw in ("CVE-1", *more)]
        result = result_of(*flaws, target=target, components=[component("openssl", version)])
        return {entry["fingerprint"] for entry in quality(result)}

    known = prints("shop/web:1", "1.0-1")
    assert prints("shop/web:2", "1.1-1") == known
    assert prints("shop/web:2", "1.1-1", "CVE-2") > known
    assert prints("shop/other:1", "1.0-1").isdisjoint(known)


def test_more_entries_than_are_shown() -> None:
    flaws = [finding("openssl", f"CVE-{n}", severity=Severity.LOW) for n in range(1100)]
    entries = quality(result_of(*flaws))
    assert len(entries) == 1001
    assert "100 more findings" in entries[-1]["description"]


def test_variables() -> None:
    assert variables(FAILED) == {
        "PATCHGATE_VERDICT": "FAIL",
        "PATCHGATE_EXIT_CODE": "1",
        "PATCHGATE_REASONS": "patch-sla",
        "PATCHGATE_WARNINGS": "0",
        "PATCHGATE_TARGET": "registry.example/shop/web:1.4",
        "PATCHGATE_SHA256": "0123456789abcdef" * 4,
        "PATCHGATE_FINDINGS": "4",
        "PATCHGATE_BREAKING": "1",
        "PATCHGATE_OVERDUE": "1",
        "PATCHGATE_CRITICAL": "1",
        "PATCHGATE_HIGH": "1",
        "PATCHGATE_MEDIUM": "1",
        "PATCHGATE_LOW": "1",
        "PATCHGATE_NEXT_DUE": "2026-06-11",
        "PATCHGATE_POLICY_NAME": "default",
        "PATCHGATE_EVIDENCE_FILE": "r1.dsse.json",
        "PATCHGATE_DECIDED_AT": "2026-06-01T12:00:00Z",
    }


def test_no_variable_is_an_option_of_a_later_job() -> None:
    """GitLab gives these variables to every later job, above the job's own."""
    read = {
        name
        for path in (REPOSITORY / "gate").rglob("*.py")
        for name in re.findall(r"PATCHGATE_[A-Z_]+", path.read_text())
    }
    assert {"PATCHGATE_POLICY", "PATCHGATE_EVIDENCE", "PATCHGATE_DB"} <= read
    assert read.isdisjoint(variables(FAILED))


def test_nothing_counted_is_not_zero() -> None:
    shown = variables(hostile_unread("x.tar"), 3)
    assert shown["PATCHGATE_VERDICT"] == "INDETERMINATE"
    assert shown["PATCHGATE_FINDINGS"] == shown["PATCHGATE_CRITICAL"] == "unknown"
    assert variables(PASSED, 0)["PATCHGATE_FINDINGS"] == "0"
