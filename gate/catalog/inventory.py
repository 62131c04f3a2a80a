"""Take the inventory of a target: all catalogers over one tree, then one bom.

A new package database is a file and a line in `CATALOGERS`; a new language one
in `gate.catalog.languages`.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping

import msgspec

from gate.bom.model import (
    Bom,
    Component,
    Distro,
    Host,
    Location,
    Note,
    Reading,
    ReadingStatus,
    SubjectKind,
)
from gate.bom.purl import PackageName, distro_qualifier, write_purl
from gate.catalog import distro as distro_file
from gate.catalog.apk import ApkCataloger
from gate.catalog.bare import Bare, look_at_programs
from gate.catalog.chisel import ChiselCataloger
from gate.catalog.dpkg import DpkgCataloger
from gate.catalog.host import WANTED as HOST_WANTED
from gate.catalog.host import read_host
from gate.catalog.languages import read_languages, wanted_by_languages
from gate.catalog.opkg import OpkgCataloger
from gate.catalog.origin import key_of, layers_of
from gate.catalog.package import Cataloger, Found, Package
from gate.catalog.pacman import PacmanCataloger
from gate.catalog.rpmdb import RpmCataloger
from gate.errors import InputError
from gate.sources.budget import Meter
from gate.sources.image import Opened
from gate.sources.overlay import OverlayTree
from gate.sources.paths import text
from gate.sources.running import joined
from gate.sources.searched import SearchedTree
from gate.sources.tree import Tree
from gate.sources.wanted import Wanted

CATALOGERS: Mapping[str, Cataloger] = {
    "apk": ApkCataloger(),
    "chisel": ChiselCataloger(),
    "dpkg": DpkgCataloger(),
    "opkg": OpkgCataloger(),
    "pacman": PacmanCataloger(),
    "rpm": RpmCataloger(),
}
"""The package databases that are read of every target."""

_DISTRO_TYPES = frozenset({"alpm", "apk", "deb", "opkg", "rpm"})
_FOLDERS_SHOWN = 3
_MACHINES = frozenset({SubjectKind.HOST, SubjectKind.ROOTFS})


def wanted_by_all() -> Wanted:
    """Return every path that a cataloger will read."""
    wanted = distro_file.WANTED | HOST_WANTED | wanted_by_languages()
    for cataloger in CATALOGERS.values():
        wanted |= cataloger.wanted
    return wanted


def take_inventory(opened: Opened, meter: Meter, *, include_owned: bool = False) -> Bom:
    """Return what is installed in an opened target, and how completely it was read.

    Packages of languages that are parts of the distribution's are only counted,
    in a note, unless `include_owned` asks for them.
    Of a folder of sources it is what the lock files say would be installed.
    Raises InputError where what was read is not what it is said to be.
    """
    try:
        bom = _inventory(opened, meter, include_owned)
    except InputError:
        # Of bytes that were changed, what the change did to them says less.
        opened.confirm()
        raise
    opened.confirm()
    return bom


def _inventory(opened: Opened, meter: Meter, include_owned: bool) -> Bom:
    if opened.subject.kind is SubjectKind.SOURCE:
        return _of_sources(opened, meter)
    tree = SearchedTree(opened.tree, wanted_by_all())
    distro, distro_reading = distro_file.read_distro(tree)
    found = [
        _with_origins(opened.tree, cataloger, cataloger(tree, meter), meter)
        for cataloger in CATALOGERS.values()
    ]
    packages = [package for part in found for package in part.packages]
    languages = read_languages(tree, packages, distro, meter)
    packages += [one for one in languages.packages if include_owned or one.owner is None]
    # What calls itself a distribution has a database, or had one.
    programs = look_at_programs(tree) if distro is None else None
    notes = [*opened.notes, *tree.notes, *languages.notes]
    if programs is not None and programs.is_bare and not _any_database(found):
        message = f"all {programs.telling} programs say what they are made of, so none is needed"
        notes.append(Note(code="no-package-database", message=message))
        databases = []
    else:
        databases = [distro_reading, *_judged(found, programs)]
    readings = (
        *opened.readings,
        *databases,
        *languages.readings,
        *_unsearched(tree),
    )
    bom = Bom(
        subject=opened.subject,
        distro=distro,
        components=_components(packages, distro),
        readings=readings,
        notes=tuple(notes),
    )
    if opened.subject.kind in _MACHINES and not opened.subject.layers:
        bom = msgspec.structs.replace(bom, host=_host(opened, tree, bom))
    return _identified(bom)


def _host(opened: Opened, tree: Tree, bom: Bom) -> Host:
    """Return what only a machine has; of a mounted one nothing runs."""
    installed = read_host(tree, bom.components)
    return installed if opened.running is None else joined(opened.running, installed)


def _with_origins(tree: Tree, cataloger: Cataloger, found: Found, meter: Meter) -> Found:
    """Say of each package of a database in an image which layer brought it."""
    if not found.packages or not isinstance(tree, OverlayTree):
        return found
    layers = layers_of(tree, cataloger, found.packages, meter)
    packages = tuple(
        msgspec.structs.replace(package, added_in=layers.get(key_of(package), ""))
        for package in found.packages
    )
    return msgspec.structs.replace(found, packages=packages)


def _of_sources(opened: Opened, meter: Meter) -> Bom:
    from gate.catalog.locks import reading  # noqa: PLC0415 - 40 ms, only for this kind of target

    tree = SearchedTree(opened.tree, reading.wanted_by_locks())
    locked = reading.read_locks(tree, meter)
    return _identified(
        Bom(
            subject=opened.subject,
            components=_components([*locked.packages], None),
            readings=(*opened.readings, *locked.readings, *_unsearched(tree)),
            notes=(*opened.notes, *tree.notes),
        )
    )


def _any_database(found: list[Found]) -> bool:
    return any(part.readings for part in found)


def _judged(found: list[Found], programs: Bare | None) -> list[Reading]:
    """Judge the readings of all databases together.

    A database without packages failed, unless another one has some: many
    systems carry the empty database of a package manager they do not use.
    """
    readings = [reading for part in found for reading in part.readings]
    total = sum(reading.components for reading in readings)
    if not readings:
        reason = "there is none of dpkg, apk, rpm, pacman or opkg"
        if programs is not None and programs.silent:
            reason += f", and nothing else tells what {text(min(programs.silent))} is made of"
        return [Reading(what="package database", status=ReadingStatus.FAILED, reason=reason)]
    if total:
        return readings
    return [
        msgspec.structs.replace(reading, status=ReadingStatus.FAILED, reason="it names no package")
        if reading.status is ReadingStatus.COMPLETE
        else reading
        for reading in readings
    ]


def _unsearched(tree: Tree) -> list[Reading]:
    """Say where language packages may be that nobody looked for."""
    folders = sorted(tree.unsearched)
    if not folders:
        return []
    shown = ", ".join(map(text, folders[:_FOLDERS_SHOWN]))
    more = f" and {len(folders) - _FOLDERS_SHOWN} more" if len(folders) > _FOLDERS_SHOWN else ""
    reason = f"{len(folders)} folders were not entered: {shown}{more}"
    return [Reading(what="search for packages", status=ReadingStatus.PARTIAL, reason=reason)]


def _components(packages: list[Package], distro: Distro | None) -> tuple[Component, ...]:
    """Turn packages into components; one seen in several places is one component."""
    places: dict[tuple[str, ...], list[tuple[Location, Component]]] = defaultdict(list)
    for package in packages:
        component = _component(package, distro)
        key = (
            component.ref,
            component.namespace,
            component.name,
            component.version,
            component.owned_by,
        )
        places[key].append((package.location, component))
    components: dict[str, Component] = {}
    for (purl, *_), seen in sorted(places.items()):
        seen.sort(key=lambda item: item[0])
        locations = tuple(dict.fromkeys(location for location, _ in seen))
        ref = purl
        while ref in components:
            # A purl writes npm's JSONStream and jsonstream alike, and they are two packages.
            ref += "#"
        components[ref] = msgspec.structs.replace(
            seen[0][1], ref=ref, locations=locations, added_in=_first_layer(seen)
        )
    return tuple(component for _, component in sorted(components.items()))


def _first_layer(seen: list[tuple[Location, Component]]) -> str:
    """Return the layer that brought a component: of a file of its own, the one that has it."""
    return next((item.added_in for _, item in seen if item.added_in), seen[0][0].layer)


def _component(package: Package, distro: Distro | None) -> Component:
    belongs = package.type in _DISTRO_TYPES
    namespace = package.namespace
    if belongs:
        namespace = distro.id if distro is not None else ""
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
        other_namespaces=package.other_namespaces,
        name=package.name,
        version=package.version,
        purl=purl,
        arch=package.arch,
        source_name=package.source_name,
        source_version=package.source_version,
        module=package.module,
        vendor=package.vendor,
        licenses=package.licenses,
        installed_at=package.installed_at,
        added_in=package.added_in,
        owned_by=_component(package.owner, distro).ref if package.owner is not None else "",
    )


def _identified(bom: Bom) -> Bom:
    """Give a subject without bytes of its own the digest of its inventory."""
    if "sha256" in bom.subject.digests:
        return bom
    inventory = msgspec.json.encode((bom.distro, bom.components, bom.readings), order="sorted")
    digests = {"sha256": hashlib.sha256(inventory).hexdigest()}
    return msgspec.structs.replace(
        bom, subject=msgspec.structs.replace(bom.subject, digests=digests)
    )
