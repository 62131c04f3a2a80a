"""Read CycloneDX XML, 1.2 to 1.7, into the document that its JSON gives as well."""

from __future__ import annotations

import re

from gate.bom.cyclonedx_read import bom_of_document
from gate.bom.cyclonedx_types import (
    CdxComponent,
    ComponentEvidence,
    Composition,
    Document,
    HashValue,
    LegacyTool,
    LicenceChoice,
    LicenceName,
    Metadata,
    Occurrence,
    Organization,
    Property,
    Tools,
)
from gate.bom.model import Bom
from gate.bom.xmltree import Element, read_xml
from gate.errors import InputError

_NAMESPACE = re.compile(r"http://cyclonedx\.org/schema/bom/([0-9.]+)")
_DEPTH = 64


def read_cyclonedx_xml(data: bytes, where: str) -> Bom:
    """Return the bom in a CycloneDX XML document; InputError where it is none that is read."""
    root = read_xml(data, where)
    namespace = _NAMESPACE.fullmatch(root.namespace)
    if root.tag != "bom" or namespace is None:
        raise InputError(
            f"is XML of another kind (<{root.tag[:40]}>), which is not read",
            where=where,
            hint="give CycloneDX XML, or an SBOM as JSON",
        )
    return bom_of_document(_document(root, namespace[1], where), data, where)


def _document(root: Element, version: str, where: str) -> Document:
    metadata = root.child("metadata")
    return Document(
        spec_version=version,
        metadata=_metadata(metadata, where) if metadata is not None else None,
        components=_components(root, where, 0),
        compositions=tuple(
            Composition(aggregate=composition.word("aggregate"))
            for composition in root.inside("compositions", "composition")
        ),
    )


def _metadata(metadata: Element, where: str) -> Metadata:
    component = metadata.child("component")
    legacy = tuple(LegacyTool(tool.word("name")) for tool in metadata.inside("tools", "tool"))
    listed = tuple(
        _component(tool, where, 0) for tool in metadata.inside("tools", "components", "component")
    )
    return Metadata(
        timestamp=metadata.word("timestamp"),
        tools=Tools(listed) if listed else legacy,
        component=_component(component, where, 0) if component is not None else None,
        properties=_properties(metadata),
    )


def _components(parent: Element, where: str, depth: int) -> tuple[CdxComponent, ...]:
    if depth > _DEPTH:
        raise InputError(f"components are nested deeper than {_DEPTH}", where=where)
    return tuple(
        _component(listed, where, depth) for listed in parent.inside("components", "component")
    )


def _component(listed: Element, where: str, depth: int) -> CdxComponent:
    supplier = listed.child("supplier")
    occurrences = tuple(
        Occurrence(place.word("location"), place.word("additionalContext"))
        for place in listed.inside("evidence", "occurrences", "occurrence")
    )
    return CdxComponent(
        type=listed.attributes.get("type", ""),
        bom_ref=listed.attributes.get("bom-ref", ""),
        supplier=Organization(supplier.word("name")) if supplier is not None else None,
        group=listed.word("group"),
        name=listed.word("name"),
        version=listed.word("version"),
        description=listed.word("description"),
        hashes=tuple(
            HashValue(value.attributes.get("alg", ""), value.text)
            for value in listed.inside("hashes", "hash")
        ),
        licenses=_licences(listed),
        purl=listed.word("purl").strip(),
        components=_components(listed, where, depth + 1),
        evidence=ComponentEvidence(occurrences) if occurrences else None,
        properties=_properties(listed),
    )


def _licences(listed: Element) -> tuple[LicenceChoice, ...]:
    named = tuple(
        LicenceChoice(LicenceName(licence.word("id"), licence.word("name")))
        for licence in listed.inside("licenses", "license")
    )
    stated = tuple(
        LicenceChoice(expression=expression.text)
        for expression in listed.inside("licenses", "expression")
    )
    return named + stated


def _properties(parent: Element) -> tuple[Property, ...]:
    return tuple(
        Property(one.attributes.get("name", ""), one.text)
        for one in parent.inside("properties", "property")
    )
