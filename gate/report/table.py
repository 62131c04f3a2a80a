"""The terminal report: does it pass, what to change, by when.

What a person needs first stands first; everything else is in the JSON result.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from gate.advisories.severity import Severity
from gate.bom.model import ReadingStatus
from gate.matching.upgrades import Upgrade
from gate.policy.durations import write_duration
from gate.policy.verdict import Decision, Outcome, State
from gate.report.encoding import visible
from gate.run.result import Result

_ROWS = 25
_NAME_WIDTH = 44
_VERSION_WIDTH = 34
_TARGET_WIDTH = 80
_COLOURS = {Outcome.PASS: "32", Outcome.FAIL: "31", Outcome.INDETERMINATE: "33"}
_MARKS = {Outcome.PASS: "✓", Outcome.FAIL: "✗", Outcome.INDETERMINATE: "?"}
_SEVERITIES = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW, Severity.NONE)


def render(result: Result, *, exit_code: int, colour: bool) -> str:
    """Return the report as text that ends with a newline."""
    page = _Page(colour=colour)
    _headline(page, result)
    _reasons(page, result)
    if result.findings is not None and result.findings.findings:
        _changes(page, result)
    if result.verdict.warnings:
        page.section("Warnings", (visible(warning) for warning in result.verdict.warnings))
    _footer(page, result, exit_code)
    return page.text()


class _Page:
    """Collects lines, with colour where it is wanted."""

    def __init__(self, *, colour: bool) -> None:
        self._lines: list[str] = []
        self._colour = colour

    def styled(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour else text

    def line(self, text: str = "") -> None:
        self._lines.append(text)

    def section(self, title: str, lines: Iterable[str]) -> None:
        self.line()
        self.line(self.styled(title, "1"))
        for line in lines:
            self.line(f"  {line}")

    def text(self) -> str:
        return "\n".join(self._lines) + "\n"


def _headline(page: _Page, result: Result) -> None:
    outcome = result.verdict.outcome
    word = page.styled(f"{_MARKS[outcome]} {outcome.value}", f"1;{_COLOURS[outcome]}")
    page.line(f"{word}  {visible(result.target, _TARGET_WIDTH)}")
    bom = result.bom
    if bom is None:
        return
    parts = []
    if bom.distro is not None:
        parts.append(bom.distro.pretty_name or f"{bom.distro.id} {bom.distro.version_id}")
    parts.append(_count(len(bom.components), "package"))
    if bom.subject.digests.get("sha256"):
        parts.append(f"sha256:{bom.subject.digests['sha256'][:12]}")
    page.line("  " + visible(", ".join(part.strip() for part in parts)))


def _reasons(page: _Page, result: Result) -> None:
    lines = [visible(reason.message) for reason in result.verdict.reasons]
    if result.failure is not None and result.failure.hint:
        lines.append(f"→ {visible(result.failure.hint)}")
    if lines:
        page.section("Why", lines)


class _Row(NamedTuple):
    order: tuple[float, str]
    cells: tuple[str, str, str, str, str]
    late: bool


def _changes(page: _Page, result: Result) -> None:
    decisions: dict[tuple[str, str], Decision] = {
        (decision.ref, decision.id): decision for decision in result.verdict.decisions
    }
    fixable = [upgrade for upgrade in result.upgrades if upgrade.to]
    unfixed = [upgrade for upgrade in result.upgrades if upgrade.unfixed or not upgrade.to]
    if fixable:
        _table(page, "Change", [_row(u, u.findings, decisions, result.now) for u in fixable])
    if unfixed:
        waiting = [
            _row(u, u.unfixed or u.findings, decisions, result.now, to="no fix yet")
            for u in unfixed
        ]
        _table(page, "Waiting for a fix", waiting)


def _row(
    upgrade: Upgrade,
    flaws: tuple[str, ...],
    decisions: dict[tuple[str, str], Decision],
    now: datetime,
    *,
    to: str = "",
) -> _Row:
    concerned = [
        decisions[ref, flaw] for ref in upgrade.refs for flaw in flaws if (ref, flaw) in decisions
    ]
    severity_of = {decision.id: decision.severity for decision in concerned}
    counts = Counter(severity_of.values())
    closes = ", ".join(f"{counts[s]} {s.value}" for s in _SEVERITIES if counts[s])
    urgent = min(concerned, key=_urgency)
    names = ", ".join(upgrade.packages)
    if len(names) > _NAME_WIDTH and len(upgrade.packages) > 1:
        names = f"{upgrade.packages[0]} and {len(upgrade.packages) - 1} more"
    return _Row(
        order=(_urgency(urgent), names),
        cells=(
            visible(names, _NAME_WIDTH),
            visible(upgrade.version, _VERSION_WIDTH),
            visible(to or upgrade.to, _VERSION_WIDTH),
            closes,
            _due(urgent, now),
        ),
        late=urgent.state is State.OVERDUE,
    )


def _urgency(decision: Decision) -> float:
    """Sort what is due first to the top; what has no date and is overdue before all."""
    if decision.state is State.NO_LIMIT:
        return float("inf")
    return decision.due.timestamp() if decision.due is not None else float("-inf")


def _due(decision: Decision, now: datetime) -> str:
    if decision.state is State.NO_LIMIT:
        return "no time limit"
    if decision.due is None:
        return "overdue (no date known)"
    left = decision.due - now
    if left < timedelta(0):
        return f"{decision.due:%Y-%m-%d}, {write_duration(left)} over"
    return f"{decision.due:%Y-%m-%d}, {write_duration(left)} left"


def _table(page: _Page, title: str, rows: list[_Row]) -> None:
    rows = sorted(rows)
    heads = ("PACKAGE", "INSTALLED", "RAISE TO", "CLOSES", "DUE")
    shown = rows[:_ROWS]
    widths = [max(len(row.cells[n]) for row in shown) for n in range(5)]
    widths = [max(width, len(head)) for width, head in zip(widths, heads, strict=True)]
    page.line()
    page.line(page.styled(title, "1"))
    page.line("  " + page.styled(_joined(heads, widths), "2"))
    for row in shown:
        line = _joined(row.cells, widths)
        page.line("  " + (page.styled(line, "31") if row.late else line))
    if len(rows) > _ROWS:
        page.line(f"  and {len(rows) - _ROWS} more; -o json lists all")


def _joined(cells: Iterable[str], widths: list[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _footer(page: _Page, result: Result, exit_code: int) -> None:
    lines = []
    if result.bom is not None:
        read = [r for r in result.bom.readings if r.components]
        for reading in read:
            whole = "" if reading.status is ReadingStatus.COMPLETE else ", not completely"
            lines.append(
                f"read      {_count(reading.components, 'package')} from "
                f"{visible(reading.path)}{whole}"
            )
    if result.findings is not None:
        kinds = Counter(kind for _, kind in set(_passed(result)))
        for kind, count in sorted(kinds.items()):
            lines.append(f"left out  {count} {kind} advisories that are not about vulnerabilities")
    for source in result.sources:
        age = write_duration(max(result.now - source.as_of, timedelta(0)))
        lines.append(
            f"against   {visible(source.name)}: {source.records:,} advisories as of "
            f"{source.as_of:%Y-%m-%d}, {age} old"
        )
    lines.append(
        f"policy    {visible(result.policy.name)} ({visible(result.policy.source)}), "
        f"decided for {result.now:%Y-%m-%d %H:%M} UTC ({result.now_basis})"
    )
    evidence = result.evidence
    if evidence.recorded:
        lines.append(f"evidence  {visible(evidence.file)}, signed by key {evidence.key_id[:12]}")
    else:
        lines.append(f"evidence  none: {visible(evidence.why_not or 'nothing was decided')}")
    lines.append(f"exit      {exit_code}")
    page.line()
    for line in lines:
        page.line(page.styled(line, "2"))


def _passed(result: Result) -> Iterable[tuple[str, str]]:
    return ((p.advisory, p.kind) for p in result.findings.passed_over) if result.findings else ()


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
