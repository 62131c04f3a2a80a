"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from gate.advisories.feeds import API_URL, BASE_URL

F = TypeVar("F", bound=Callable[..., Any])

PATH = click.Path(readable=False)
"""A file or folder that shells complete; what is wrong with it is said by who opens it."""

store_option = click.option(
    "--db",
    "store",
    metavar="DIR",
    type=PATH,
    envvar="PATCHGATE_DB",
    help="Folder of the advisory store.",
)
now_option = click.option(
    "--now",
    metavar="TIME",
    help="Decide for this time (ISO 8601, UTC) instead of the machine's; results say so.",
)
image_option = click.option(
    "--image", metavar="NAME", default="", help="Which image of an archive that holds several."
)
platform_option = click.option(
    "--platform", metavar="OS/ARCH", default="", help="Which platform of a multi-platform image."
)
limit_option = click.option(
    "--limit",
    "limits",
    metavar="NAME=N",
    multiple=True,
    help="Raise or lower a limit of the input budget; errors name the limit.",
)
pushed_option = click.option(
    "--pushed",
    metavar="TIME",
    help="When the image came to its registry (ISO 8601, UTC), where that is known from "
    "elsewhere; for the rule image_age.",
)
cache_option = click.option(
    "--cache",
    metavar="DIR",
    type=PATH,
    envvar="PATCHGATE_CACHE",
    help="Folder of inventories of images that were read before; 'off' reads everything anew.",
)
base_urls_option = click.option(
    "--base-url",
    "base_urls",
    metavar="URL",
    envvar="PATCHGATE_OSV_URL",
    default=(BASE_URL,),
    show_default=True,
    multiple=True,
    help="Where <Ecosystem>/all.zip is served; several are asked in their order.",
)

api_option = click.option(
    "--osv-api",
    "api",
    metavar="URL",
    is_flag=False,
    flag_value=API_URL,
    default="",
    envvar="PATCHGATE_OSV_API",
    help=f"Ask OSV's HTTP API instead of the store; for small targets. URL: {API_URL}.",
)
vex_option = click.option(
    "--vex",
    metavar="FILE",
    type=PATH,
    multiple=True,
    envvar="PATCHGATE_VEX",
    help="VEX document (OpenVEX, CycloneDX, CSAF 2.0) that says which flaws do not apply;"
    " 'beside': TARGET.openvex.json, .vex.json, .vex.cdx.json and .csaf.json, where they are.",
)
bases_option = click.option(
    "--bases",
    "catalogs",
    metavar="FILE",
    type=PATH,
    multiple=True,
    envvar="PATCHGATE_BASES",
    help="Catalog of known base images (`patchgate sbom base` writes one), beside the built-in.",
)
dockerfile_option = click.option(
    "--dockerfile",
    metavar="FILE",
    type=PATH,
    envvar="PATCHGATE_DOCKERFILE",
    help="The image's Dockerfile: its last FROM names the base where no catalog knows it.",
)

include_owned_option = click.option(
    "--include-owned",
    is_flag=True,
    help="List language packages that are parts of the distribution's packages, too.",
)
cross_mounts_option = click.option(
    "--cross-mounts",
    is_flag=True,
    help="Of a host or folder: search other file systems mounted below it, too.",
)


def target_options(command: F) -> F:
    """Add the options that say how a target is opened."""
    for option in (cache_option, limit_option, platform_option, image_option):
        command = option(command)
    return command


def base_options(command: F) -> F:
    """Add the options that say where base images are known from."""
    for option in (dockerfile_option, bases_option):
        command = option(command)
    return command
