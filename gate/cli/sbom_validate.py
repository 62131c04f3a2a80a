"""`patchgate sbom validate`: hold an SBOM against the official schema of its format."""

from __future__ import annotations

from pathlib import Path

import click

from gate.bom.detect import read_bom
from gate.bom.model import ReadingStatus
from gate.bom.validation import complaints, format_of
from gate.cli import exits
from gate.cli.inputs import read_budget
from gate.cli.options import limit_option
from gate.errors import InputError
from gate.report.encoding import visible
from gate.sources.bomfile import read_file
from gate.sources.budget import Meter

_SHOWN = 20


@click.command(name="validate")
@click.argument("file")
@limit_option
def command(*, file: str, limits: tuple[str, ...]) -> int:
    """Say whether the SBOM in FILE is valid by the official schema of its format.

    CycloneDX 1.2 to 1.7 (JSON and XML), SPDX 2.3 and SPDX 3.0. Exits 0 if it is,
    and `check` can read it; 3 if not, with each place. Needs the extra `validate`.
    """
    path = Path(file)
    data = read_file(path, Meter(read_budget(limits)))
    form = format_of(data, path.name)
    wrong = complaints(form, data)
    for line in wrong[:_SHOWN]:
        click.echo(visible(line))
    if len(wrong) > _SHOWN:
        click.echo(f"and {len(wrong) - _SHOWN} more")
    if wrong:
        click.echo(f"{visible(path.name)}: not valid {visible(form.name)}", err=True)
        return exits.INPUT
    try:
        bom = read_bom(data, path.name)
    except InputError as error:
        click.echo(f"{visible(path.name)}: valid {form.name}, and {visible(error.what)}", err=True)
        return exits.INPUT
    click.echo(f"{visible(path.name)}: valid {form.name}, {len(bom.components)} packages")
    for reading in bom.readings:
        if reading.status is not ReadingStatus.COMPLETE:
            click.echo(
                f"not complete: {visible(reading.what)}: {visible(reading.reason)}", err=True
            )
    return exits.PASS
