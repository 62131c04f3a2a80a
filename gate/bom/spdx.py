"""Write a bom as SPDX 2.3 JSON.

The same bom and time give the same bytes.  What SPDX has no field for stands
in annotations, so that the document reads back as the bom it came from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

import msgspec

from gate import __version__
from gate.bom import own
from gate.bom.model import Bom, Component, Location, Subject, SubjectKind
from gate.bom.spdx_types import (
    NO_ASSERTION,
    Annotation,
    Checksum,
    CreationInfo,
    ExternalRef,
    Relationship,
    SpdxDocument,
    SpdxPackage,
)

SPDX_VERSION = "SPDX-2.3"
DOCUMENT = "SPDXRef-DOCUMENT"
ROOT = "SPDXRef-Root"
ANNOTATOR = f"Tool: patchgate-{__version__}"
REF = "patchgate:ref"
PLACES = "patchgate:locations"
LICENCES = "patchgate:licenses"
_PURPOSES = {
    SubjectKind.IMAGE: "CONTAINER",
    SubjectKind.ROOTFS: "OPERATING_SYSTEM",
    SubjectKind.HOST: "DEVICE",
    SubjectKind.SBOM: "OTHER",
    SubjectKind.SOURCE: "SOURCE",
}
_ALGORITHMS = {"sha256": "SHA256", "sha384": "SHA384", "sha512": "SHA512"}


def write_bom(bom: Bom, now: datetime) -> bytes:
    """Return `bom` as an SPDX document stamped `now` (UTC)."""
    stamp = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    packages = [
        _package(number, component, stamp) for number, component in enumerate(bom.components)
    ]
    document = SpdxDocument(
        spdx_version=SPDX_VERSION,
        data_license="CC0-1.0",
        spdx_id=DOCUMENT,
        name=bom.subject.name,
        creation_info=CreationInfo(created=stamp, creators=(ANNOTATOR,)),
        packages=(_root(bom.subject), *packages),
        relationships=(
            Relationship(DOCUMENT, ROOT, "DESCRIBES"),
            *(Relationship(ROOT, package.spdx_id, "CONTAINS") for package in packages),
        ),
        annotations=_annotations(own.document_entries(bom), stamp),
    )
    # The namespace is that of the content: the digest is taken without it.
    digest = hashlib.sha256(msgspec.json.encode(document)).hexdigest()
    named = msgspec.structs.replace(
        document, document_namespace=f"https://patchgate.dev/spdx/{digest}"
    )
    return msgspec.json.format(msgspec.json.encode(named), indent=1) + b"\n"


def _root(subject: Subject) -> SpdxPackage:
    return SpdxPackage(
        name=subject.name,
        spdx_id=ROOT,
        download_location=NO_ASSERTION,
        files_analyzed=False,
        checksums=tuple(
            Checksum(_ALGORITHMS[name], value)
            for name, value in sorted(subject.digests.items())
            if name in _ALGORITHMS
        )
        or None,
        license_concluded=NO_ASSERTION,
        license_declared=NO_ASSERTION,
        copyright_text=NO_ASSERTION,
        primary_package_purpose=_PURPOSES[subject.kind],
    )


def _package(number: int, component: Component, stamp: str) -> SpdxPackage:
    return SpdxPackage(
        name=component.name,
        spdx_id=f"SPDXRef-Package-{number}",
        version_info=component.version,
        supplier=f"Organization: {component.vendor}" if component.vendor else NO_ASSERTION,
        download_location=NO_ASSERTION,
        files_analyzed=False,
        # A package manager's licence text is seldom an SPDX expression, which
        # is all these two may hold; the text itself is in an annotation.
        license_concluded=NO_ASSERTION,
        license_declared=NO_ASSERTION,
        copyright_text=NO_ASSERTION,
        source_info=seen_in(component.locations),
        external_refs=(ExternalRef("PACKAGE-MANAGER", "purl", component.purl),),
        annotations=_annotations(component_annotations(component), stamp),
    )


def component_annotations(component: Component) -> list[own.Entry]:
    """Return what SPDX has no field for, or none that can hold it."""
    entries = [(REF, component.ref), *own.component_entries(component)]
    if component.locations:
        entries.append((PLACES, msgspec.json.encode(component.locations).decode()))
    if component.licenses:
        entries.append((LICENCES, msgspec.json.encode(component.licenses).decode()))
    return entries


def seen_in(locations: Iterable[Location]) -> str:
    """Return in words where a package was seen."""
    paths = ", ".join(location.path for location in locations)
    return f"found in {paths}" if paths else ""


def _annotations(entries: Iterable[own.Entry], stamp: str) -> tuple[Annotation, ...] | None:
    return (
        tuple(
            Annotation(
                annotation_date=stamp,
                annotation_type="OTHER",
                annotator=ANNOTATOR,
                comment=f"{name}={value}",
            )
            for name, value in entries
        )
        or None
    )
