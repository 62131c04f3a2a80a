"""`patchgate sbom`: the inventory of a target, without judging it."""

from __future__ import annotations

import os
from pathlib import Path

import click

from gate.bom.formats import WRITERS
from gate.bom.model import Bom, ReadingStatus
from gate.cli import exits
from gate.cli.inputs import find_inventories, read_bases, read_budget
from gate.cli.options import (
    PATH,
    base_options,
    cross_mounts_option,
    include_owned_option,
    limit_option,
    now_option,
    target_options,
)
from gate.cli.output import emit, write_file
from gate.cli.sbom_base import command as base
from gate.cli.sbom_diff import command as diff
from gate.cli.sbom_validate import command as validate
from gate.report.encoding import visible
from gate.run.bases import with_base
from gate.run.clock import read_clock, read_source_date
from gate.run.reading import read_bom
from gate.sources.budget import Meter
from gate.sources.request import Choice
from gate.sources.targets import open_sbom

format_option = click.option(
    "-f",
    "--format",
    "name",
    type=click.Choice(list(WRITERS)),
    default="cyclonedx",
    show_default=True,
    help="CycloneDX 1.6 as JSON or XML, SPDX 2.3 or 3.0 as JSON, or a list of purls.",
)
output_option = click.option("-o", "--output", "path", metavar="FILE", help="Write to FILE.")


@click.group(name="sbom")
def command() -> None:
    """Write, convert, compare and validate SBOMs."""


@command.command()
@click.argument("target", type=PATH)
@format_option
@output_option
@now_option
@target_options
@base_options
@include_owned_option
@cross_mounts_option
def generate(
    *,
    target: str,
    name: str,
    path: str | None,
    now: str | None,
    image: str,
    platform: str,
    limits: tuple[str, ...],
    cache: str | None,
    catalogs: tuple[str, ...],
    dockerfile: str | None,
    include_owned: bool,
    cross_mounts: bool,
) -> int:
    """Write the SBOM of TARGET.

    The same target gives the same bytes when --now or SOURCE_DATE_EPOCH fixes
    the time. An SBOM that is not complete says so in itself, and exits 3.
    """
    budget = read_budget(limits)
    choice = Choice(image=image, platform=platform)
    bom = read_bom(
        target,
        choice,
        budget,
        find_inventories(cache, budget, include_owned=include_owned),
        include_owned=include_owned,
        cross_mounts=cross_mounts,
    )
    bom = with_base(bom, read_bases(catalogs, dockerfile))
    return _written(bom, name, path, now)


@command.command()
@click.argument("file")
@format_option
@output_option
@now_option
@limit_option
def convert(
    *, file: str, name: str, path: str | None, now: str | None, limits: tuple[str, ...]
) -> int:
    """Write the SBOM in FILE in another format.

    Whatever `check` reads can be converted; what it says of its own gaps goes
    along, but for a list of purls, which can say nothing. Exits 3 where it has any.
    """
    return _written(open_sbom(file, Meter(read_budget(limits))), name, path, now)


def _written(bom: Bom, name: str, path: str | None, now: str | None) -> int:
    """Write a bom, say what is missing from it, and return the exit code."""
    clock = read_source_date(os.environ) if now is None else read_clock(now)
    content = WRITERS[name](bom, clock.now)
    if path is None:
        emit(content)
    else:
        write_file(Path(path), content)
    incomplete = [r for r in bom.readings if r.status is not ReadingStatus.COMPLETE]
    for reading in incomplete:
        text = f"patchgate: {reading.what} {reading.path}: {reading.reason}"
        click.echo(visible(text), err=True)
    return exits.INPUT if incomplete else exits.PASS


command.add_command(base)
command.add_command(diff)
command.add_command(validate)
