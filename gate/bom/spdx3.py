"""Write a bom as SPDX 3.0 JSON-LD.

The same bom and time give the same bytes.  As in SPDX 2.3, what it has no field
for stands in annotations, so that the document reads back as the bom it came from.

Rules: SPDX specification 3.0.1, profiles Core and Software, and its JSON-LD
serialization (all elements in ``@graph``, each by its IRI).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from gate import __version__
from gate.bom import own
from gate.bom.model import Bom, Component, ReadingStatus, Subject, SubjectKind
from gate.bom.spdx import component_annotations, seen_in

SPEC_VERSION = "3.0.1"
CONTEXT = f"https://spdx.org/rdf/{SPEC_VERSION}/spdx-context.jsonld"

_CREATION = "_:creation"
_UNNAMED = "https://patchgate.dev/spdx/"
_LICENCE = "https://spdx.org/licenses/CC0-1.0"
_PURPOSES = {
    SubjectKind.IMAGE: "container",
    SubjectKind.ROOTFS: "operatingSystem",
    SubjectKind.HOST: "device",
    SubjectKind.SBOM: "other",
    SubjectKind.SOURCE: "source",
}
_ALGORITHMS = ("sha256", "sha384", "sha512")

Element = dict[str, Any]


def write_bom(bom: Bom, now: datetime) -> bytes:
    """Return `bom` as an SPDX 3.0 document stamped `now` (UTC)."""
    # IRIs are those of the content: the digest is taken with the elements unnamed.
    unnamed = msgspec.json.encode(_graph(bom, now, _UNNAMED))
    namespace = f"{_UNNAMED}{hashlib.sha256(unnamed).hexdigest()}#"
    document = {"@context": CONTEXT, "@graph": _graph(bom, now, namespace)}
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


class _Names:
    """Makes elements, whose IRIs begin with one namespace."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace

    def element(self, kind: str, local: str, /, **fields: Any) -> Element:
        """Return an element; fields without a value are left out."""
        given = {key: value for key, value in fields.items() if value not in ("", [], None)}
        identity = {"spdxId": self.namespace + local, "creationInfo": _CREATION}
        return {"type": kind, **identity, **given}

    def annotations(self, local: str, entries: Iterable[own.Entry]) -> list[Element]:
        """Return what patchgate has to say of the element `local`."""
        return [
            self.element(
                "Annotation",
                f"Annotation-{local}-{number}",
                annotationType="other",
                subject=self.namespace + local,
                statement=f"{name}={value}",
            )
            for number, (name, value) in enumerate(entries)
        ]


def _graph(bom: Bom, now: datetime, namespace: str) -> list[Element]:
    names = _Names(namespace)
    vendors = dict.fromkeys(one.vendor for one in bom.components if one.vendor)
    suppliers = {
        vendor: names.element("Organization", f"Organization-{number}", name=vendor)
        for number, vendor in enumerate(vendors)
    }
    packages = [
        _package(names, number, component, suppliers)
        for number, component in enumerate(bom.components)
    ]
    remarks = names.annotations("Document", own.document_entries(bom))
    for number, component in enumerate(bom.components):
        remarks += names.annotations(f"Package-{number}", component_annotations(component))
    return [
        *_head(names, bom, now, packages),
        *suppliers.values(),
        *packages,
        *remarks,
    ]


def _package(
    names: _Names, number: int, component: Component, suppliers: Mapping[str, Element]
) -> Element:
    return names.element(
        "software_Package",
        f"Package-{number}",
        name=component.name,
        software_packageVersion=component.version,
        software_packageUrl=component.purl,
        software_sourceInfo=seen_in(component.locations),
        suppliedBy=suppliers.get(component.vendor, {}).get("spdxId"),
    )


def _head(names: _Names, bom: Bom, now: datetime, packages: list[Element]) -> list[Element]:
    """Return who made the document, what it is about, and what that contains."""
    tool = names.element("Tool", "Tool", name=f"patchgate-{__version__}")
    agent = names.element("SoftwareAgent", "Agent", name="patchgate")
    creation: Element = {
        "type": "CreationInfo",
        "@id": _CREATION,
        "specVersion": SPEC_VERSION,
        "created": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "createdBy": [agent["spdxId"]],
        "createdUsing": [tool["spdxId"]],
    }
    root = names.element(
        "software_Package",
        "Root",
        name=bom.subject.name,
        software_primaryPurpose=_PURPOSES[bom.subject.kind],
        verifiedUsing=_hashes(bom.subject),
    )
    listed = [package["spdxId"] for package in packages]
    contains = [
        names.element(
            "Relationship",
            "Contains",
            **{"from": root["spdxId"]},
            relationshipType="contains",
            to=listed,
            completeness=_completeness(bom),
        )
        for _ in listed[:1]
    ]
    sbom = names.element(
        "software_Sbom",
        "Sbom",
        software_sbomType=["source" if bom.subject.kind is SubjectKind.SOURCE else "analyzed"],
        rootElement=[root["spdxId"]],
        element=[*listed, *(one["spdxId"] for one in contains)],
    )
    document = names.element(
        "SpdxDocument",
        "Document",
        name=bom.subject.name,
        dataLicense=_LICENCE,
        profileConformance=["core", "software"],
        rootElement=[sbom["spdxId"]],
    )
    return [creation, agent, tool, document, sbom, root, *contains]


def _hashes(subject: Subject) -> list[Element]:
    return [
        {"type": "Hash", "algorithm": name, "hashValue": subject.digests[name]}
        for name in _ALGORITHMS
        if name in subject.digests
    ]


def _completeness(bom: Bom) -> str:
    whole = all(reading.status is ReadingStatus.COMPLETE for reading in bom.readings)
    return "complete" if whole else "incomplete"
