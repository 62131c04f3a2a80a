"""`patchgate evidence diff`: before and after, from two recorded runs."""

from __future__ import annotations

from collections.abc import Callable

import click

from gate.cli import exits
from gate.cli.evidence_options import (
    find_record,
    folder_option,
    has_ledger,
    read_trusted,
    show_problems,
    trust_option,
)
from gate.cli.output import emit
from gate.errors import VerificationError
from gate.estate.comparison import Comparison, Examined, compare, examine
from gate.evidence.verify_folder import read_snapshot, verify_record_at
from gate.report import comparison as report
from gate.report.encoding import visible

_FORMS: dict[str, Callable[[Comparison], bytes]] = {
    "table": lambda found: report.render_text(found).encode(),
    "json": report.render_json,
    "markdown": lambda found: report.render_markdown(found).encode(),
}


@click.command(name="diff")
@click.argument("before")
@click.argument("after")
@folder_option
@trust_option
@click.option("-o", "--output", "form", type=click.Choice([*_FORMS]), default="table")
def command(
    *,
    before: str,
    after: str,
    evidence_path: str | None,
    trusted: tuple[str, ...],
    form: str,
) -> int:
    """Show what a patch did: the run BEFORE and the run AFTER, each its id or its file.

    Packages that changed; flaws that were closed and opened, how long each was open
    against its time to patch; who ran it, and where. Exit 6 if one of the records
    does not verify: then nothing is compared.
    """
    keys = read_trusted(trusted)
    sides: list[Examined] = []
    for run in (before, after):
        place, name = find_record(run, evidence_path)
        snapshot = read_snapshot(place, keys) if has_ledger(place) else None
        logged = verify_record_at(place, name, snapshot, keys, blobs=True)
        found = logged.report.run if logged.report is not None else None
        problems = (*logged.problems, *(snapshot.ledger.problems if snapshot is not None else ()))
        if problems or found is None:
            click.echo(f"{visible(name)}: NOT VERIFIED, so nothing is compared", err=True)
            show_problems(problems, err=True)
            return exits.VERIFICATION
        examined = examine(found, place, logged.number)
        if examined is None:
            raise VerificationError(
                "came to no verdict, so there is nothing to compare", where=visible(run)
            )
        sides.append(examined)
    emit(_FORMS[form](compare(*sides)))
    return exits.PASS
