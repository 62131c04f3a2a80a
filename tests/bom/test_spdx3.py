"""SPDX 3.0 as other tools write it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gate.bom.model import Distro, ReadingStatus, SubjectKind
from gate.errors import InputError
from tests.bom.documents import read, reason

CREATION = {"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1", "createdUsing": ["#tool"]}
TOOL = {"type": "Tool", "spdxId": "#tool", "name": "syft-9"}
DOCUMENT = {"type": "SpdxDocument", "spdxId": "#document", "rootElement": ["#sbom"], "name": "n"}
SBOM = {"type": "software_Sbom", "spdxId": "#sbom", "rootElement": ["#root"]}
ROOT = {
    "type": "software_Package",
    "spdxId": "#root",
    "name": "example/app",
    "software_primaryPurpose": "container",
    "verifiedUsing": [{"type": "Hash", "algorithm": "sha256", "hashValue": "ab" * 32}],
}


def spdx3(*elements: dict[str, Any]) -> bytes:
    graph = [CREATION, TOOL, DOCUMENT, SBOM, ROOT, *elements]
    context = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
    return json.dumps({"@context": context, "@graph": graph}).encode()


def package(name: str, purl: str = "", **fields: Any) -> dict[str, Any]:
    stated = {"software_packageUrl": purl} if purl else {}
    return {"type": "software_Package", "spdxId": f"#{name}", "name": name, **stated, **fields}


def relation(kind: str, source: str, *targets: str, **fields: Any) -> dict[str, Any]:
    return {
        "type": "Relationship",
        "spdxId": f"#{kind}-{source}",
        "relationshipType": kind,
        "from": source,
        "to": list(targets),
        **fields,
    }


def test_the_package_that_the_sbom_is_about_is_the_subject() -> None:
    bom = read(spdx3(package("a", "pkg:npm/a@1"), relation("contains", "#root", "#a")))
    assert [c.name for c in bom.components] == ["a"]
    assert (bom.subject.kind, bom.subject.name) == (SubjectKind.IMAGE, "example/app")
    assert bom.subject.digests["sha256"] == "ab" * 32
    assert bom.readings[0].status is ReadingStatus.COMPLETE


def test_a_purl_may_be_an_identifier_and_a_supplier_may_stand_inside() -> None:
    identifier = {"externalIdentifierType": "packageUrl", "identifier": "pkg:npm/a@1"}
    supplier = {"type": "Organization", "spdxId": "#org", "name": "Vendor"}
    licence = {
        "type": "simplelicensing_LicenseExpression",
        "spdxId": "#licence",
        "simplelicensing_licenseExpression": "MIT",
    }
    listed = package("a", externalIdentifier=[identifier], suppliedBy=supplier)
    bom = read(spdx3(listed, licence, relation("hasDeclaredLicense", "#a", "#licence")))
    (component,) = bom.components
    assert (component.purl, component.vendor, component.licenses) == (
        "pkg:npm/a@1",
        "Vendor",
        ("MIT",),
    )


def test_the_distribution() -> None:
    system = package(
        "debian", software_primaryPurpose="operatingSystem", software_packageVersion="12"
    )
    deb = package("bash", "pkg:deb/debian/bash@5.2-1?distro=debian-12")
    assert read(spdx3(system, deb)).distro == Distro(id="debian", version_id="12")


@pytest.mark.parametrize(
    ("element", "why"),
    [
        (package("b"), "no purl"),
        (package("b", "pkg:%"), "cannot be read"),
        (relation("contains", "#root", "#a", completeness="incomplete"), "is incomplete"),
        (relation("dependsOn", "#a", "https://elsewhere.example/#x"), "in other documents"),
    ],
)
def test_what_is_missing_is_a_reason(element: dict[str, Any], why: str) -> None:
    assert why in reason(spdx3(package("a", "pkg:npm/a@1"), element))


def test_nothing_is_a_statement_too() -> None:
    nothing = "https://spdx.org/rdf/3.0.1/terms/Core/NoneElement"
    assert reason(spdx3(package("a", "pkg:npm/a@1"), relation("dependsOn", "#a", nothing))) == ""


@pytest.mark.parametrize(
    ("document", "what"),
    [
        (spdx3(package("a"), package("a")), "has the spdxId '#a' twice"),
        (spdx3({**DOCUMENT, "spdxId": "#other"}), "several SPDX documents"),
        (b'{"@context":["https://spdx.org/rdf/3.0.1/spdx-context.jsonld"],"@graph":1}', "no list"),
        (b'{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","x":' + b"[" * 100
         + b"]" * 100 + b"}", "nested deeper"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_clear_line(document: bytes, what: str) -> None:
    with pytest.raises(InputError, match=what):
        read(document)
