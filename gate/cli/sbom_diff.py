"""`patchgate sbom diff`: what is different between two targets."""

from __future__ import annotations

import click

from gate.bom.model import Bom, ReadingStatus
from gate.cli import exits
from gate.cli.inputs import find_inventories, read_budget
from gate.cli.options import target_options
from gate.cli.output import emit
from gate.matching.diff import differences
from gate.report.difference import render_json, render_text
from gate.report.encoding import visible
from gate.run.reading import read_bom
from gate.sources.request import Choice


@click.command(name="diff")
@click.argument("before")
@click.argument("after")
@click.option("-o", "--output", "form", type=click.Choice(["table", "json"]), default="table")
@click.option("--exit-code", is_flag=True, help="Exit 1 where there is a difference.")
@target_options
def command(
    *,
    before: str,
    after: str,
    form: str,
    exit_code: bool,
    image: str,
    platform: str,
    limits: tuple[str, ...],
    cache: str | None,
) -> int:
    """Show what is different between BEFORE and AFTER, each an SBOM or any other target.

    Packages are added (+), removed (-), upgraded (↑), downgraded (↓), or changed
    (~) where no order says which version is newer. Exits 3 where one of them
    was not read completely.
    """
    budget = read_budget(limits)
    choice = Choice(image=image, platform=platform)
    inventories = find_inventories(cache, budget)
    boms = [read_bom(target, choice, budget, inventories) for target in (before, after)]
    found = differences(*boms)
    emit(render_json(found) if form == "json" else render_text(found).encode())
    if any([_warned(bom) for bom in boms]):  # noqa: C419 - each is to be told of
        return exits.INPUT
    return exits.FAIL if exit_code and found else exits.PASS


def _warned(bom: Bom) -> bool:
    """Say what was not read of a target; return whether there is any."""
    incomplete = [r for r in bom.readings if r.status is not ReadingStatus.COMPLETE]
    for reading in incomplete:
        text = f"patchgate: {bom.subject.name}: {reading.what} {reading.path}: {reading.reason}"
        click.echo(visible(text), err=True)
    return bool(incomplete)
