"""The result as GitHub workflow commands: annotations on a run and its pull request.

GitHub keeps ten annotations of each level of a step and drops the others without a
word.  So the reasons and the worst packages come first, and the last one counts what is
left out.  Escaping is that of actions/toolkit (`command.ts`).
"""

from __future__ import annotations

from collections.abc import Sequence

from gate.policy.verdict import Outcome
from gate.report.changes import Change, changes
from gate.report.encoding import visible
from gate.report.facts import whys
from gate.report.identity import logical_name
from gate.run.result import Result

_MOST = 10
_TEXT = 500
_TITLE = 120

_Note = tuple[str, str]
"""Title and message."""


def render(result: Result, exit_code: int) -> bytes:
    """Return a command for each reason, package that breaks the policy, and warning."""
    del exit_code
    image = logical_name(result.target)
    rows = changes(result)
    outcome = result.verdict.outcome.value
    reasons = [
        (f"{outcome} {image}", f"{why.message}{f' → {why.remedy}' if why.remedy else ''}")
        for why in whys(result)
    ]
    all_rows = [*rows.fixable, *rows.unfixed]
    errors = [*reasons, *(_change(row) for row in all_rows if row.breaks)]
    warnings = [
        *((f"warning for {image}", text) for text in result.verdict.warnings),
        *(_change(row) for row in all_rows if row.late and not row.breaks),
    ]
    lines = [*_commands("error", errors, result), *_commands("warning", warnings, result)]
    if result.verdict.outcome is Outcome.PASS:
        lines += _commands("notice", [(f"PASS {image}", "the policy is met")], result)
    elif not errors:
        lines += _commands("error", [(f"{outcome} {image}", "no reason is known")], result)
    return ("\n".join(lines) + "\n").encode()


def _change(row: Change) -> _Note:
    flaws = f"{row.flaws}; due {row.due}"
    if not row.fixable:
        return f"{row.packages}: no fix yet", f"{row.packages} {row.installed}: {flaws}"
    return (
        f"raise {row.packages} to {row.to}",
        f"raise {row.packages} from {row.installed} to {row.to}: {flaws}",
    )


def _commands(level: str, notes: Sequence[_Note], result: Result) -> list[str]:
    if len(notes) > _MOST:
        left = len(notes) - _MOST + 1
        notes = [*notes[: _MOST - 1], (f"{left:,} more", f"{left:,} more; see the other reports")]
    where = ""
    if result.place is not None:
        where = f"file={_property(result.place.path)},line={result.place.line},"
    return [
        f"::{level} {where}title={_property(visible(title, _TITLE))}::{_data(visible(text, _TEXT))}"
        for title, text in notes
    ]


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
