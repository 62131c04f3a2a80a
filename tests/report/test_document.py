"""The JSON result: valid by the schema that is printed, and the same facts as the run's."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gate import __version__
from gate.errors import InputError
from gate.policy.verdict import Cause, Outcome, Reason, Verdict
from gate.report.document import Document, json_schema, render
from gate.report.encoding import visible
from gate.report.formats import FORMATS
from gate.run.result import Result
from tests.report.results import (
    FAILED,
    INDETERMINATE,
    NOW,
    PASSED,
    POLICY_NOTE,
    component,
    finding,
    result_of,
)

SCHEMA = json.loads(json_schema())
VALIDATOR = Draft202012Validator(SCHEMA)
UNREAD = Result(
    target="x.tar",
    now=NOW,
    now_basis="--now",
    policy=POLICY_NOTE,
    verdict=Verdict(
        outcome=Outcome.INDETERMINATE,
        decided_at=NOW,
        reasons=(Reason(cause=Cause.INPUT, code="unreadable", message="x"),),
    ),
    failure=InputError("x"),
)


def decoded(result: Result, exit_code: int = 0) -> Any:
    return json.loads(render(result, exit_code))


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert not VALIDATOR.is_valid({})
    assert not VALIDATOR.is_valid(decoded(PASSED) | {"verdict": "MAYBE"})
    assert not VALIDATOR.is_valid(decoded(PASSED) | {"findings": None})


@pytest.mark.parametrize("result", [PASSED, FAILED, INDETERMINATE, UNREAD])
def test_a_result_is_valid_and_reads_back(result: Result) -> None:
    document = render(result, 3)
    assert [error.message for error in VALIDATOR.iter_errors(json.loads(document))] == []
    read = msgspec.json.decode(document, type=Document)
    assert msgspec.json.decode(msgspec.json.encode(read)) == json.loads(document)
    assert read.exit_code == 3
    assert document.endswith(b"}\n")
    assert render(result, 3) == document


def test_findings_carry_what_the_policy_made_of_them() -> None:
    document = decoded(FAILED, 1)
    assert document["tool"] == {"name": "patchgate", "version": __version__}
    assert (document["verdict"], document["exit_code"]) == ("FAIL", 1)
    findings = {found["id"]: found for found in document["findings"]}
    assert findings.keys() == {"CVE-2026-1", "CVE-2026-2", "CVE-2026-3", "CVE-2026-4"}
    worst = findings["CVE-2026-1"]
    assert worst["component"]["name"] == "openssl"
    assert worst["component"]["locations"][0]["path"] == "var/lib/dpkg/status"
    assert (worst["severity"], worst["state"], worst["fixed"]) == ("critical", "overdue", "2.0-1")
    assert worst["broken"] == ["patch_sla"]
    assert worst["due"] == "2026-05-15T12:00:00Z"
    assert worst["advisories"][0]["advisory"] == "DSA-1"
    assert findings["CVE-2026-4"]["status"] == "unfixed"
    assert document["summary"] == {
        "components": 4,
        "findings": 4,
        "overdue": 1,
        "accepted": 0,
        "fixable": 3,
        "by_severity": {"critical": 1, "high": 1, "medium": 1, "low": 1, "none": 0},
    }
    assert {upgrade["to"] for upgrade in document["upgrades"]} == {"2.0-1", ""}
    assert document["coverage"]["not_vulnerabilities"] == {"bugfix": 1}


def test_nothing_found() -> None:
    document = decoded(PASSED)
    assert document["findings"] == document["upgrades"] == document["reasons"] == []
    assert document["summary"]["components"] == 1


def test_a_target_that_could_not_be_read() -> None:
    document = decoded(UNREAD, 3)
    assert document["subject"] is None
    assert document["findings"] == []
    assert document["coverage"]["complete"] is False


def test_coverage_is_complete_unless_something_is_missing() -> None:
    assert decoded(PASSED)["coverage"]["complete"] is True
    assert decoded(FAILED)["coverage"]["complete"] is True
    assert decoded(INDETERMINATE)["coverage"]["complete"] is False
    # A verdict that could not be recorded is about whole facts all the same.
    unrecorded = msgspec.structs.replace(
        PASSED.verdict,
        outcome=Outcome.INDETERMINATE,
        reasons=(Reason(cause=Cause.EVIDENCE, code="not-recorded", message="disk full"),),
    )
    document = decoded(msgspec.structs.replace(PASSED, verdict=unrecorded))
    assert document["coverage"]["complete"] is True


@settings(deadline=None)
@given(st.text(max_size=40))
def test_hostile_text_stays_text_and_is_visible(text: str) -> None:
    name = f"a{text}\x7f\x9b31m\N{RIGHT-TO-LEFT OVERRIDE}\N{LANGUAGE TAG}"
    hostile = msgspec.structs.replace(component("x"), name=name)
    document = render(result_of(finding("x"), components=[hostile], target=name), 0)
    assert json.loads(document)["findings"][0]["component"]["name"] == name
    assert json.loads(document)["target"] == name
    for line in document.decode().splitlines():
        assert visible(line) == line


def test_every_format_renders_every_result_or_says_why_not() -> None:
    assert set(FORMATS) >= {"cyclonedx", "json"}
    for result in (PASSED, FAILED, INDETERMINATE):
        for renderer in FORMATS.values():
            assert renderer(result, 0)
    assert FORMATS["json"](FAILED, 1) == render(FAILED, 1)
    with pytest.raises(InputError, match="could not be read"):
        FORMATS["cyclonedx"](UNREAD, 3)
