"""The terminal report, judged by who has two seconds for it."""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.advisories.severity import Severity
from gate.bom.model import Reading, ReadingStatus
from gate.errors import InputError
from gate.policy.kinds import Action
from gate.policy.model import Policy
from gate.policy.settings import PatchSla, Rules
from gate.policy.verdict import Cause, Outcome, Reason, Verdict
from gate.report import table
from gate.run.result import EvidenceNote, Result
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

HOSTILE = "a\x1b[2K\r\x9b31m\n\N{RIGHT-TO-LEFT OVERRIDE}txt.\N{ZERO WIDTH SPACE}\x07\u3164\u00a0z"


def render(result: Result, *, width: int = 120, colour: bool = False) -> str:
    return table.render(result, exit_code=1, colour=colour, width=width)


def row(text: str, package: str) -> str:
    """Return the row of a package without the spaces between its cells."""
    (found,) = [line for line in text.splitlines() if line[2:].startswith(f"{package} ")]
    return re.sub(" {2,}", " | ", found.rstrip())


@pytest.mark.parametrize(
    ("result", "first"),
    [
        (PASSED, "✓ PASS  registry.example/shop/web:1.4"),
        (FAILED, "✗ FAIL  registry.example/shop/web:1.4"),
        (INDETERMINATE, "? INDETERMINATE  registry.example/shop/web:1.4"),
    ],
)
def test_the_verdict_is_the_first_word(result: Result, first: str) -> None:
    assert render(result).splitlines()[0] == first
    assert "\x1b" not in render(result)
    coloured = render(result, colour=True)
    assert re.sub(r"\x1b\[[0-9;]+m", "", coloured) == render(result)
    assert coloured.startswith("\x1b[1;3")


def test_what_to_change_to_which_version_and_by_when() -> None:
    text = render(FAILED)
    assert row(text, "openssl") == (
        "✗ openssl | 1.0-1 | 2.0-1 | 1 critical, 1 medium | 2026-05-15, 17 days over"
    )
    assert row(text, "curl") == " | curl | 1.0-1 | 2.0-1 | 1 high | 2026-06-11, 10 days left"
    assert row(text, "bash") == " | bash | 1.0-1 | no fix yet | 1 low | 2026-08-25, 85 days left"
    assert "4 findings: 1 critical, 1 high, 1 medium, 1 low; 1 overdue" in text
    assert "Change (✗ 1 of 2 break the policy)" in text
    assert "Waiting for a fix (nothing here breaks the policy)" in text
    assert text.index("patch_sla: 1 of 4") < text.index("openssl") < text.index("curl")


def test_what_breaks_the_policy_comes_before_what_is_only_overdue() -> None:
    broken = result_of(
        finding("early", "CVE-1", days=40),
        finding("late", "CVE-2", severity=Severity.CRITICAL, days=10),
    )
    decisions = tuple(
        msgspec.structs.replace(d, broken=d.broken if d.id == "CVE-2" else ())
        for d in broken.verdict.decisions
    )
    verdict = msgspec.structs.replace(broken.verdict, decisions=decisions)
    text = render(msgspec.structs.replace(broken, verdict=verdict))
    assert row(text, "late").startswith("✗")
    assert row(text, "early").endswith("26 days over")
    assert text.index("✗ late ") < text.index("  early ")


def test_what_only_warns_is_not_marked() -> None:
    warn = Policy(version=1, rules=Rules(patch_sla=PatchSla(action=Action.WARN)))
    result = result_of(finding("curl", days=40), policy=warn)
    assert result.verdict.outcome is Outcome.PASS
    assert "✗" not in render(result)
    assert "Warnings\n  patch_sla" in render(result)
    assert "\x1b[33m  curl" in render(result, colour=True)


def test_dates_that_are_missing() -> None:
    undated = msgspec.structs.replace(finding("curl"), published=None)
    assert row(render(result_of(undated)), "curl").endswith("overdue (no date known)")
    harmless = finding("curl", severity=Severity.NONE)
    assert row(render(result_of(harmless)), "curl").endswith("1 none | no time limit")


def test_a_package_with_and_without_fixes_is_in_both_lists() -> None:
    text = render(result_of(finding("curl"), finding("curl", "CVE-9", fixed="")))
    change, waiting = text.split("Waiting for a fix")
    assert "1 high" in row(change, "curl")
    assert "no fix yet" in row(waiting, "curl")


def test_packages_of_one_source_are_one_row() -> None:
    names = [f"libssl-part-{number}" for number in range(9)]
    result = result_of(
        *[finding(name) for name in names],
        components=[component(name, source="openssl") for name in names],
    )
    assert "libssl-part-0 and 8 more" in render(result)
    # One flaw, though it is in nine packages.
    assert " 1 high " in render(result)


def test_no_findings() -> None:
    text = render(PASSED)
    assert "no findings" in text
    assert "Change" not in text
    assert "Why" not in text


