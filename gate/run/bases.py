"""Where base images are known from: catalogs, the built-in one among them, and a Dockerfile."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import msgspec

from gate.bom.model import BaseImage, Bom
from gate.catalog.bases import NamedCatalog, find_base, read_catalog
from gate.errors import UsageError
from gate.sources.dockerfile import base_of

BUILT_IN = "built-in"
_LARGEST = 64 * 1024 * 1024


class BaseSources(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is given to recognise a base image."""

    catalogs: tuple[Path, ...] = ()
    dockerfile: Path | None = None


def with_base(bom: Bom, given: BaseSources) -> Bom:
    """Return `bom` with the image it was built from; an SBOM that names one keeps it.

    UsageError where a file of `given` cannot be read, InputError where it is no catalog.
    """
    if bom.base is not None or not bom.subject.layers:
        return bom
    catalogs = [read_catalog(_read(path), path.name) for path in given.catalogs]
    base = find_base(bom, [*catalogs, built_in()], _of_dockerfile(given.dockerfile))
    return bom if base is None else msgspec.structs.replace(bom, base=base)


def built_in() -> NamedCatalog:
    """Return the catalog that comes with patchgate."""
    content = resources.files("gate.catalog").joinpath("known_bases.json").read_bytes()
    return read_catalog(content, BUILT_IN)


def _of_dockerfile(path: Path | None) -> BaseImage | None:
    if path is None:
        return None
    found = base_of(_read(path).decode("utf-8", "replace"))
    if found is None:
        raise UsageError("has no FROM", where=str(path), hint="give the Dockerfile of the image")
    if not found.image or found.image.lower() == "scratch":
        return None
    return BaseImage(name=found.image, basis="dockerfile", digest=found.digest)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST)
    except OSError as error:
        raise UsageError(
            f"cannot be read ({error.strerror})", where=str(path), hint="check the path"
        ) from error
