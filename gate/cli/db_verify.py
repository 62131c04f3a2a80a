"""`patchgate db verify`: whether the store is what was written to it."""

from __future__ import annotations

import click

from gate.advisories.store import Store
from gate.cli import exits
from gate.cli.options import store_option
from gate.cli.places import store_folder
from gate.report.encoding import visible


@click.command("verify")
@store_option
def command(*, store: str | None) -> int:
    """Hash every file of the store, let SQLite check its structure, and read every record.

    Exit 4 where anything is not as it was written.
    """
    with Store.open(store_folder(store)) as opened:
        opened.verify()
        for source in opened.sources:
            click.echo(f"{visible(source.name)}: {source.records:,} records, {source.digest}")
        click.echo(f"snapshot {opened.digest}: every record and digest was checked")
    return exits.PASS
