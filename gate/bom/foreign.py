"""What the SBOMs of other tools say in their own words.

syft and trivy keep the source package and the layer of a component in
properties of their own, since neither CycloneDX nor SPDX has a field for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from gate.bom.model import (
    Bom,
    Component,
    Distro,
    Location,
    Reading,
    ReadingStatus,
    Subject,
    SubjectKind,
)
from gate.bom.purl import PackageName, join_epoch, read_purl

_SHOWN = 3
_SYFT_LOCATIONS = 64
_DISTRO_TYPES = frozenset({"deb", "apk", "rpm", "alpm"})


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A package as a foreign SBOM lists it."""

    ref: str
    name: str
    version: str
    purl: str
    vendor: str = ""
    licenses: tuple[str, ...] = ()
    locations: tuple[Location, ...] = ()
    properties: Mapping[str, str] = {}


def subject_of(*, name: str, is_image: bool, digests: dict[str, str], where: str) -> Subject:
    """Return the subject of a foreign SBOM.

    It does not say when the image was built: the time in an SBOM is its own.
    A path of the machine it was made on is no name; then the file's is.
    """
    return Subject(
        kind=SubjectKind.IMAGE if is_image else SubjectKind.SBOM,
        source="sbom",
        name=where if not name or name.startswith(("/", ".")) else name,
        digests=digests,
    )


def bom_of(
    entries: Iterable[Entry],
    *,
    subject: Subject,
    stated: Distro | None,
    problems: Iterable[str],
    what: str,
) -> Bom:
    """Return the bom of a foreign SBOM.

    `stated` is the distribution the document names, `problems` what is already
    known to be missing from it.  A package that cannot be matched is counted,
    not left out.
    """
    components: dict[str, Component] = {}
    without_purl: list[str] = []
    unreadable: list[str] = []
    distros: set[Distro] = set()
    for entry in entries:
        if not entry.purl:
            without_purl.append(entry.name)
            continue
        try:
            package = read_purl(entry.purl)
        except ValueError:
            unreadable.append(entry.purl)
            continue
        if package.type in _DISTRO_TYPES and package.distro:
            distros.add(_named_distro(package))
        component = _component(entry, package)
        ref, copies = component.ref, 1
        while ref in components:
            copies += 1
            ref = f"{component.ref}#{copies}"
        components[ref] = msgspec.structs.replace(component, ref=ref)
    distro, doubts = _distro(stated, distros)
    reasons = [
        *problems,
        *_counted(without_purl, "packages have no purl and cannot be matched"),
        *_counted(unreadable, "packages have a purl that cannot be read"),
        *doubts,
    ]
    status = ReadingStatus.PARTIAL if reasons else ReadingStatus.COMPLETE
    reading = Reading(
        what=what, status=status, components=len(components), reason="; ".join(reasons)
    )
    return Bom(
        subject=subject,
        distro=distro,
        components=tuple(components[ref] for ref in sorted(components)),
        readings=(reading,),
    )


def _component(entry: Entry, package: PackageName) -> Component:
    properties = entry.properties
    source_name = package.source_name or properties.get("aquasecurity:trivy:SrcName", "")
    source_version = package.source_version or _trivy_source_version(properties)
    return Component(
        ref=entry.ref or entry.purl,
        type=package.type,
        namespace=package.namespace,
        name=package.name,
        # The purl is the identity; a version beside it is what a person reads.
        version=package.version or entry.version,
        purl=entry.purl,
        arch=package.arch,
        source_name=source_name or (package.name if package.type in _DISTRO_TYPES else ""),
        source_version=source_version or (package.version if package.type in _DISTRO_TYPES else ""),
        module=properties.get("aquasecurity:trivy:Modularitylabel", "")
        or properties.get("syft:metadata:modularityLabel", ""),
        vendor=entry.vendor,
        licenses=entry.licenses,
        locations=entry.locations or _locations(properties),
    )


def _trivy_source_version(properties: Mapping[str, str]) -> str:
    version = properties.get("aquasecurity:trivy:SrcVersion", "")
    release = properties.get("aquasecurity:trivy:SrcRelease", "")
    epoch = properties.get("aquasecurity:trivy:SrcEpoch", "")
    if not version:
        return ""
    return join_epoch(epoch, f"{version}-{release}" if release else version)


def _locations(properties: Mapping[str, str]) -> tuple[Location, ...]:
    """Return where syft or trivy saw a package."""
    found = set()
    for number in range(_SYFT_LOCATIONS):
        path = properties.get(f"syft:location:{number}:path", "")
        if not path:
            break
        layer = properties.get(f"syft:location:{number}:layerID", "")
        found.add(Location(path=path.lstrip("/"), layer=layer))
    if not found and (path := properties.get("aquasecurity:trivy:FilePath", "")):
        layer = properties.get("aquasecurity:trivy:LayerDiffID", "")
        found.add(Location(path=path.lstrip("/"), layer=layer))
    return tuple(sorted(found))


def _counted(names: list[str], what: str) -> list[str]:
    if not names:
        return []
    shown = ", ".join(name[:80] for name in sorted(names)[:_SHOWN])
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return [f"{len(names)} {what} ({shown}{more})"]


def _named_distro(package: PackageName) -> Distro:
    """Return the distribution that a purl names.

    Tools write ``debian-12``, a bare version (``3.20.3``) or a codename
    (``bookworm``); then the namespace says whose it is.
    """
    identity, dash, version = package.distro.rpartition("-")
    if dash and version[:1].isdigit():
        return Distro(id=identity, version_id=version)
    if package.distro[:1].isdigit():
        return Distro(id=package.namespace, version_id=package.distro)
    if package.distro == package.namespace:
        return Distro(id=package.namespace)
    return Distro(id=package.namespace, codename=package.distro)


def _distro(stated: Distro | None, seen: set[Distro]) -> tuple[Distro | None, list[str]]:
    """Return the distribution, and what speaks against it."""
    named = sorted(seen, key=_described)
    if len(named) > 1:
        shown = ", ".join(map(_described, named[:_SHOWN]))
        return stated, [f"packages of several distributions ({shown})"]
    if stated is None or not named:
        return stated or (named[0] if named else None), []
    if named[0].id != stated.id:
        return stated, [f"the SBOM names {_described(stated)}, its packages {_described(named[0])}"]
    return stated, []


def _described(distro: Distro) -> str:
    return " ".join(part for part in (distro.id, distro.version_id or distro.codename) if part)
