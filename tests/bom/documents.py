"""Small SBOMs as other tools write them."""

from __future__ import annotations

import json
from typing import Any

from gate.bom.detect import read_bom
from gate.bom.model import Bom

SYFT = {"tools": [{"name": "syft"}]}


def cyclonedx(*components: dict[str, Any], **fields: Any) -> bytes:
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": SYFT,
        "components": components,
    }
    return json.dumps(document | fields).encode()


def library(purl: str = "", **fields: Any) -> dict[str, Any]:
    return {"type": "library", "name": "a", **({"purl": purl} if purl else {}), **fields}


def spdx(*packages: dict[str, Any], **fields: Any) -> bytes:
    document = {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "example",
        "creationInfo": {"creators": ["Tool: syft-1.18.1"]},
        "packages": [{"SPDXID": "SPDXRef-Root", "name": "example"}, *packages],
        "documentDescribes": ["SPDXRef-Root"],
    }
    return json.dumps(document | fields).encode()


def package(spdx_id: str, purl: str = "", **fields: Any) -> dict[str, Any]:
    reference = {"referenceType": "purl", "referenceLocator": purl}
    return {
        "SPDXID": f"SPDXRef-{spdx_id}",
        "name": "a",
        **({"externalRefs": [reference]} if purl else {}),
        **fields,
    }


def read(document: bytes) -> Bom:
    return read_bom(document, "sbom.json")


def reason(document: bytes) -> str:
    """Return why a document is not complete; "" where it is."""
    return read(document).readings[0].reason
