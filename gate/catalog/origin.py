"""Which layer brought a package whose database every layer writes anew.

The database is read as it was after each layer that wrote it.  A package was
brought by the lowest layer from which on it is there, in this version, in all
layers above.  Where a database cannot be read as it was, its layer tells nothing
and what it brought is put down to the next one above.
"""

from __future__ import annotations

from collections.abc import Sequence

from gate.catalog.package import Cataloger, Package
from gate.sources.budget import Meter
from gate.sources.lower import LowerTree
from gate.sources.overlay import OverlayTree

Key = tuple[str, str, str, str]
"""Type, name, version and architecture."""

_LEVELS = 64
"""Layers of one database that are looked at; beyond them nothing is said."""


def layers_of(
    tree: OverlayTree, cataloger: Cataloger, packages: Sequence[Package], meter: Meter
) -> dict[Key, str]:
    """Return the diff_id of the layer that brought each of `packages`, which `cataloger` found."""
    databases = {package.location.path.encode("utf-8", "surrogateescape") for package in packages}
    levels = tree.levels(sorted(databases))
    if not levels or len(levels) > _LEVELS:
        return {}
    brought = {key_of(package): levels[-1].diff_id for package in packages}
    still = set(brought)
    for level in reversed(levels[:-1]):
        still &= _keys(level, cataloger, meter)
        if not still:
            break
        brought.update(dict.fromkeys(still, level.diff_id))
    return brought


def key_of(package: Package) -> Key:
    """Return what a package is known by in every version of its database."""
    return package.type, package.name, package.version, package.arch


def _keys(level: LowerTree, cataloger: Cataloger, meter: Meter) -> set[Key]:
    return {key_of(package) for package in cataloger(level, meter).packages}
