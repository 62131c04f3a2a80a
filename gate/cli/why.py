"""`patchgate why`: one flaw of a target, explained."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import click

from gate.cli import exits
from gate.cli.judging_options import judging_options, judging_request
from gate.cli.options import PATH
from gate.cli.output import emit
from gate.report.encoding import visible
from gate.report.judged import is_judged
from gate.report.why import findings_of, render
from gate.run.check import examine


@click.command(name="why")
@click.argument("identifier")
@click.argument("target", type=PATH)
@judging_options
def command(*, identifier: str, target: str, **given: Any) -> int:
    """Explain the flaw IDENTIFIER (CVE, GHSA, DSA, …) of TARGET.

    Tells in which package, file and layer it is, which advisory and range say so, which
    date started the clock, which rule it breaks and what to do by when. Nothing is
    recorded. Exit 0 if it was found, 1 if the target does not have it; 3 or 4 if
    that cannot be said.
    """
    result, _ = examine(judging_request(target, timedelta(0), given))
    found = findings_of(result, identifier)
    if found:
        emit(render(result, found).encode())
        return exits.PASS
    if result.failure is not None or not is_judged(result):
        for reason in result.verdict.reasons:
            click.echo(f"patchgate: {visible(reason.message, 500)}", err=True)
        click.echo(
            f"patchgate: whether {visible(target)} has {visible(identifier)} cannot be said",
            err=True,
        )
        if result.failure is not None:
            return exits.code_of_error(result.failure)
        return exits.code_of_reasons(result.verdict.reasons)
    click.echo(f"patchgate: {visible(target)} does not have {visible(identifier)}", err=True)
    return exits.FAIL
