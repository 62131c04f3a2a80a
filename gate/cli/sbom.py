"""`patchgate sbom`: the inventory of a target, without judging it."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import click

from gate.bom.cyclonedx import write_bom as write_cyclonedx
from gate.bom.model import Bom, ReadingStatus
from gate.bom.spdx import write_bom as write_spdx
from gate.cli import exits
from gate.cli.inputs import find_inventories, read_bases, read_budget
from gate.cli.options import base_options, now_option, target_options
from gate.cli.output import emit, write_file
from gate.cli.sbom_base import command as base
from gate.cli.sbom_diff import command as diff
from gate.report.encoding import visible
from gate.run.bases import with_base
from gate.run.check import read_bom
from gate.run.clock import read_clock, read_source_date
from gate.sources.request import Choice

_WRITERS: dict[str, Callable[[Bom, datetime], bytes]] = {
    "cyclonedx": write_cyclonedx,
    "spdx": write_spdx,
}


@click.group(name="sbom")
def command() -> None:
    """Write and compare SBOMs."""


@command.command()
@click.argument("target")
@click.option("-f", "--format", "name", type=click.Choice(list(_WRITERS)), default="cyclonedx")
@click.option("-o", "--output", "path", metavar="FILE", help="Write to FILE.")
@now_option
@target_options
@base_options
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
) -> int:
    """Write the SBOM of TARGET: CycloneDX 1.6 or SPDX 2.3 JSON.

    The same target gives the same bytes when --now or SOURCE_DATE_EPOCH fixes
    the time. An SBOM that is not complete says so in itself, and exits 3.
    """
    budget = read_budget(limits)
    choice = Choice(image=image, platform=platform)
    bom = read_bom(target, choice, budget, find_inventories(cache, budget))
    bom = with_base(bom, read_bases(catalogs, dockerfile))
    clock = read_source_date(os.environ) if now is None else read_clock(now)
    content = _WRITERS[name](bom, clock.now)
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
