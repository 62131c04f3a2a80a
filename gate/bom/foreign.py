"""What the SBOMs of other tools say in their own words.

syft and trivy keep the source package and the layer of a component in
properties of their own, since neither CycloneDX nor SPDX has a field for them.

Advisories of distributions are about source packages.  An SBOM that names none
could be matched only against the few that are called like a package in it, so
it is not complete.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

import msgspec

from gate.bom.foreign_distro import distro_of_purl, reconcile
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
_LOWERED = frozenset({"alpm", "apk", "npm"})
"""purl types that have only small letters while their packages have capitals (``R``)."""
_HEX_DIGITS = {"sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128}
_HEX = re.compile(r"[0-9a-f]+")
_BUILT_FROM = re.compile(r"built package from: (\S+) (\S+)")
"""How trivy names the source package in SPDX."""
_SOURCE_TOOLS = re.compile(r"(?:syft|trivy)\b")
"""Tools that name the source package wherever it differs: if none is named, none differs."""


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
    source_info: str = ""
    """SPDX: where the package comes from, in words."""


def digests_of(stated: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the well-formed digests among pairs of algorithm and digest."""
    found = {}
    for algorithm, content in stated:
        name, digest = algorithm.lower().replace("-", ""), content.lower()
        if _HEX.fullmatch(digest) and len(digest) == _HEX_DIGITS.get(name):
            found[name] = digest
    return found


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
    stated: Collection[Distro],
    tools: Iterable[str],
    problems: Iterable[str],
    what: str,
) -> Bom:
    """Return the bom of a foreign SBOM.

    `stated` are the distributions the document names, `tools` what it says it
    was made by, `problems` what is already known to be missing from it.  A
    package that cannot be matched is counted, not left out.
    """
    components: dict[str, Component] = {}
    copies: Counter[str] = Counter()
    without_purl: list[str] = []
    unreadable: list[str] = []
    seen: set[Distro] = set()
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
            seen.add(distro_of_purl(package))
        component = _component(entry, package)
        ref = component.ref
        while ref in components:
            copies[component.ref] += 1
            ref = f"{component.ref}#{copies[component.ref] + 1}"
        components[ref] = msgspec.structs.replace(component, ref=ref)
    distro, doubts = reconcile(stated, seen)
    reasons = [
        *problems,
        *_counted(without_purl, "no purl and cannot be matched"),
        *_counted(unreadable, "a purl that cannot be read"),
        *_counted(_sourceless(components.values(), tools), "no source package stated"),
        *doubts,
    ]
    if not components and not reasons:
        reasons.append("it names no package")
    return Bom(
        subject=subject,
        distro=distro,
        components=tuple(_finished(components[ref]) for ref in sorted(components)),
        readings=(
            Reading(
                what=what,
                status=_status(len(components), reasons),
                components=len(components),
                reason="; ".join(reasons),
            ),
        ),
    )


def _status(count: int, reasons: list[str]) -> ReadingStatus:
    if not reasons:
        return ReadingStatus.COMPLETE
    return ReadingStatus.PARTIAL if count else ReadingStatus.FAILED


def _sourceless(components: Iterable[Component], tools: Iterable[str]) -> list[str]:
    """Return the packages whose source nobody thought of naming.

    Where one package names its source the tool knows of them, and leaves it
    out where it is called like the package.
    """
    packages = [component for component in components if component.type in _DISTRO_TYPES]
    if any(package.source_name for package in packages):
        return []
    if any(_SOURCE_TOOLS.match(tool.lower()) for tool in tools):
        return []
    return [package.name for package in packages]


def _component(entry: Entry, package: PackageName) -> Component:
    """Return a component with the source it names; "" where it names none."""
    properties = entry.properties
    # The purl is the identity; a version beside it is what a person reads.
    version = package.version or entry.version
    source_name, source_version = package.source_name, package.source_version
    if not source_name:
        source_name, source_version = _stated_source(entry)
    return Component(
        ref=entry.ref or entry.purl,
        type=package.type,
        namespace=package.namespace,
        name=_spelled(entry, package),
        version=version,
        purl=entry.purl,
        arch=package.arch,
        source_name=source_name,
        source_version=source_version or (version if source_name else ""),
        module=properties.get("aquasecurity:trivy:Modularitylabel", "")
        or properties.get("syft:metadata:modularityLabel", ""),
        vendor=entry.vendor,
        licenses=entry.licenses,
        locations=entry.locations or _locations(properties),
    )


def _spelled(entry: Entry, package: PackageName) -> str:
    """Return the name with its capitals, which advisories keep and some purls may not."""
    lowered = package.type in _LOWERED and entry.name.lower() == package.name
    return entry.name if lowered else package.name


def _finished(component: Component) -> Component:
    """Name the source of a package that is called like it."""
    if component.source_name or component.type not in _DISTRO_TYPES:
        return component
    return msgspec.structs.replace(
        component, source_name=component.name, source_version=component.version
    )


def _stated_source(entry: Entry) -> tuple[str, str]:
    """Return the source package that trivy names beside the purl."""
    properties = entry.properties
    if built := _BUILT_FROM.fullmatch(entry.source_info):
        return built[1], built[2]
    name = properties.get("aquasecurity:trivy:SrcName", "")
    version = properties.get("aquasecurity:trivy:SrcVersion", "")
    release = properties.get("aquasecurity:trivy:SrcRelease", "")
    epoch = properties.get("aquasecurity:trivy:SrcEpoch", "")
    if not version:
        return name, ""
    return name, join_epoch(epoch, f"{version}-{release}" if release else version)


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
    count = "1 package has" if len(names) == 1 else f"{len(names)} packages have"
    return [f"{count} {what} ({shown}{more})"]
