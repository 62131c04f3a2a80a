"""`patchgate evidence list`: which runs are recorded, as far as they verify."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
import msgspec

from gate.cli import exits
from gate.cli.evidence_options import folder_option, show_problems, trust_option
from gate.cli.evidence_question import Lost, question_options, search
from gate.cli.output import emit
from gate.cli.places import evidence_place
from gate.estate.lines import RunLine
from gate.estate.register import Listed, Register
from gate.evidence.problems import is_redacted
from gate.report.encoding import visible, visible_json


@click.command(name="list")
@folder_option
@trust_option
@question_options
@click.option("--json", "as_json", is_flag=True, help="Print the runs as JSON.")
def list_command(
    *,
    evidence_path: str | None,
    trusted: tuple[str, ...],
    as_json: bool,
    **filters: Any,
) -> int:
    """List the recorded runs of a folder, in the order of its ledger.

    What does not verify is listed in any case, as such, and the exit code is 6.
    """
    register, listed, lost = search(evidence_place(evidence_path), trusted, **filters)
    if as_json:
        emit(_json(register, listed, lost))
    else:
        _show(register, listed, lost)
    return exits.PASS if register.ok and not lost else exits.VERIFICATION


def _show(register: Register, listed: list[Listed], lost: Lost) -> None:
    lines = [one.line for one in listed if one.line is not None]
    subjects = _width(line.subject for line in lines)
    actors = _width(line.actor for line in lines)
    for one in listed:
        line = one.line
        if line is None:
            codes = ", ".join(sorted({problem.code.value for problem in one.problems}))
            name = visible(one.name) or f"entry {one.number}"
            word = "REDACTED" if is_redacted(one.problems) else "NOT VERIFIED"
            click.echo(f"{name}  {word} ({codes})")
            continue
        subject, actor = visible(line.subject), visible(line.actor)
        click.echo(
            f"{line.run_id}  {line.verdict.value:<13}  {subject:{subjects}}  "
            f"{actor:{actors}}  {visible(line.repository)}".rstrip()
        )
    for line, problem in lost:
        click.echo(f"{line.run_id}  FLAWS NOT KNOWN")
        show_problems([problem])
    show_problems(register.ledger)


def _width(texts: Iterator[str]) -> int:
    return min(max((len(visible(text)) for text in texts), default=0), 60)


def _json(register: Register, listed: list[Listed], lost: Lost) -> bytes:
    """Return the runs as JSON; fields are only ever added."""
    document = {
        "schema": "https://patchgate.dev/schema/evidence-list-1.json",
        "verified": register.ok and not lost,
        "runs": [_run(one, one.line) for one in listed if one.line is not None],
        "not_verified": [
            {"entry": one.number, "file": one.name, "problems": one.problems}
            for one in listed
            if one.line is None and not is_redacted(one.problems)
        ],
        "redacted": [
            {"entry": one.number, "file": one.name, "problems": one.problems}
            for one in listed
            if is_redacted(one.problems)
        ],
        "flaws_not_known": [
            {"run_id": line.run_id, "problems": [problem]} for line, problem in lost
        ],
        "ledger_problems": register.ledger,
    }
    data = msgspec.json.format(msgspec.json.encode(document), indent=2)
    return visible_json(data) + b"\n"


def _run(one: Listed, line: RunLine) -> dict[str, object]:
    fields = {name: getattr(line, name) for name in line.__struct_fields__}
    del fields["verdict_sha256"]
    return {"entry": one.number, **fields}
