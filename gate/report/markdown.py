"""The result as Markdown: for a step summary, a comment on a pull request, or a page.

GitHub takes 65,536 characters in a comment and 1 MiB in a step summary, and drops what
is larger without a word; so the document stays below the smaller limit whatever the
result: the worst stands first, and what is left out is counted.  A comment on the first
line, which nobody sees, names the image: who updates one comment finds it by that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gate.policy.verdict import Outcome, RuleOutcome
from gate.report.changes import Change, changes
from gate.report.encoding import log_line
from gate.report.facts import count, origins, subject_line, tally, whys
from gate.report.identity import fingerprint, logical_name
from gate.report.judged import Judged, judged
from gate.report.markdown_text import code, plain
from gate.run.result import Result

_LIMIT = 60_000
"""Bytes of the whole document."""
_SPARE = 2_000
"""Bytes for what ends tables, and stands for sections that are left out."""
_ROWS = 30
_LINES = 20
_TEXT = 400
_NAME = 60
_SIGNS = {Outcome.PASS: "✅", Outcome.FAIL: "❌", Outcome.INDETERMINATE: "❓"}
_MEANINGS = {
    Outcome.PASS: "The policy is met.",
    Outcome.FAIL: "The policy is not met.",
    Outcome.INDETERMINATE: "It could not be decided whether the policy is met.",
}
_RULE_SIGNS = {RuleOutcome.PASSED: "✅", RuleOutcome.WARNED: "❕", RuleOutcome.FAILED: "❌"}


def render(result: Result, exit_code: int) -> bytes:
    """Return the document: verdict, reasons, what to change, rules, findings, origins."""
    end = "\n".join(_origins(result, exit_code))
    document = _Document(_LIMIT - _SPARE - len(end.encode()))
    document.add("", _head(result))
    document.add("Why", _list("Why", _reasons(result)))
    if result.findings is not None and result.findings.findings:
        rows = changes(result)
        document.add("Change", _changes("Change", rows.fixable))
        document.add("Waiting for a fix", _changes("Waiting for a fix", rows.unfixed))
    warnings = [plain(text, _TEXT) for text in result.verdict.warnings]
    document.add("Warnings", _list("Warnings", warnings))
    document.add("Rules", _rules(result))
    document.add_table(*_findings(result))
    text = document.text() + end + "\n"
    return "\n".join(map(log_line, text.split("\n"))).encode()


def marker(target: str) -> str:
    """Return the comment that a report on `target` begins with, whatever its tag."""
    return f"<!-- patchgate:{fingerprint(logical_name(target))[:32]} -->"


class _Document:
    """Collects lines as long as there is room."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._lines: list[str] = []

    def add(self, title: str, lines: Iterable[str]) -> None:
        """Add a section; where there is no room for it, say that it is left out."""
        lines = list(lines)
        if sum(len(line.encode()) + 1 for line in lines) > self._room:
            lines = [f"**{title}: left out here, being too long; the JSON result has all.**", ""]
        self._put(*lines)

    def _put(self, *lines: str) -> None:
        self._lines.extend(lines)
        self._room -= sum(len(line.encode()) + 1 for line in lines)

    def add_table(self, title: str, head: str, rows: Sequence[str]) -> None:
        """Add a folded table with as many rows as fit, and say how many do not."""
        if not rows:
            return
        columns = head.count("|") - 1
        self._put(f"<details><summary>{title}</summary>", "", head, "|---" * columns + "|")
        shown = 0
        for row in rows:
            if self._room < len(row.encode()) + 1:
                break
            self._put(row)
            shown += 1
        if left := len(rows) - shown:
            self._put("", f"**{left:,} more are left out here; the JSON result has all.**")
        self._put("", "</details>", "")

    def text(self) -> str:
        return "\n".join(self._lines) + "\n"


def _head(result: Result) -> Iterator[str]:
    outcome = result.verdict.outcome
    yield marker(result.target)
    yield f"## {_SIGNS[outcome]} {outcome.value} {code(result.target, _TEXT // 2)}"
    yield ""
    yield f"**{_MEANINGS[outcome]}**  "
    for line in (subject_line(result), tally(result)):
        if line:
            yield f"{plain(line, _TEXT)}  "
    yield ""


def _reasons(result: Result) -> list[str]:
    return [f"{plain(why.message, _TEXT)}{_remedy(why.remedy)}" for why in whys(result)]


def _remedy(text: str) -> str:
    return f"<br>→ {plain(text, _TEXT)}" if text else ""


def _list(title: str, lines: Sequence[str]) -> Iterator[str]:
    if not lines:
        return
    yield f"### {title}"
    yield ""
    yield from (f"- {line}" for line in lines[:_LINES])
    if len(lines) > _LINES:
        yield f"- and {len(lines) - _LINES:,} more; the JSON result has all"
    yield ""


def _changes(title: str, rows: Sequence[Change]) -> Iterator[str]:
    if not rows:
        return
    breaking = sum(row.breaks for row in rows)
    note = f"{breaking:,} of {len(rows):,} break the policy" if breaking else "within the policy"
    yield f"### {title} ({note})"
    yield ""
    yield "| | Package | Installed | Raise to | Flaws | Due |"
    yield "|---|---|---|---|---|---|"
    for row in rows[:_ROWS]:
        to = code(row.to) if row.fixable else row.to
        sign = "❌" if row.breaks else "❕" if row.late else ""
        yield _row(sign, code(row.packages), code(row.installed), to, row.flaws, row.due)
    if len(rows) > _ROWS:
        rest = rows[_ROWS:]
        marked = sum(row.breaks for row in rest)
        breaks = f", {marked:,} of them ❌" if marked else ""
        yield ""
        yield f"**and {len(rest):,} more{breaks}; the JSON result has all**"
    yield ""


def _rules(result: Result) -> Iterator[str]:
    rules = [rule for rule in result.verdict.rules if rule.outcome is not RuleOutcome.OFF]
    if not rules:
        return
    yield f"<details><summary>{count(len(rules), 'rule')}</summary>"
    yield ""
    yield "| | Rule | Result | Controls |"
    yield "|---|---|---|---|"
    for rule in rules:
        controls = plain(", ".join(rule.controls), _TEXT)
        sign = _RULE_SIGNS.get(rule.outcome, "")
        yield _row(sign, code(rule.rule), plain(rule.message, _TEXT), controls)
    yield ""
    yield "</details>"
    yield ""


def _findings(result: Result) -> tuple[str, str, list[str]]:
    items = judged(result)
    head = "| | Flaw | Severity | Package | Installed | Fixed in | Due | |"
    return count(len(items), "finding"), head, [_finding(item) for item in items]


def _finding(item: Judged) -> str:
    finding, decision, component = item
    due = f"{decision.due:%Y-%m-%d}" if decision.due is not None else decision.state.value
    return _row(
        "❌" if decision.broken else "❕" if decision.warned else "",
        code(finding.id, _NAME),
        decision.severity.value,
        code(item.package, _NAME),
        code(component.version, _NAME),
        code(finding.fixed, _NAME) or "no fix yet",
        due,
        plain(finding.summary, 2 * _NAME),
    )


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _origins(result: Result, exit_code: int) -> Iterator[str]:
    yield "<details><summary>What this rests on</summary>"
    yield ""
    for word, text in list(origins(result))[:_LINES]:
        yield f"- {word}: {plain(text, _TEXT)}"
    yield f"- exit: {exit_code}"
    yield ""
    yield "</details>"
