"""opkg: the status files of OpenWrt and of systems built with Yocto.

The format is dpkg's, with states of the same names (opkg's own documentation);
no OSV ecosystem speaks of these packages, so each is a gap.
"""

from __future__ import annotations

from gate.bom.model import Reading
from gate.catalog.dpkg import read_status
from gate.catalog.package import Found, Package, reading_of
from gate.errors import InputError
from gate.sources.budget import Meter
from gate.sources.tree import Tree
from gate.sources.wanted import Wanted

DATABASES = (b"usr/lib/opkg/status", b"var/lib/opkg/status")

_WHAT = "opkg database"


class OpkgCataloger:
    """Reads opkg's databases.  Implements `Cataloger`."""

    wanted = Wanted(paths=frozenset(DATABASES))

    def __call__(self, tree: Tree, meter: Meter) -> Found:
        """Return the installed packages."""
        packages: list[Package] = []
        readings: list[Reading] = []
        seen: set[bytes] = set()
        for path in tree.find(self.wanted):
            try:
                target = tree.resolve(path)
            except InputError as error:
                readings.append(reading_of(_WHAT, path, "", 0, [error.what]))
                continue
            if target not in seen:
                seen.add(target)
                found, reading = read_status(tree, target, meter, what=_WHAT, kind="opkg")
                packages.extend(found)
                readings.append(reading)
        return Found(packages=tuple(packages), readings=tuple(readings))
