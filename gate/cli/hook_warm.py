"""`patchgate hook warm`: read the images that a revision names, so that the hook knows them."""

from __future__ import annotations

from pathlib import Path

import click

from gate.advisories.ecosystems import base_of
from gate.advisories.lookup import lookup
from gate.advisories.update import Feeds, update
from gate.cli import exits
from gate.cli.inputs import find_inventories, read_budget
from gate.cli.options import base_urls_option, cache_option, limit_option, store_option
from gate.cli.places import store_folder
from gate.errors import GateError, UsageError
from gate.report.encoding import visible
from gate.report.facts import count
from gate.run.clock import read_clock
from gate.run.git import repository_around
from gate.run.pushed_images import pushed_references
from gate.run.pushes import Push, Update, pushed_files
from gate.run.reading import read_bom
from gate.sources.request import Choice


@click.command(name="warm")
@click.argument("rev", default="HEAD")
@store_option
@cache_option
@limit_option
@click.option("--no-update", is_flag=True, help="Leave the advisory store as it is.")
@base_urls_option
def warm_command(
    *,
    rev: str,
    store: str | None,
    cache: str | None,
    limits: tuple[str, ...],
    no_update: bool,
    base_urls: tuple[str, ...],
) -> int:
    """Read every image that REV names, from the Docker daemon or its registry.

    Their inventories are kept in the cache, and the advisories they need are
    brought up to date. Exit 7 where one could not be had.
    """
    budget = read_budget(limits)
    inventories = find_inventories(cache, budget)
    if inventories is None:
        raise UsageError("is off, so nothing can be kept", where="--cache")
    repository = repository_around(Path.cwd())
    push = Push(updates=(Update(ref=rev, new=rev),))
    references, _ = pushed_references(repository, pushed_files(repository, push)[0])
    wanted = sorted({(one.image, one.platform) for one in references if one.image})
    ecosystems: set[str] = set()
    code = exits.PASS
    for image, platform in wanted:
        try:
            bom = read_bom(f"image:{image}", Choice(platform=platform), budget, inventories)
        except GateError as error:
            click.echo(f"not read  {visible(image)}: {visible(str(error))}", err=True)
            code = exits.UNREACHABLE
            continue
        click.echo(f"read      {visible(image)}: {count(len(bom.components), 'package')}")
        ecosystems |= {base_of(query.ecosystem) for query in lookup(bom).queries}
    if ecosystems and not no_update:
        report = update(
            store_folder(store),
            Feeds(ecosystems=tuple(sorted(ecosystems)), base_urls=base_urls),
            now=read_clock(None).now,
        )
        click.echo(f"advisories of {', '.join(sorted(ecosystems))}: {report.digest}")
    if not wanted:
        click.echo(f"{visible(rev)} names no image", err=True)
    return code
