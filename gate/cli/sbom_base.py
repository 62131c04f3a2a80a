"""`patchgate sbom base`: write images to a catalog of known bases."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from gate.bom.cyclonedx import write_bom
from gate.bom.model import Bom
from gate.catalog.bases import Catalog, KnownBase, read_catalog
from gate.cli.inputs import find_inventories, read_budget
from gate.cli.options import PATH, cache_option, image_option, limit_option, platform_option
from gate.cli.output import write_file
from gate.errors import InputError
from gate.report.encoding import visible
from gate.run.clock import read_clock
from gate.run.reading import read_bom
from gate.sources.request import Choice


@click.command(name="base")
@click.argument("target", type=PATH)
@click.option("--catalog", metavar="FILE", type=PATH, required=True, help="Catalog to write it to.")
@click.option("--name", metavar="NAME", default="", help="Its name; else that of the target.")
@click.option(
    "--sbom", "sbom", metavar="FILE", type=PATH, help="Write its SBOM, too; beside the catalog."
)
@image_option
@platform_option
@limit_option
@cache_option
def command(
    *,
    target: str,
    catalog: str,
    name: str,
    sbom: str | None,
    image: str,
    platform: str,
    limits: tuple[str, ...],
    cache: str | None,
) -> None:
    """Add the image TARGET to a catalog of base images, by the digests of its layers.

    Images that begin with these layers are then known to be built from it
    (`check --bases`). An image of the same name is replaced.
    """
    budget = read_budget(limits)
    choice = Choice(image=image, platform=platform)
    bom = read_bom(target, choice, budget, find_inventories(cache, budget))
    path = Path(catalog)
    entry = _entry(bom, name, Path(sbom).name if sbom else "")
    known = read_catalog(path.read_bytes(), path.name).bases if path.exists() else ()
    bases = sorted(
        [*(one for one in known if one.name != entry.name), entry], key=lambda one: one.name
    )
    content = msgspec.json.encode(
        msgspec.to_builtins(Catalog(version=1, bases=tuple(bases))), order="deterministic"
    )
    if sbom is not None:
        made = bom.subject.created or read_clock(None).now
        write_file(path.parent / Path(sbom).name, write_bom(bom, made))
    write_file(path, msgspec.json.format(content, indent=2) + b"\n")
    click.echo(f"{visible(entry.name)}: {len(entry.diff_ids)} layers", err=True)


def _entry(bom: Bom, name: str, sbom: str) -> KnownBase:
    subject = bom.subject
    if not subject.layers:
        raise InputError(
            "has no layers, so nothing can be recognised by them",
            where=subject.name,
            hint="give an image, or the tar of a root file system",
        )
    digest = next((one.partition("@")[2] for one in subject.repo_digests), "")
    return KnownBase(
        name=name or subject.name,
        diff_ids=tuple(layer.diff_id for layer in subject.layers),
        digest=digest,
        created=subject.created,
        sbom=sbom,
    )
