"""JUnit: what CI systems show, and never green by accident."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import msgspec
import pytest

from gate.advisories.severity import Severity
from gate.policy.kinds import Action
from gate.policy.model import Policy
from gate.policy.settings import PatchSla, Rules
from gate.policy.verdict import Cause, Outcome, Reason
from gate.report.junit import render
from gate.run.result import Result
from tests.report.hostile import hostile_unread
from tests.report.results import FAILED, INDETERMINATE, PASSED, component, finding, result_of


def suite_of(result: Result) -> ET.Element:
    """Return the suite, with its counts held against its cases."""
    root = ET.fromstring(render(result, 1))
    (suite,) = root
    cases = suite.findall("testcase")
    assert int(suite.attrib["tests"]) == int(root.attrib["tests"]) == len(cases)
    for plural, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.attrib[plural]) == len(suite.findall(f"testcase/{kind}"))
    names = [(case.attrib["classname"], case.attrib["name"]) for case in cases]
    assert len(names) == len(set(names))
    return suite


def outcomes(result: Result) -> dict[str, str]:
    """Return the outcome of each case by its name."""
    return {
        case.attrib["name"]: next(
            (child.tag for child in case if child.tag in {"failure", "error", "skipped"}), "passed"
        )
        for case in suite_of(result).iter("testcase")
    }


def message(result: Result, name: str) -> str:
    (case,) = [c for c in suite_of(result).iter("testcase") if c.attrib["name"] == name]
    return case[0].attrib["message"]


def test_rules_and_packages() -> None:
    assert outcomes(FAILED) == {
        "patch_sla": "failure",
        "image_age": "passed",
        "openssl (deb)": "failure",
    }
    assert message(FAILED, "openssl (deb)") == (
        "openssl 1.0-1 has CVE-2026-1. Raise it to 2.0-1. Due 2026-05-15 (overdue)."
    )
    text = suite_of(FAILED).findtext("testcase[@name='patch_sla']/failure")
    assert text is not None
    assert "what to do: raise the packages to their fixed versions" in text


def test_a_pass_is_green() -> None:
    assert set(outcomes(PASSED).values()) == {"passed"}


def test_what_was_not_judged_is_an_error_and_no_rule_is_green() -> None:
    assert outcomes(INDETERMINATE) == {
        "patch_sla": "skipped",
        "image_age": "skipped",
        "incomplete": "error",
    }
    assert outcomes(hostile_unread("x")) == {"unreadable": "error"}


def test_a_verdict_that_was_only_not_recorded() -> None:
    reason = Reason(cause=Cause.EVIDENCE, code="not-recorded", message="the disk is full")
    verdict = msgspec.structs.replace(
        PASSED.verdict, outcome=Outcome.INDETERMINATE, reasons=(reason,)
    )
    assert outcomes(msgspec.structs.replace(PASSED, verdict=verdict)) == {
        "patch_sla": "passed",
        "image_age": "passed",
        "not-recorded": "error",
    }


@pytest.mark.parametrize("outcome", [Outcome.FAIL, Outcome.INDETERMINATE])
def test_never_green_without_a_pass(outcome: Outcome) -> None:
    verdict = msgspec.structs.replace(PASSED.verdict, outcome=outcome, reasons=())
    shown = outcomes(msgspec.structs.replace(PASSED, verdict=verdict))
    assert {"failure", "error"} & set(shown.values())


def test_warnings_do_not_fail() -> None:
    warn = Policy(version=1, rules=Rules(patch_sla=PatchSla(action=Action.WARN)))
    result = result_of(finding("curl", days=40), policy=warn)
    assert outcomes(result)["patch_sla"] == "passed"
    assert b"warning: 1 of 1 findings" in render(result, 0)


def test_a_package_is_one_case_and_names_the_version_that_closes_all() -> None:
    result = result_of(
        finding("curl", "CVE-1", days=400, fixed="2.0-1", severity=Severity.CRITICAL),
        finding("curl", "CVE-2", days=300, fixed="3.0-1"),
        components=[component("curl")],
    )
    assert message(result, "curl (deb)") == (
        "curl 1.0-1 has CVE-1 and 1 more. Raise it to 3.0-1. Due 2025-04-30 (overdue)."
    )


def test_thousands_of_packages() -> None:
    flaws = [finding(f"p{number:04}", days=400) for number in range(1100)]
    shown = outcomes(result_of(*flaws))
    assert len(shown) < 1010
    assert shown["more packages"] == "failure"
