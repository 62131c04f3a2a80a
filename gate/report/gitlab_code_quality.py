"""What is wrong as a GitLab code quality report, which every tier shows in merge requests.

The format is that of Code Climate as far as GitLab reads it (GitLab docs, "Code
Quality", section "Code Quality report format").  The widget compares fingerprints with
those of the target branch, so they hold no version, and no two are equal.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from gate.advisories.severity import Severity
from gate.report.encoding import visible, visible_json
from gate.report.identity import finding_fingerprint, fingerprint, logical_name
from gate.report.judged import Judged, advice, judged, raised_to
from gate.report.place import place_of
from gate.run.result import Place, Result

_ENTRIES = 1000
_TEXT = 500
_WORST = "blocker"
_SEVERITIES = {
    Severity.CRITICAL: "critical",
    Severity.HIGH: "major",
    Severity.MEDIUM: "minor",
    Severity.LOW: "info",
    Severity.NONE: "info",
    Severity.UNKNOWN: "major",
}

_Object = dict[str, Any]


def render(result: Result, exit_code: int) -> bytes:
    """Return an entry for each reason against a PASS and each flaw of a package, worst first."""
    del exit_code
    image = logical_name(result.target)
    place = place_of(result)
    entries: dict[str, _Object] = {}
    numbers: Counter[str] = Counter()
    for reason in result.verdict.reasons:
        # Messages count things, and change from build to build.
        numbers[reason.code] += 1
        digest = fingerprint(reason.code, str(numbers[reason.code]), image)
        text = f"{result.verdict.outcome.value} {image}: {reason.message}"
        entries[digest] = _entry(f"patchgate/{reason.code}", text, _WORST, digest, place)
    targets = raised_to(result)
    for item in judged(result):
        digest = finding_fingerprint(item, image)
        # Of a package that is there more than once, the worst finding is shown.
        if digest not in entries:
            text = _sentence(item, image, targets[item.component.ref])
            severity = _WORST if item.decision.broken else _SEVERITIES[item.decision.severity]
            entries[digest] = _entry(item.finding.id, text, severity, digest, place)
    shown = list(entries.values())
    if len(shown) > _ENTRIES:
        text = f"{image}: {len(shown) - _ENTRIES} more findings; the JSON result has all"
        more = _entry("patchgate/more", text, "info", fingerprint("more", image), place)
        shown = [*shown[:_ENTRIES], more]
    data = msgspec.json.format(msgspec.json.encode(shown), indent=1)
    return visible_json(data) + b"\n"


def _sentence(item: Judged, image: str, to: str) -> str:
    return (
        f"{item.package} {item.component.version} in {image} has {item.finding.id} "
        f"({item.decision.severity.value}). {advice(item, to if item.finding.fixed else '')}"
    )


def _entry(check: str, text: str, severity: str, digest: str, place: Place) -> _Object:
    return {
        "type": "issue",
        "check_name": visible(check, _TEXT),
        "description": visible(text, _TEXT),
        "categories": ["Security"],
        "severity": severity,
        "fingerprint": digest,
        "location": {"path": visible(place.path), "lines": {"begin": place.line}},
    }
