"""Read CycloneDX, 1.2 to 1.7: the document, and its JSON.

Our own documents read back to the bom they came from, others as far as they go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec

from gate.bom import foreign, own
from gate.bom.cyclonedx import layer_of
from gate.bom.cyclonedx_types import CdxComponent, Document, Property, Tools
from gate.bom.foreign_distro import distro_named
from gate.bom.model import Bom, Component, Distro, Location, Subject
from gate.bom.purl import read_purl
from gate.errors import InputError

VERSIONS = frozenset({"1.2", "1.3", "1.4", "1.5", "1.6", "1.7"})
_NOT_PACKAGES = frozenset(
    {"cryptographic-asset", "data", "device", "file", "machine-learning-model"}
)
_WHOLE = frozenset({"complete", "unknown", "not_specified"})
_DEPTH = 64
_decoder = msgspec.json.Decoder(Document)


def read_cyclonedx(data: bytes, where: str) -> Bom:
    """Return the bom in a CycloneDX JSON document; InputError where it is none that is read."""
    try:
        document = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"is not valid CycloneDX ({error})", where=where) from error
    return bom_of_document(document, data, where)


def bom_of_document(document: Document, data: bytes, where: str) -> Bom:
    """Return the bom in a decoded CycloneDX document; `data` is what it was decoded from."""
    if document.spec_version not in VERSIONS:
        raise InputError(
            f"CycloneDX {document.spec_version or 'of no version'} is not read",
            where=where,
            hint=f"versions {', '.join(sorted(VERSIONS))} are",
        )
    properties = _entries(document.metadata.properties) if document.metadata else []
    known = own.read_document(properties, where)
    if known is not None:
        return _own_bom(document, known, where)
    return _foreign_bom(document, data, where)


def _own_bom(document: Document, known: own.OwnDocument, where: str) -> Bom:
    components = []
    for listed in document.components or ():
        if listed.type != "operating-system":
            component = _own_component(listed, where)
            components.append(own.read_component(_entries(listed.properties), component, where))
    return own.rebuild(known, components, where)


def _own_component(listed: CdxComponent, where: str) -> Component:
    try:
        package = read_purl(listed.purl)
    except ValueError as error:
        raise InputError(f"a purl cannot be read ({error})", where=where) from error
    occurrences = (listed.evidence.occurrences if listed.evidence else None) or ()
    component = Component(
        ref=listed.bom_ref,
        type=package.type,
        namespace=listed.group,
        name=listed.name,
        version=listed.version,
        purl=listed.purl,
        vendor=listed.supplier.name if listed.supplier else "",
        licenses=_licences(listed),
        locations=tuple(Location(path=o.location, layer=layer_of(o)) for o in occurrences),
    )
    return own.read_verbatim(_entries(listed.properties), component, where)


def _foreign_bom(document: Document, data: bytes, where: str) -> Bom:
    problems = [
        f"the SBOM calls itself {composition.aggregate}"
        for composition in document.compositions or ()
        if composition.aggregate not in _WHOLE
    ]
    distros = []
    entries = []
    seen: set[str] = set()
    for listed in _all(_listed(document), 0, where):
        if listed.bom_ref and listed.bom_ref in seen:
            raise InputError(f"has the bom-ref '{listed.bom_ref[:80]}' twice", where=where)
        seen.add(listed.bom_ref)
        if listed.type == "operating-system":
            distros.append(_distro(listed))
        elif listed.purl or not (listed.type in _NOT_PACKAGES or _is_group(listed)):
            entries.append(_entry(listed))
    return foreign.bom_of(
        entries,
        subject=_subject(document, data, where),
        stated=distros,
        tools=_tools(document),
        problems=dict.fromkeys(problems),
        what="CycloneDX SBOM",
    )


def _listed(document: Document) -> tuple[CdxComponent, ...]:
    """Return all components but the subject; what is inside it belongs to them."""
    subject = document.metadata.component if document.metadata else None
    return (*((subject.components if subject else None) or ()), *(document.components or ()))


def _tools(document: Document) -> list[str]:
    tools = document.metadata.tools if document.metadata else None
    listed = tools.components if isinstance(tools, Tools) else tools
    return [tool.name for tool in listed or ()]


def _all(components: tuple[CdxComponent, ...], depth: int, where: str) -> Iterator[CdxComponent]:
    """Yield components and the ones inside them."""
    if depth > _DEPTH:
        raise InputError(f"components are nested deeper than {_DEPTH}", where=where)
    for component in components:
        yield component
        if component.components:
            yield from _all(component.components, depth + 1, where)


def _is_group(listed: CdxComponent) -> bool:
    """Say whether this is no package but a file that trivy lists packages of."""
    return not listed.purl and any(
        entry.name == "aquasecurity:trivy:Class" for entry in listed.properties or ()
    )


def _entry(listed: CdxComponent) -> foreign.Entry:
    occurrences = (listed.evidence.occurrences if listed.evidence else None) or ()
    return foreign.Entry(
        ref=listed.bom_ref,
        name=listed.name,
        version=listed.version,
        purl=listed.purl,
        vendor=listed.supplier.name if listed.supplier else "",
        licenses=_licences(listed),
        locations=tuple(sorted(Location(path=o.location.lstrip("/")) for o in occurrences)),
        properties=dict(_entries(listed.properties)),
    )


def _licences(listed: CdxComponent) -> tuple[str, ...]:
    names = (
        choice.expression or (choice.license.id or choice.license.name if choice.license else "")
        for choice in listed.licenses or ()
    )
    return tuple(name for name in names if name)


def _distro(listed: CdxComponent) -> Distro:
    properties = dict(_entries(listed.properties))
    return distro_named(
        properties.get("syft:distro:id", "") or listed.name,
        properties.get("syft:distro:versionID", "") or listed.version,
        codename=properties.get("syft:distro:versionCodename", ""),
        pretty_name=properties.get("syft:distro:prettyName", "") or listed.description,
    )


def _subject(document: Document, data: bytes, where: str) -> Subject:
    """Return what the document is about; its own digest stands in for one it does not state."""
    stated = document.metadata.component if document.metadata else None
    digests = foreign.digests_of(
        (value.alg, value.content) for value in (stated.hashes if stated else None) or ()
    )
    # syft gives an image the digest of its manifest as its version.
    algorithm, _, digest = (stated.version if stated else "").partition(":")
    digests = {
        "sha256": hashlib.sha256(data).hexdigest(),
        **foreign.digests_of([(algorithm, digest)]),
        **digests,
    }
    return foreign.subject_of(
        name=stated.name if stated else "",
        is_image=stated is not None and stated.type == "container",
        digests=digests,
        where=where,
    )


def _entries(properties: tuple[Property, ...] | None) -> list[tuple[str, str]]:
    return [(entry.name, entry.value) for entry in properties or ()]