def test_where_it_comes_from() -> None:
    text = render(FAILED)
    for line in (
        "read      3 packages from var/lib/dpkg/status",
        "left out  1 bugfix advisories",
        "against   Debian: 57,000 advisories as of 2026-06-01, 2 hours old",
        "policy    default (built-in), decided for 2026-06-01 12:00 UTC (clock)",
        "evidence  r1.dsse.json, signed by key abcdef012345",
        "exit      1",
    ):
        assert line in text
    assert "3 packages from var/lib/dpkg/status, not completely" in render(INDETERMINATE)
    whole = ReadingStatus.COMPLETE
    sbom = Reading(what="SPDX SBOM", status=whole, components=1)
    assert "1 package from SPDX SBOM\n" in render(result_of(readings=(sbom,)))
    files = [Reading(what="dpkg file", status=whole, path=f"{n}", components=1) for n in range(300)]
    text = render(result_of(readings=tuple(files)))
    assert "300 packages from dpkg file, 300 files\n" in text
    none = msgspec.structs.replace(PASSED, evidence=EvidenceNote(recorded=False, why_not="off"))
    assert "evidence  none: off" in render(none)


def test_a_target_that_could_not_be_read() -> None:
    reason = Reason(cause=Cause.INPUT, code="unreadable", message="x.tar: is cut short")
    result = Result(
        target="x.tar",
        now=NOW,
        now_basis="clock",
        policy=POLICY_NOTE,
        verdict=Verdict(outcome=Outcome.INDETERMINATE, decided_at=NOW, reasons=(reason,)),
        failure=InputError("is cut short", where="x.tar", hint="save the image again"),
    )
    text = render(result)
    assert text.startswith("? INDETERMINATE  x.tar\n\nWhy\n  x.tar: is cut short\n  → save the")
    assert "findings" not in text


@pytest.mark.parametrize("width", [80, 120, 200])
def test_it_fits_the_terminal(width: int) -> None:
    long = "1:3.0.16-1~deb12u1+really"
    findings = [
        msgspec.structs.replace(
            finding(f"a-package-{'x' * 40}-{n}", f"CVE-{n}", days=90), fixed=long
        )
        for n in range(3)
    ]
    names = sorted({f.ref[4:] for f in findings})
    text = render(
        result_of(*findings, components=[component(name, long) for name in names]), width=width
    )
    assert max(map(len, text.splitlines())) <= width
    # Whatever is cut, the date is whole, and so is the version where there is room.
    assert "days over" in text
    assert width == 80 or long in text


def test_thousands_of_findings_stay_readable() -> None:
    severities = [Severity.CRITICAL, Severity.HIGH, Severity.LOW]
    findings = [
        finding(f"package-{n:04}", f"CVE-{n}", severity=severities[n % 3], days=20 + n % 50)
        for n in range(5000)
    ]
    text = render(result_of(*findings))
    lines = text.splitlines()
    assert len(lines) < 60
    assert "5,000 findings: 1,667 critical" in text
    shown = [line for line in lines if line.startswith("✗ package-")]
    assert len(shown) == 25
    assert re.search(r"and 4,975 more, 3,\d\d\d of them ✗; -o json lists all", text)
    many = [
        Reading(what="layer", status=ReadingStatus.FAILED, path=f"{n}", reason="x" * 9999)
        for n in range(5000)
    ]
    text = render(result_of(readings=tuple(many)))
    assert "and 4,988 more; -o json lists all" in text
    assert len(text.splitlines()) < 100


def plainly_visible(text: str) -> bool:
    return all(
        character in "\n " or unicodedata.category(character)[0] not in "CZ" for character in text
    )


def test_hostile_names_are_made_visible() -> None:
    hostile = msgspec.structs.replace(component("x"), name=HOSTILE, source_name=HOSTILE)
    reading = Reading(
        what=HOSTILE, status=ReadingStatus.PARTIAL, path=HOSTILE, reason=HOSTILE, components=1
    )
    flaw = msgspec.structs.replace(finding("x"), fixed=HOSTILE)
    text = render(
        result_of(flaw, components=[hostile], readings=(reading,), target=HOSTILE), width=400
    )
    assert plainly_visible(text)
    assert r"a\x1b[2K\r\x9b31m\n\u202etxt.\u200b\x07" in text
    assert r"\u3164\xa0z" in text


@settings(max_examples=60, deadline=timedelta(seconds=2))
@given(st.text(max_size=60), st.integers(0, 300))
def test_no_text_escapes(text: str, width: int) -> None:
    hostile = msgspec.structs.replace(component("x", text or "1"), name=text or "x")
    result = result_of(
        msgspec.structs.replace(finding("x"), fixed=text), components=[hostile], target=text
    )
    rendered = render(result, width=width)
    assert plainly_visible(rendered)
    # No text makes lines of its own.
    assert rendered.count("\n✗ FAIL") == 0
