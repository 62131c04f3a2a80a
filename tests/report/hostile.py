"""Results in which every text from outside is hostile, for reports of any format."""

from __future__ import annotations

import msgspec

from gate.bom.model import Distro, Layer, Location, Note, Reading, ReadingStatus
from gate.errors import InputError
from gate.matching.upgrades import upgrades
from gate.policy.verdict import Cause, Outcome, Reason, RuleOutcome, RuleResult, Verdict
from gate.run.result import EvidenceNote, PolicyNote, Result
from tests.report.results import NOW, POLICY_NOTE, SOURCE, component, finding, result_of

PAYLOADS = {
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "attribute": "\"'><svg onload=alert(1)>",
    "markdown": "|`[x](javascript:alert(1))` ![i](http://e/x) @everyone **b** ~~s~~ <!-- -->",
    "markdown-lines": "a\n\n# heading\n\n- item\n\n```\ncode",
    "comment": "--> <b>x</b> <!--",
    "formula": '=HYPERLINK("http://e/","x")',
    "formula-plus": "+1+cmd|' /C calc'!A0",
    "formula-minus": "-1+1",
    "formula-at": "@SUM(1)",
    "formula-tab": "\t=1+1",
    "formula-return": "\r=1+1",
    "formula-in-cells": '",=1+1,"',
    "terminal": "\x1b[2K\x1b]0;title\x07\x9b31m\x7f\r",
    "command": "::error::pwned\n::error file=x::pwned\r\n  ::stop-commands::pwned",
    "command-percent": "%0A::error::pwned%0D%25",
    "command-property": "x,line=1::pwned",
    "command-old": "##[error]pwned\n##vso[task.complete]pwned",
    "cdata": "]]>&amp;&#27;<![CDATA[",
    "not-in-xml": "\x00\x08\x0b\ufffe\uffff\U0001fffe",
    "variable": "x\nPATCHGATE_VERDICT=PASS",
    "metric": 'x"} 1\npatchgate_verdict{verdict="PASS"} 1\n# EOF\n',
    "backslash": 'a\\"\\n\\',
    "hidden": "\u202etxt.\u200b\u3164\u00a0\u2028\u2029\x85z",
    "long": "x" * 70_000,
    "empty-ish": " ",
}


def hostile(text: str) -> Result:
    """Return a FAIL in which every text that comes from outside is `text`."""
    flaw = msgspec.structs.replace(
        finding("x", text, days=400), summary=text, fixed=text, identifiers=(text, "CVE-2026-1")
    )
    waiting = msgspec.structs.replace(
        finding("x", f"{text}2", days=400, fixed=""), summary=text, identifiers=(text,)
    )
    (match,) = flaw.matches
    match = msgspec.structs.replace(
        match, advisory=text, source=text, ecosystem=text, package=text, version=text, why=text
    )
    flaw = msgspec.structs.replace(flaw, matches=(match,))
    package = msgspec.structs.replace(
        component("x"),
        type=text,
        namespace=text,
        name=text,
        version=text,
        purl=text,
        source_name=text,
        source_version=text,
        vendor=text,
        licenses=(text,),
        locations=(Location(path=text, layer="sha256:aa"),),
        added_in="sha256:aa",
    )
    result = result_of(flaw, waiting, components=[package], target=text)
    assert result.bom is not None
    assert result.lookup is not None
    assert result.findings is not None
    bom = msgspec.structs.replace(
        result.bom,
        subject=msgspec.structs.replace(
            result.bom.subject, layers=(Layer(diff_id="sha256:aa", created_by=text),)
        ),
        distro=Distro(id=text, version_id=text, pretty_name=text),
        readings=(
            Reading(what=text, status=ReadingStatus.PARTIAL, path=text, reason=text, components=1),
        ),
        notes=(Note(code="odd", message=text, path=text),),
    )
    rule = RuleResult(
        rule="packages",
        outcome=RuleOutcome.FAILED,
        message=text,
        controls=("SOC 2 CC7.1",),
        details=(text,),
        remedy=text,
    )
    verdict = msgspec.structs.replace(
        result.verdict,
        target=text,
        warnings=(text,),
        rules=(*(r for r in result.verdict.rules if r.rule != "packages"), rule),
        reasons=(
            *result.verdict.reasons,
            Reason(cause=Cause.POLICY, code="packages", message=text),
        ),
    )
    return msgspec.structs.replace(
        result,
        bom=bom,
        verdict=verdict,
        upgrades=upgrades(bom, result.lookup, result.findings),
        policy=PolicyNote(name=text, digest="sha256:00", source=text, target=text),
        sources=(msgspec.structs.replace(SOURCE, name=text),),
        evidence=EvidenceNote(recorded=False, why_not=text),
    )


def hostile_unread(text: str) -> Result:
    """Return the result of a target that could not be read, whose error quotes `text`."""
    reason = Reason(cause=Cause.INPUT, code="unreadable", message=text)
    return Result(
        target=text,
        now=NOW,
        now_basis="clock",
        policy=POLICY_NOTE,
        verdict=Verdict(outcome=Outcome.INDETERMINATE, decided_at=NOW, reasons=(reason,)),
        failure=InputError(text, where=text, hint=text),
    )
