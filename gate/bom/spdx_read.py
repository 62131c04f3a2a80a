"""Read SPDX 2.2 and 2.3 JSON.

Our own documents read back to the bom they came from, others as far as they go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from gate.bom import foreign, own
from gate.bom.foreign_distro import distro_named
from gate.bom.model import Bom, Component, Location, Subject
from gate.bom.purl import read_purl
from gate.bom.spdx import LICENCES, PLACES, REF
from gate.bom.spdx_types import NO_ASSERTION, Annotation, SpdxDocument, SpdxPackage
from gate.errors import InputError

_VERSIONS = frozenset({"SPDX-2.2", "SPDX-2.3"})
_NOT_PACKAGES = frozenset({"DEVICE", "FILE", "SOURCE"})
_OPERATING_SYSTEM = frozenset({"OPERATING-SYSTEM", "OPERATING_SYSTEM"})
"""As the text of the specification spells it, and as its JSON schema does."""
_INCLUDES = frozenset({"CONTAINS", "DEPENDS_ON", "DESCRIBES"})
_ELSEWHERE = "DocumentRef-"
_TOOL = "Tool: "
_GROUP = "Class: "
"""trivy says so of a file that it lists packages of."""
_decoder = msgspec.json.Decoder(SpdxDocument)


def read_spdx(data: bytes, where: str) -> Bom:
    """Return the bom in an SPDX JSON document; InputError where it is none that is read."""
    try:
        document = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"is not valid SPDX ({error})", where=where) from error
    if document.spdx_version not in _VERSIONS:
        raise InputError(
            f"{document.spdx_version} is not read",
            where=where,
            hint=f"{' and '.join(sorted(_VERSIONS))} are",
        )
    known = own.read_document(_entries(document.annotations), where)
    roots = _roots(document)
    packages = [package for package in document.packages or () if package.spdx_id not in roots]
    if known is not None:
        components = [_own_component(package, where) for package in packages]
        return own.rebuild(known, components, where)
    return _foreign_bom(document, packages, roots, data, where)


def _roots(document: SpdxDocument) -> set[str]:
    """Return the element that the document is about.

    Some tools describe every package, which makes none of them the subject.
    """
    described = {
        relationship.related_spdx_element
        for relationship in document.relationships or ()
        if relationship.relationship_type == "DESCRIBES"
        and relationship.spdx_element_id == document.spdx_id
    }
    described.update(
        relationship.spdx_element_id
        for relationship in document.relationships or ()
        if relationship.relationship_type == "DESCRIBED_BY"
    )
    described.update(document.document_describes or ())
    described &= {package.spdx_id for package in document.packages or ()}
    return described if len(described) == 1 else set()


def _own_component(listed: SpdxPackage, where: str) -> Component:
    return own_component(
        _entries(listed.annotations),
        name=listed.name,
        version=listed.version_info,
        purl=_purl(listed),
        vendor=_supplier(listed),
        spdx_id=listed.spdx_id,
        where=where,
    )


def own_component(
    entries: list[own.Entry],
    *,
    name: str,
    version: str,
    purl: str,
    vendor: str,
    spdx_id: str,
    where: str,
) -> Component:
    """Return a component of patchgate's own; `entries` are its annotations.

    Raises InputError where they are damaged.
    """
    fields = dict(entries)
    try:
        package = read_purl(purl)
        locations = msgspec.json.decode(fields.get(PLACES, "[]"), type=tuple[Location, ...])
        licences = msgspec.json.decode(fields.get(LICENCES, "[]"), type=tuple[str, ...])
    except ValueError as error:
        raise InputError(
            f"a package of patchgate's own cannot be read ({error})",
            where=where,
            hint="make the SBOM again; it was edited",
        ) from error
    component = Component(
        ref=fields.get(REF, spdx_id),
        type=package.type,
        namespace=package.namespace,
        name=name,
        version=version,
        purl=purl,
        vendor=vendor,
        licenses=licences,
        locations=locations,
    )
    return own.read_component(entries, component, where)


def _foreign_bom(
    document: SpdxDocument,
    packages: list[SpdxPackage],
    roots: set[str],
    data: bytes,
    where: str,
) -> Bom:
    seen: set[str] = set()
    for listed in document.packages or ():
        if listed.spdx_id in seen:
            raise InputError(f"has the SPDXID '{listed.spdx_id[:80]}' twice", where=where)
        seen.add(listed.spdx_id)
    entries = []
    distros = []
    for listed in packages:
        if listed.primary_package_purpose in _OPERATING_SYSTEM:
            distros.append(distro_named(listed.name, stated(listed.version_info)))
        elif _purl(listed) or not _is_no_package(listed):
            entries.append(_entry(listed))
    subject = [listed for listed in document.packages or () if listed.spdx_id in roots]
    return foreign.bom_of(
        entries,
        subject=_subject(subject, document.name, data, where),
        stated=distros,
        tools=_tools(document),
        problems=_problems(document),
        what="SPDX SBOM",
    )


def _problems(document: SpdxDocument) -> list[str]:
    problems = []
    relationships = document.relationships or ()
    if not relationships and document.document_describes is None:
        problems.append("the SBOM does not say what it describes")
    if any(
        relationship.relationship_type in _INCLUDES
        and relationship.related_spdx_element.startswith(_ELSEWHERE)
        for relationship in relationships
    ):
        problems.append("parts of it are in other documents, which are not read")
    return problems


def _tools(document: SpdxDocument) -> list[str]:
    creators = document.creation_info.creators if document.creation_info else ()
    return [creator.removeprefix(_TOOL) for creator in creators if creator.startswith(_TOOL)]


def _is_no_package(listed: SpdxPackage) -> bool:
    return listed.primary_package_purpose in _NOT_PACKAGES or any(
        annotation.comment.startswith(_GROUP) for annotation in listed.annotations or ()
    )


def _entry(listed: SpdxPackage) -> foreign.Entry:
    licence = stated(listed.license_declared)
    return foreign.Entry(
        ref=listed.spdx_id,
        name=listed.name,
        version=stated(listed.version_info),
        purl=_purl(listed),
        vendor=_supplier(listed),
        licenses=(licence,) if licence else (),
        source_info=listed.source_info,
    )


def stated(value: str) -> str:
    """Return a value, or "" where it says that there is none."""
    return "" if value in {NO_ASSERTION, "NONE"} else value


def _purl(listed: SpdxPackage) -> str:
    """Return the purl; the type of a reference may be written as its whole IRI."""
    return next(
        (
            ref.reference_locator
            for ref in listed.external_refs or ()
            if ref.reference_type.rpartition("/")[2] == "purl"
        ),
        "",
    )


def _supplier(listed: SpdxPackage) -> str:
    if listed.supplier in {"", NO_ASSERTION}:
        return ""
    return listed.supplier.partition(": ")[2] or listed.supplier


def _subject(roots: list[SpdxPackage], name: str, data: bytes, where: str) -> Subject:
    root = roots[0] if len(roots) == 1 else None
    digests = {
        "sha256": hashlib.sha256(data).hexdigest(),
        **foreign.digests_of(
            (checksum.algorithm, checksum.checksum_value)
            for checksum in (root.checksums if root else None) or ()
        ),
    }
    is_image = root is not None and (
        root.primary_package_purpose == "CONTAINER" or _purl(root).startswith("pkg:oci/")
    )
    return foreign.subject_of(
        name=root.name if root else name, is_image=is_image, digests=digests, where=where
    )


def _entries(annotations: Iterable[Annotation] | None) -> list[own.Entry]:
    return entries_in(annotation.comment for annotation in annotations or ())


def entries_in(remarks: Iterable[str]) -> list[own.Entry]:
    """Return those remarks that are a name and a value of patchgate's."""
    entries = []
    for remark in remarks:
        name, equals, value = remark.partition("=")
        if equals and name.startswith(own.PREFIX):
            entries.append((name, value))
    return entries
