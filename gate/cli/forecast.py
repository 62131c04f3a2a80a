"""`patchgate forecast`: what will fail, and when, if nothing changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import click

from gate.cli import exits
from gate.cli.judging_options import judging_options, judging_request
from gate.cli.options import PATH
from gate.cli.output import emit
from gate.report.encoding import visible
from gate.report.forecast import render_html, render_json, render_text
from gate.run.check import examine

_RENDERERS = {
    "table": lambda result: render_text(result).encode(),
    "json": render_json,
    "html": render_html,
}


@click.command(name="forecast")
@click.argument("target", type=PATH)
@click.option(
    "--days", type=click.IntRange(1, 3650), default=30, show_default=True, help="How far to look."
)
@click.option(
    "-o", "--output", "form", type=click.Choice(["table", "json", "html"]), default="table"
)
@judging_options
def command(*, target: str, days: int, form: str, **given: Any) -> int:
    """Tell what will fail on TARGET, when, and the least to do to stay green until the last day.

    Nothing is recorded. The exit code is that of today's verdict.
    """
    result, _ = examine(judging_request(target, timedelta(days=days), given))
    emit(_RENDERERS[form](result))
    for reason in result.verdict.reasons:
        click.echo(f"patchgate: {visible(reason.message, 500)}", err=True)
    if result.failure is not None:
        return exits.code_of_error(result.failure)
    return exits.code_of_reasons(result.verdict.reasons)
