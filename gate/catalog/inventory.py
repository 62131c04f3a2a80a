"""Take the inventory of a target: all catalogers over one tree, then one bom.

A new package database is a file and a line in `CATALOGERS`.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping

import msgspec

from gate.bom.model import Bom, Component, Distro, Reading, ReadingStatus, Subject
from gate.bom.purl import PackageName, distro_qualifier, write_purl
from gate.catalog import distro as distro_file
from gate.catalog.apk import ApkCataloger
from gate.catalog.dpkg import DpkgCataloger
from gate.catalog.package import Cataloger, Found, Package
from gate.catalog.rpmdb import RpmCataloger
from gate.sources.budget import Meter
from gate.sources.image import Opened
from gate.sources.wanted import Wanted

CATALOGERS: Mapping[str, Cataloger] = {
    "apk": ApkCataloger(),
    "dpkg": DpkgCataloger(),
    "rpm": RpmCataloger(),
}
"""What is read of every target."""

_DISTRO_TYPES = frozenset({"apk", "deb", "rpm"})


def wanted_by_all() -> Wanted:
    """Return every path that a cataloger will read."""
    wanted = distro_file.WANTED
    for cataloger in CATALOGERS.values():
        wanted |= cataloger.wanted
    return wanted


def take_inventory(opened: Opened, meter: Meter) -> Bom:
    """Return what is installed in an opened target, and how completely it was read."""
    tree = opened.tree
    distro, distro_reading = distro_file.read_distro(tree)
    found = [cataloger(tree, meter) for cataloger in CATALOGERS.values()]
    components = _components([package for part in found for package in part.packages], distro)
    readings = (*opened.readings, distro_reading, *_judged(found))
    bom = Bom(
        subject=opened.subject,
        distro=distro,
        components=components,
        readings=readings,
        notes=(*opened.notes, *tree.notes),
    )
    if "sha256" in bom.subject.digests:
        return bom
    return msgspec.structs.replace(bom, subject=_with_digest(bom))


def _judged(found: list[Found]) -> list[Reading]:
    """Judge the readings of all databases together.

    A database without packages failed, unless another one has some: many
    systems carry the empty database of a package manager they do not use.
    """
    readings = [reading for part in found for reading in part.readings]
    total = sum(reading.components for reading in readings)
    if not readings:
        return [
            Reading(
                what="package database",
                status=ReadingStatus.FAILED,
                reason="there is none of dpkg, apk or rpm",
            )
        ]
    if total:
        return readings
    return [
        msgspec.structs.replace(reading, status=ReadingStatus.FAILED, reason="it names no package")
        if reading.status is ReadingStatus.COMPLETE
        else reading
        for reading in readings
    ]


def _components(packages: list[Package], distro: Distro | None) -> tuple[Component, ...]:
    """Turn packages into components; one seen in several places is one component."""
    places: dict[Component, set[Package]] = defaultdict(set)
    for package in packages:
        places[_component(package, distro)].add(package)
    return tuple(
        msgspec.structs.replace(
            component, locations=tuple(sorted(package.location for package in seen))
        )
        for component, seen in sorted(places.items(), key=lambda item: item[0].ref)
    )


def _component(package: Package, distro: Distro | None) -> Component:
    belongs = package.type in _DISTRO_TYPES
    namespace = distro.id if belongs and distro is not None else ""
    purl = write_purl(
        PackageName(
            type=package.type,
            namespace=namespace,
            name=package.name,
            version=package.version,
            arch=package.arch,
            source_name=package.source_name,
            source_version=package.source_version,
            distro=distro_qualifier(distro) if belongs else "",
        )
    )
    return Component(
        ref=purl,
        type=package.type,
        namespace=namespace,
        name=package.name,
        version=package.version,
        purl=purl,
        arch=package.arch,
        source_name=package.source_name,
        source_version=package.source_version,
        module=package.module,
        vendor=package.vendor,
        licenses=package.licenses,
    )


def _with_digest(bom: Bom) -> Subject:
    """Give a subject without bytes of its own the digest of its inventory."""
    inventory = msgspec.json.encode((bom.distro, bom.components, bom.readings), order="sorted")
    digest = hashlib.sha256(inventory).hexdigest()
    return msgspec.structs.replace(bom.subject, digests={"sha256": digest})
