"""The terminal report: does it pass, what to change, by when.

What a person needs first stands first; everything else is in the JSON result.
The report stays short whatever the result: lists are cut, and say by how much.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from gate.policy.verdict import Outcome
from gate.report.changes import Change, changes
from gate.report.encoding import log_line, visible
from gate.report.facts import origins, subject_line, tally
from gate.report.forecast import headline
from gate.run.result import Result

_WIDTH = 120
_ROWS = 25
_LINES = 12
_LINE_WIDTH = 400
_TARGET_WIDTH = 80
_COLOURS = {Outcome.PASS: "32", Outcome.FAIL: "31", Outcome.INDETERMINATE: "33"}
_MARKS = {Outcome.PASS: "✓", Outcome.FAIL: "✗", Outcome.INDETERMINATE: "?"}
_BREAKS = "✗ "
_HEADS = ("PACKAGE", "INSTALLED", "RAISE TO", "FLAWS", "DUE")
_NARROWEST = {3: 10, 0: 16, 2: 14}
"""Columns that give way in a narrow terminal, in this order, and how far."""


def render(result: Result, *, exit_code: int, colour: bool, width: int = _WIDTH) -> str:
    """Return the report as text that ends with a newline.

    `width` is that of the terminal, in columns.
    """
    page = _Page(colour=colour, width=width)
    _headline(page, result)
    _reasons(page, result)
    if result.verdict.outcome is Outcome.PASS and result.forecast is not None:
        page.line(f"  {headline(result)}")
    if result.findings is not None and result.findings.findings:
        rows = changes(result)
        _table(page, "Change", rows.fixable)
        _table(page, "Waiting for a fix", rows.unfixed)
    _since(page, result)
    if result.verdict.warnings:
        page.section("Warnings", result.verdict.warnings)
    _footer(page, result, exit_code)
    return page.text()


class _Page:
    """Collects lines, with colour where it is wanted."""

    def __init__(self, *, colour: bool, width: int) -> None:
        self.width = width
        self._lines: list[str] = []
        self._colour = colour

    def styled(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour and code else text

    def line(self, text: str = "") -> None:
        self._lines.append(text)

    def section(self, title: str, lines: Sequence[str]) -> None:
        self.line()
        self.line(self.styled(title, "1"))
        for line in lines[:_LINES]:
            for part in wrap(visible(line, _LINE_WIDTH), max(self.width - 4, 20)):
                self.line(f"  {part}")
        if len(lines) > _LINES:
            self.line(f"  and {len(lines) - _LINES:,} more; -o json lists all")

    def text(self) -> str:
        return "\n".join(map(log_line, self._lines)) + "\n"


def _headline(page: _Page, result: Result) -> None:
    outcome = result.verdict.outcome
    word = page.styled(f"{_MARKS[outcome]} {outcome.value}", f"1;{_COLOURS[outcome]}")
    page.line(f"{word}  {visible(result.target, _TARGET_WIDTH)}")
    for text in (subject_line(result), tally(result)):
        if text:
            page.line(f"  {visible(text, _LINE_WIDTH)}")


def _reasons(page: _Page, result: Result) -> None:
    lines = [reason.message for reason in result.verdict.reasons]
    if result.failure is not None and result.failure.hint:
        lines.append(f"→ {result.failure.hint}")
    if lines:
        page.section("Why", lines)


def _since(page: _Page, result: Result) -> None:
    """Say why the verdict is another than that of the run before."""
    since = result.since
    if since is None or since.outcome is result.verdict.outcome or not since.changes:
        return
    title = f"Since {since.decided_at:%Y-%m-%d %H:%M} UTC, which was {since.outcome}"
    lines = [f"{'+' if one.better else '-'} {one.message}" for one in since.changes]
    page.section(title, lines)


def _table(page: _Page, title: str, rows: Sequence[Change]) -> None:
    if not rows:
        return
    shown = rows[:_ROWS]
    cells = [(row.packages, row.installed, row.to, row.flaws, row.due) for row in shown]
    widths = _widths([_HEADS, *cells], page.width - len(_BREAKS))
    page.line()
    page.line(page.styled(title, "1") + _now_or_later(rows))
    page.line("  " + page.styled(_joined(_HEADS, widths), "2"))
    for row, row_cells in zip(shown, cells, strict=True):
        line = (_BREAKS if row.breaks else "  ") + _joined(row_cells, widths)
        page.line(page.styled(line, "31" if row.breaks else "33" if row.late else ""))
    if len(rows) > _ROWS:
        rest = rows[_ROWS:]
        breaking = sum(row.breaks for row in rest)
        marked = f", {breaking:,} of them {_BREAKS.strip()}" if breaking else ""
        page.line(f"  and {len(rest):,} more{marked}; -o json lists all")


def _now_or_later(rows: Sequence[Change]) -> str:
    """Return what the mark beside a row means, and how many rows have it."""
    breaking = sum(row.breaks for row in rows)
    if not breaking:
        return " (nothing here breaks the policy)"
    return f" ({_BREAKS}{breaking:,} of {len(rows):,} break the policy)"


def _widths(rows: Sequence[Sequence[str]], available: int) -> dict[int, int]:
    """Return the columns to show and their widths: as wide as their cells, if they fit.

    What is installed goes first, since the package can be asked for it.
    """
    widths = {n: max(len(row[n]) for row in rows) for n in range(len(_HEADS))}
    if _total(widths) > available:
        del widths[1]
    for n, narrowest in _NARROWEST.items():
        over = max(_total(widths) - available, 0)
        widths[n] -= min(over, max(widths[n] - narrowest, 0))
    return widths


def _total(widths: dict[int, int]) -> int:
    return sum(widths.values()) + 2 * (len(widths) - 1)


def _joined(cells: Sequence[str], widths: dict[int, int]) -> str:
    parts = (visible(cells[n], width).ljust(width) for n, width in widths.items())
    return "  ".join(parts).rstrip()


def _footer(page: _Page, result: Result, exit_code: int) -> None:
    lines = [f"{word:<9} {visible(text, _LINE_WIDTH)}" for word, text in origins(result)]
    lines.append(f"exit      {exit_code}")
    page.line()
    for line in lines:
        page.line(page.styled(line, "2"))
