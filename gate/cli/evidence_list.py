"""`patchgate evidence list`: which runs are recorded, as far as they verify."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import click
import msgspec

from gate.cli import exits
from gate.cli.evidence_options import (
    folder_option,
    read_trusted,
    show_problems,
    trust_files,
    trust_option,
)
from gate.cli.options import cache_option
from gate.cli.output import emit
from gate.cli.places import cache_folder, evidence_place
from gate.estate.index import Index, IndexFile
from gate.estate.lines import Question, RunLine
from gate.estate.register import Listed, Register, flaws_of, read_register
from gate.evidence.extension import RunVerdict
from gate.evidence.place import Place
from gate.evidence.problems import Problem
from gate.report.encoding import visible, visible_json
from gate.run.clock import read_time

_DAY = timedelta(days=1)


@click.command(name="list")
@folder_option
@trust_option
@click.option(
    "--verdict", type=click.Choice([verdict.value for verdict in RunVerdict]), help="Only these."
)
@click.option(
    "--subject",
    "--image",
    "subject",
    metavar="TEXT",
    default="",
    help="Only subjects with this in name or digest.",
)
@click.option(
    "--cve",
    "flaws",
    metavar="ID",
    multiple=True,
    help="Only runs that found this flaw, by the identifier that reports show.",
)
@click.option("--since", metavar="TIME", help="Only runs decided then or later (ISO 8601, UTC).")
@click.option("--until", metavar="TIME", help="Only runs until then; a day counts whole.")
@click.option(
    "--actor", metavar="TEXT", default="", help="Only runs that somebody like this began."
)
@click.option(
    "--repository", metavar="TEXT", default="", help="Only runs of CI repositories like this."
)
@click.option("--json", "as_json", is_flag=True, help="Print the runs as JSON.")
@cache_option
def list_command(
    *,
    evidence_path: str | None,
    trusted: tuple[str, ...],
    verdict: str | None,
    subject: str,
    flaws: tuple[str, ...],
    since: str | None,
    until: str | None,
    actor: str,
    repository: str,
    as_json: bool,
    cache: str | None,
) -> int:
    """List the recorded runs of a folder, in the order of its ledger.

    What does not verify is listed in any case, as such, and the exit code is 6.
    """
    question = Question(
        subject=subject,
        verdict=verdict or "",
        since=read_time(since, "--since") if since else None,
        until=_until(until),
        actor=actor,
        repository=repository,
    )
    place = evidence_place(evidence_path)
    known = cache_folder(cache)
    file = IndexFile(known.parent / "runs" if known else None, place.name, trust_files(trusted))
    index = file.read()
    register = read_register(place, read_trusted(trusted), index)
    listed, lost = _found(register, question, flaws, place, index)
    file.keep(index)
    if as_json:
        emit(_json(register, listed, lost))
    else:
        _show(register, listed, lost)
    return exits.PASS if register.ok and not lost else exits.VERIFICATION


def _until(given: str | None) -> datetime | None:
    """Return the moment after the last; a day is meant whole."""
    if given is None:
        return None
    moment = read_time(given, "--until")
    return moment + (_DAY if len(given) <= len("2026-01-01") else timedelta(seconds=1))


Lost = list[tuple[RunLine, Problem]]


def _found(
    register: Register, question: Question, flaws: tuple[str, ...], place: Place, index: Index
) -> tuple[list[Listed], Lost]:
    """Return what is wanted, with what does not verify; and runs whose flaws cannot be told."""
    found: list[Listed] = []
    lost: Lost = []
    for one in register.listed:
        if one.line is None:
            found.append(one)
            continue
        if not question.wants(one.line):
            continue
        if flaws:
            named = flaws_of(place, one.line, index)
            if isinstance(named, Problem):
                lost.append((one.line, named))
                continue
            if not set(flaws).intersection(named):
                continue
        found.append(one)
    return found, lost


def _show(register: Register, listed: list[Listed], lost: Lost) -> None:
    lines = [one.line for one in listed if one.line is not None]
    subjects = _width(line.subject for line in lines)
    actors = _width(line.actor for line in lines)
    for one in listed:
        line = one.line
        if line is None:
            codes = ", ".join(sorted({problem.code.value for problem in one.problems}))
            name = visible(one.name) or f"entry {one.number}"
            click.echo(f"{name}  NOT VERIFIED ({codes})")
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
            if one.line is None
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
