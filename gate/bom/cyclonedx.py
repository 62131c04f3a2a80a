"""Write a bom as CycloneDX 1.6: the document, and its JSON.

The hot path: msgspec structs, no model library.  cyclonedx-python-lib is the
oracle in the tests.  The same bom and time give the same bytes.
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime

import msgspec

from gate import __version__
from gate.bom import own
from gate.bom.cyclonedx_types import (
    CdxComponent,
    CdxVulnerability,
    ComponentEvidence,
    Composition,
    Document,
    HashValue,
    LicenceChoice,
    LicenceName,
    Metadata,
    Occurrence,
    Organization,
    Property,
    Tools,
)
from gate.bom.model import Bom, Component, Distro, ReadingStatus, Subject, SubjectKind

SPEC_VERSION = "1.6"
_SCHEMA = "http://cyclonedx.org/schema/bom-1.6.schema.json"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://patchgate.dev/sbom")
_SUBJECT_REF = "subject"
_LAYER = "layer "
_TYPES = {
    SubjectKind.IMAGE: "container",
    SubjectKind.ROOTFS: "operating-system",
    SubjectKind.HOST: "device",
    SubjectKind.SBOM: "application",
    SubjectKind.SOURCE: "application",
}
_ALGORITHMS = {"sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out about a bom, to be written with it."""

    vulnerabilities: tuple[CdxVulnerability, ...]
    complete: bool
    """Whether all of the bom was looked up, so that there are no others."""
    properties: tuple[Property, ...]


def write_bom(bom: Bom, now: datetime, judgement: Judgement | None = None) -> bytes:
    """Return `bom` as a CycloneDX JSON document stamped `now` (UTC)."""
    return (
        msgspec.json.format(msgspec.json.encode(document_of(bom, now, judgement)), indent=1) + b"\n"
    )


def document_of(bom: Bom, now: datetime, judgement: Judgement | None = None) -> Document:
    """Return `bom` as a CycloneDX document stamped `now` (UTC), to be encoded."""
    taken = {component.ref for component in bom.components}
    subject_ref = _unused(_SUBJECT_REF, taken)
    document = Document(
        schema=_SCHEMA,
        bom_format="CycloneDX",
        spec_version=SPEC_VERSION,
        version=1,
        metadata=Metadata(
            timestamp=f"{now:%Y-%m-%dT%H:%M:%SZ}",
            tools=Tools((CdxComponent(type="application", name="patchgate", version=__version__),)),
            component=_subject(bom.subject, subject_ref),
            properties=(
                *(_properties(own.document_entries(bom)) or ()),
                *(judgement.properties if judgement is not None else ()),
            ),
        ),
        components=(
            *((_distro(bom.distro, taken),) if bom.distro is not None else ()),
            *map(_component, bom.components),
        ),
        compositions=(
            Composition(aggregate=_aggregate(bom), assemblies=(subject_ref,)),
            *(_vulnerable(judgement) if judgement is not None else ()),
        ),
        vulnerabilities=judgement.vulnerabilities if judgement is not None else None,
    )
    # The serial number is that of the content: the digest is taken without it.
    unnumbered = msgspec.json.encode(document)
    serial = uuid.uuid5(_NAMESPACE, hashlib.sha256(unnumbered).hexdigest())
    return msgspec.structs.replace(document, serial_number=f"urn:uuid:{serial}")


def _aggregate(bom: Bom) -> str:
    whole = all(reading.status is ReadingStatus.COMPLETE for reading in bom.readings)
    return "complete" if whole else "incomplete"


def _vulnerable(judgement: Judgement) -> tuple[Composition, ...]:
    """Return how complete the vulnerabilities are, where there is one to say it of."""
    refs = tuple(vulnerability.bom_ref for vulnerability in judgement.vulnerabilities)
    aggregate = "complete" if judgement.complete else "incomplete"
    return (Composition(aggregate=aggregate, vulnerabilities=refs),) if refs else ()


def _unused(ref: str, taken: set[str]) -> str:
    """Return a bom-ref that no component has; those of foreign SBOMs can be anything."""
    while ref in taken:
        ref += "'"
    return ref


def _subject(subject: Subject, ref: str) -> CdxComponent:
    return CdxComponent(
        type=_TYPES[subject.kind],
        bom_ref=ref,
        name=subject.name,
        hashes=tuple(
            HashValue(_ALGORITHMS[name], value)
            for name, value in sorted(subject.digests.items())
            if name in _ALGORITHMS
        )
        or None,
    )


def _distro(distro: Distro, taken: set[str]) -> CdxComponent:
    return CdxComponent(
        type="operating-system",
        bom_ref=_unused(f"os:{distro.id}@{distro.version_id}", taken),
        name=distro.id,
        version=distro.version_id,
        description=distro.pretty_name,
    )


def _component(component: Component) -> CdxComponent:
    return CdxComponent(
        type="library",
        bom_ref=component.ref,
        supplier=Organization(component.vendor) if component.vendor else None,
        group=component.namespace,
        name=component.name,
        version=component.version,
        licenses=tuple(LicenceChoice(LicenceName(name=name)) for name in component.licenses)
        or None,
        purl=component.purl,
        evidence=_evidence(component),
        properties=_properties(own.component_entries(component)),
    )


def _evidence(component: Component) -> ComponentEvidence | None:
    if not component.locations:
        return None
    return ComponentEvidence(
        tuple(
            Occurrence(place.path, f"{_LAYER}{place.layer}" if place.layer else "")
            for place in component.locations
        )
    )


def _properties(entries: list[own.Entry]) -> tuple[Property, ...] | None:
    return tuple(Property(name, value) for name, value in entries) or None


def layer_of(occurrence: Occurrence) -> str:
    """Return the layer that `_evidence` named in an occurrence, or ""."""
    context = occurrence.additional_context
    return context.removeprefix(_LAYER) if context.startswith(_LAYER) else ""
