"""What commands that search the record have in common: the filters, and the search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import click

from gate.cli.evidence_options import read_trusted, trust_files
from gate.cli.options import cache_option
from gate.cli.places import cache_folder
from gate.estate.index import Index, IndexFile
from gate.estate.lines import Question, RunLine
from gate.estate.register import Listed, Register, flaws_of, read_register
from gate.evidence.extension import RunVerdict
from gate.evidence.place import Place
from gate.evidence.problems import Problem
from gate.run.clock import read_time

F = TypeVar("F", bound=Callable[..., Any])
Lost = list[tuple[RunLine, Problem]]

_DAY = timedelta(days=1)
_OPTIONS = (
    click.option(
        "--verdict",
        type=click.Choice([verdict.value for verdict in RunVerdict]),
        help="Only these.",
    ),
    click.option(
        "--subject",
        "--image",
        "subject",
        metavar="TEXT",
        default="",
        help="Only subjects with this in name or digest.",
    ),
    click.option(
        "--cve",
        "flaws",
        metavar="ID",
        multiple=True,
        help="Only runs that found this flaw, by the identifier that reports show.",
    ),
    click.option(
        "--since", metavar="TIME", help="Only runs decided then or later (ISO 8601, UTC)."
    ),
    click.option("--until", metavar="TIME", help="Only runs until then; a day counts whole."),
    click.option(
        "--actor", metavar="TEXT", default="", help="Only runs that somebody like this began."
    ),
    click.option(
        "--repository", metavar="TEXT", default="", help="Only runs of CI repositories like this."
    ),
    cache_option,
)


def question_options(command: F) -> F:
    """Add the filters; `search` takes what they are given."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def search(
    place: Place,
    trusted: Sequence[str],
    *,
    verdict: str | None,
    subject: str,
    flaws: tuple[str, ...],
    since: str | None,
    until: str | None,
    actor: str,
    repository: str,
    cache: str | None,
) -> tuple[Register, list[Listed], Lost]:
    """Return all records, those that are wanted, and those whose flaws cannot be told."""
    question = Question(
        subject=subject,
        verdict=verdict or "",
        since=read_time(since, "--since") if since else None,
        until=_until(until),
        actor=actor,
        repository=repository,
    )
    known = cache_folder(cache)
    file = IndexFile(known.parent / "runs" if known else None, place.name, trust_files(trusted))
    index = file.read()
    register = read_register(place, read_trusted(trusted), index)
    listed, lost = _found(register, question, flaws, place, index)
    file.keep(index)
    return register, listed, lost


def _until(given: str | None) -> datetime | None:
    """Return the moment after the last; a day is meant whole."""
    if given is None:
        return None
    moment = read_time(given, "--until")
    return moment + (_DAY if len(given) <= len("2026-01-01") else timedelta(seconds=1))


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
