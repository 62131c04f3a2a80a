"""The findings as CSV (RFC 4180), for spreadsheets and for those who keep lists.

The first row of data is the verdict, so that a list without findings does not read as a
PASS.
"""

from __future__ import annotations

from collections.abc import Iterator

from gate.policy.verdict import Cause
from gate.report.cells import write_csv
from gate.report.judged import Judged, judged
from gate.run.result import Result

_COLUMNS = (
    "kind",
    "target",
    "id",
    "severity",
    "package",
    "type",
    "installed",
    "fixed",
    "state",
    "due",
    "days_over",
    "days_left",
    "published",
    "fix_published",
    "breaks",
    "warns",
    "epss",
    "file",
    "layer",
    "summary",
)
"""A new column goes to the end."""


def render(result: Result, exit_code: int) -> bytes:
    """Return the rows: the verdict, the reasons for it, the findings, worst first."""
    del exit_code
    return write_csv(_COLUMNS, _rows(result))


def _rows(result: Result) -> Iterator[dict[str, str]]:
    verdict = result.verdict
    base = {"target": result.target}
    yield {**base, "kind": "verdict", "id": verdict.outcome.value}
    for reason in verdict.reasons:
        kind = "policy" if reason.cause is Cause.POLICY else "not-judged"
        yield {**base, "kind": kind, "id": reason.code, "summary": reason.message}
    for warning in verdict.warnings:
        yield {**base, "kind": "warning", "summary": warning}
    for item in judged(result):
        yield {**base, **_finding(item)}


def _finding(item: Judged) -> dict[str, str]:
    finding, decision, component = item
    place = component.locations[0] if component.locations else None
    days = {"days_over": decision.days_over, "days_left": decision.days_left}
    dates = {
        "due": decision.due,
        "published": finding.published,
        "fix_published": finding.fix_published,
    }
    return {
        "kind": "finding",
        "id": finding.id,
        "severity": decision.severity.value,
        "package": item.package,
        "type": component.type,
        "installed": component.version,
        "fixed": finding.fixed,
        "state": decision.state.value,
        "breaks": " ".join(decision.broken),
        "warns": " ".join(decision.warned),
        "epss": "" if decision.epss is None else f"{decision.epss:g}",
        "file": place.path if place else "",
        "layer": place.layer if place else "",
        "summary": finding.summary,
        **{name: f"{date:%Y-%m-%dT%H:%M:%SZ}" if date else "" for name, date in dates.items()},
        **{name: "" if number is None else str(number) for name, number in days.items()},
    }
