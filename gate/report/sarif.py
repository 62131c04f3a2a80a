"""The result as SARIF 2.1.0, for code scanning.

Rules: OASIS SARIF 2.1.0, and what GitHub's code scanning accepts of it ("SARIF
support for code scanning"): every result has a location in the repository, a
rule and a fingerprint that outlives tags; `security-severity` is a string; a
file with too many results is refused whole.

What is no flaw of a package is a result as well, a policy that is not met and a
target that could not be judged alike: an upload without results reads as
"nothing found", and that must never stand for "nothing was looked at".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec

from gate import __version__
from gate.advisories.severity import Severity
from gate.matching.findings import Finding
from gate.policy.verdict import Cause, Decision
from gate.report.encoding import visible, visible_json
from gate.report.identity import finding_fingerprint, fingerprint, logical_name
from gate.report.judged import Judged, advice, judged
from gate.report.place import place_of
from gate.run.result import Place, Result

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_RESULTS = 5000
"""GitHub keeps this many of a run; a file with over 25,000 is refused."""
_TEXT = 1000
_CATEGORY = re.compile(r"[^A-Za-z0-9._/-]+")
_SCORES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
}
"""What stands for a severity that came without a score; critical begins above 9.0."""

_Object = dict[str, Any]


def render(result: Result, exit_code: int) -> bytes:
    """Return one run with a result for each reason and each finding, the gravest first."""
    image = logical_name(result.target)
    place = place_of(result)
    found = [*_of_reasons(result, image, place), *_of_findings(result, image, place)]
    rules: dict[str, _Object] = {}
    results: list[_Object] = []
    for rule, shown in found[:_RESULTS]:
        rules.setdefault(rule["id"], rule)
        results.append(shown)
    places = {name: place for place, name in enumerate(rules)}
    for shown in results:
        shown["ruleIndex"] = places[shown["ruleId"]]
    run: _Object = {
        "tool": {
            "driver": {
                "name": "patchgate",
                "semanticVersion": __version__,
                "rules": list(rules.values()),
            }
        },
        "automationDetails": {"id": f"patchgate/{_CATEGORY.sub('-', image)}/"},
        "invocations": [_invocation(result, exit_code, left_out=len(found) - len(results))],
        "results": results,
        "properties": {"verdict": result.verdict.outcome.value, "target": visible(result.target)},
    }
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    data = msgspec.json.format(msgspec.json.encode(document), indent=1)
    return visible_json(data) + b"\n"


def _invocation(result: Result, exit_code: int, left_out: int) -> _Object:
    """Say whether the target was judged at all, and everything that kept it from PASS."""
    judged = all(reason.cause is Cause.POLICY for reason in result.verdict.reasons)
    texts = [reason.message for reason in result.verdict.reasons]
    if left_out:
        texts.append(f"{left_out} more results are left out; the JSON result has all")
    return {
        "executionSuccessful": judged,
        "exitCode": exit_code,
        "exitCodeDescription": result.verdict.outcome.value,
        "endTimeUtc": f"{result.now:%Y-%m-%dT%H:%M:%SZ}",
        "toolExecutionNotifications": [
            {"level": "error", "message": {"text": visible(text, _TEXT)}} for text in texts
        ],
    }


def _of_reasons(result: Result, image: str, place: Place) -> Iterator[tuple[_Object, _Object]]:
    for reason in result.verdict.reasons:
        name = f"patchgate/{reason.code}"
        short = "The policy is not met" if reason.cause is Cause.POLICY else "Not judged"
        text = f"{image}: {visible(reason.message, _TEXT)}"
        rule = _rule(name, f"{short}: {reason.code}", "See docs/policy.md and docs/exit-codes.md.")
        yield rule, _result(name, "error", text, fingerprint(name, image), place)


def _of_findings(result: Result, image: str, place: Place) -> Iterator[tuple[_Object, _Object]]:
    for item in judged(result):
        finding, decision, _ = item
        rule = _rule(
            finding.id,
            f"{finding.id}: {finding.summary}" if finding.summary else finding.id,
            f"{', '.join(finding.identifiers)}. `patchgate db show {finding.id}` explains it.",
        )
        rule["properties"] = {"tags": ["security", "vulnerability"], "precision": "very-high"}
        if score := _score(finding, decision):
            rule["properties"]["security-severity"] = score
        level = "error" if decision.broken else "warning" if decision.warned else "note"
        digest = finding_fingerprint(item, image)
        shown = _result(finding.id, level, _sentence(item, image), digest, place)
        if why := _suppression(result, decision):
            shown["suppressions"] = [
                {"kind": "external", "status": "accepted", "justification": visible(why, _TEXT)}
            ]
        yield rule, shown


def _suppression(result: Result, decision: Decision) -> str:
    """Return why a finding does not count, "" where it does (SARIF 2.1.0, 3.35)."""
    if decision.counts:
        return ""
    if decision.vex is not None and not decision.exception:
        said = decision.vex
        return f"{said.status.value}, says {said.author or said.document}: {said.why}"
    for one in result.verdict.exceptions:
        if one.id == decision.exception:
            until = f"{one.expires:%Y-%m-%d}"
            return f"exception {one.id}, approved by {one.approver}, until {until}: {one.reason}"
    return f"exception {decision.exception}"


def _score(finding: Finding, decision: Decision) -> str:
    """Return `security-severity`, "" for a flaw that nobody calls one."""
    taken = finding.rating.taken
    if taken is not None and taken.score is not None and taken.score > 0:
        return f"{taken.score:.1f}"
    return _SCORES.get(decision.severity, "")


def _sentence(item: Judged, image: str) -> str:
    finding, decision, component = item
    text = (
        f"{component.name} {component.version} in {image} has {finding.id} "
        f"({decision.severity.value}). {advice(item)}"
    )
    return visible(text, _TEXT)


def _rule(name: str, short: str, help_text: str) -> _Object:
    return {
        "id": visible(name, 255),
        "shortDescription": {"text": visible(short, _TEXT)},
        "fullDescription": {"text": visible(short, _TEXT)},
        "help": {"text": visible(help_text, _TEXT)},
    }


def _result(rule: str, level: str, text: str, digest: str, place: Place) -> _Object:
    line = place.line
    return {
        "ruleId": visible(rule, 255),
        "level": level,
        "message": {"text": text},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(place.path)},
                    "region": {
                        "startLine": line,
                        "startColumn": 1,
                        "endLine": line,
                        "endColumn": 2,
                    },
                }
            }
        ],
        "partialFingerprints": {"primaryLocationLineHash": f"{digest}:1"},
    }
