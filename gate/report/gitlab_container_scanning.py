"""The findings as a GitLab container scanning report, for merge requests and the dashboard.

The format is GitLab's "security report schemas", 15.0.7: every version of GitLab since
15.0 reads it, and one that is newer than the GitLab at hand is refused whole.  Where
the target could not be judged, the scan has failed, so that no finding is taken for
resolved because it was not looked for.
"""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import quote

import msgspec

from gate import __version__
from gate.advisories.severity import Severity
from gate.policy.verdict import Cause
from gate.report.encoding import visible, visible_json
from gate.report.identity import logical_name
from gate.report.judged import Judged, advice, is_judged, judged, raised_to
from gate.report.markdown_text import plain
from gate.run.result import Result

_VERSION = "15.0.7"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://patchgate.dev/gitlab-container-scanning")
_RECORDS = "https://osv.dev/vulnerability/"
_NAME, _SOLUTION, _TEXT = 255, 7000, 10_000
"""The schema's limits in characters; descriptions may be longer, and nobody reads them."""
_SEVERITIES = {
    Severity.CRITICAL: "Critical",
    Severity.HIGH: "High",
    Severity.MEDIUM: "Medium",
    Severity.LOW: "Low",
    Severity.NONE: "Info",
    Severity.UNKNOWN: "Unknown",
}
_TYPES = ("cve", "ghsa", "rhsa", "usn", "elsa")
"""Kinds of identifiers that GitLab knows."""

_Object = dict[str, Any]


def render(result: Result, exit_code: int) -> bytes:
    """Return the report: every finding, those that break the policy first."""
    del exit_code
    tool = {
        "id": "patchgate",
        "name": "patchgate",
        "version": __version__,
        "vendor": {"name": "patchgate"},
    }
    stamp = f"{result.now:%Y-%m-%dT%H:%M:%S}"
    targets = raised_to(result)
    found = {
        entry["id"]: entry
        for item in judged(result)
        for entry in (_vulnerability(result, item, targets[item.component.ref]),)
    }
    document = {
        "version": _VERSION,
        "scan": {
            "analyzer": tool,
            "scanner": tool,
            "type": "container_scanning",
            "start_time": stamp,
            "end_time": stamp,
            "status": "success" if is_judged(result) else "failure",
            "messages": _messages(result),
        },
        "vulnerabilities": list(found.values()),
    }
    data = msgspec.json.format(msgspec.json.encode(document), indent=1)
    return visible_json(data) + b"\n"


def _messages(result: Result) -> list[_Object]:
    """Return the verdict, every reason and every warning."""
    verdict = result.verdict
    lines = [
        ("info", f"patchgate: {verdict.outcome.value}"),
        *(
            ("warn" if reason.cause is Cause.POLICY else "fatal", reason.message)
            for reason in verdict.reasons
        ),
        *(("warn", warning) for warning in verdict.warnings),
    ]
    return [{"level": level, "value": visible(text, _TEXT) or "?"} for level, text in lines]


def _vulnerability(result: Result, item: Judged, to: str) -> _Object:
    finding, decision, component = item
    return {
        "id": str(uuid.uuid5(_NAMESPACE, f"{decision.id}\n{decision.ref}")),
        "name": visible(f"{finding.id}: {finding.summary}".removesuffix(": "), _NAME),
        "description": _description(item),
        "severity": _SEVERITIES[decision.severity],
        "solution": plain(advice(item, to if finding.fixed else ""), _SOLUTION // 10),
        "identifiers": _identifiers(item),
        "location": {
            "image": visible(result.target, _NAME) or "unknown",
            "default_branch_image": logical_name(result.target),
            "operating_system": _system(result),
            "dependency": {
                "package": {"name": visible(item.package, _NAME)},
                "version": visible(component.version, _NAME),
            },
        },
    }


def _description(item: Judged) -> str:
    """Return what matched, where: GitLab renders it as Markdown."""
    component = item.component
    lines = [f"{item.package} {component.version}: {item.finding.summary}"]
    lines += [f"{match.advisory} ({match.source}): {match.why}" for match in item.finding.matches]
    if where := ", ".join(place.path for place in component.locations):
        lines.append(f"Found in {where}")
    return "\n\n".join(plain(line, _TEXT) for line in lines)


def _identifiers(item: Judged) -> list[_Object]:
    """Return all identifiers; the first is the one that GitLab knows the flaw by."""
    finding = item.finding
    names = dict.fromkeys((finding.id, *finding.identifiers))
    return [
        {
            "type": next((t for t in _TYPES if name.lower().startswith(f"{t}-")), "osv"),
            "name": visible(name, _NAME),
            "value": visible(name, _NAME),
            "url": _RECORDS + quote(name, safe=""),
        }
        for name in names
        if name
    ]


def _system(result: Result) -> str:
    distro = result.bom.distro if result.bom is not None else None
    name = f"{distro.id} {distro.version_id}".strip() if distro is not None else ""
    return visible(name, _NAME) or "unknown"
