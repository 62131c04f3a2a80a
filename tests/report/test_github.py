"""Workflow commands: as many as GitHub keeps, the worst first, and none from outside."""

from __future__ import annotations

import msgspec

from gate.advisories.severity import Severity
from gate.policy.kinds import Action
from gate.policy.model import Policy
from gate.policy.settings import PatchSla, Rules
from gate.policy.verdict import Outcome
from gate.report.github import render
from gate.run.result import Place, Result
from tests.report.hostile import hostile_unread
from tests.report.results import FAILED, PASSED, finding, result_of


def lines(result: Result) -> list[str]:
    return render(result, 1).decode().splitlines()


def test_reasons_come_first_then_packages() -> None:
    reason, package = lines(FAILED)
    assert reason == (
        "::error title=FAIL registry.example/shop/web::patch_sla: 1 of 4 findings are past their "
        "time to patch → raise the packages to their fixed versions; where there is none, "
        "replace or remove them"
    )
    assert package == (
        "::error title=raise openssl to 2.0-1::raise openssl from 1.0-1 to 2.0-1: "
        "1 critical, 1 medium; due 2026-05-15, 17 days over"
    )


def test_a_pass_is_a_notice() -> None:
    assert lines(PASSED) == [
        "::notice title=PASS registry.example/shop/web::the policy is met",
    ]


def test_what_only_warns() -> None:
    warn = Policy(version=1, rules=Rules(patch_sla=PatchSla(action=Action.WARN)))
    shown = lines(result_of(finding("curl", days=40), policy=warn))
    assert [line.split(" ")[0] for line in shown] == ["::warning", "::warning", "::notice"]


def test_the_place_that_is_given() -> None:
    placed = msgspec.structs.replace(FAILED, place=Place(path="a,b/Docker:file", line=3))
    assert all(
        line.startswith("::error file=a%2Cb/Docker%3Afile,line=3,title=") for line in lines(placed)
    )


def test_at_most_ten_of_a_level() -> None:
    flaws = [
        finding(f"p{n:03}", f"CVE-{n}", severity=Severity.CRITICAL, days=100 + n) for n in range(50)
    ]
    shown = lines(result_of(*flaws))
    assert len(shown) == 10
    assert "raise p049 to 2.0-1" in shown[1]
    assert shown[-1] == "::error title=42 more::42 more; see the other reports"


def test_no_failure_is_silent() -> None:
    assert lines(hostile_unread("x.tar"))[0].startswith("::error title=INDETERMINATE x.tar::x.tar")
    verdict = msgspec.structs.replace(PASSED.verdict, outcome=Outcome.INDETERMINATE)
    (line,) = lines(msgspec.structs.replace(PASSED, verdict=verdict))
    assert line.startswith("::error title=INDETERMINATE")
