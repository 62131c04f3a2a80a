"""What is written: valid by the official schemas, as others read it, and back without loss."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
import pytest
from cyclonedx.model.bom import Bom as CdxBom
from hypothesis import given, settings

from gate.bom import cyclonedx, purls, validation
from gate.bom.detect import read_bom
from gate.bom.formats import WRITERS as ALL
from gate.bom.formats import Writer
from gate.bom.model import Bom, Reading, ReadingStatus
from gate.bom.validation import format_of
from tests.bom.boms import IMAGES, NOW, boms, real_bom
from tests.bom.schemas import complaints, validator
from tests.conftest import REPOSITORY

WRITERS: dict[str, Writer] = {name: write for name, write in ALL.items() if name != "purl"}
VALIDATORS: dict[str, Callable[[bytes], list[str]]] = {
    "cyclonedx": partial(complaints, validator(REPOSITORY / "tests/data", "bom-1.6.schema.json")),
    "cyclonedx-xml": lambda document: validated("CycloneDX 1.6 XML", document),
    "spdx": partial(complaints, validator(REPOSITORY / "tests/data", "spdx-2.3.schema.json")),
    "spdx3": lambda document: validated("SPDX 3.0 JSON-LD", document),
}


def validated(name: str, document: bytes) -> list[str]:
    form = format_of(document, "sbom")
    assert form.name == name
    return validation.complaints(form, document)


@pytest.fixture(params=IMAGES, scope="module")
def real(request: pytest.FixtureRequest, data: Path) -> Bom:
    return real_bom(data, request.param)


@pytest.mark.parametrize("schema", WRITERS)
def test_a_real_inventory_is_valid_and_reads_back(real: Bom, schema: str) -> None:
    document = WRITERS[schema](real, NOW)
    assert VALIDATORS[schema](document) == []
    assert read_bom(document, "sbom.json") == real
    assert len(real.components) in {14, 22}


def test_cyclonedx_python_lib_reads_the_same_packages(real: Bom) -> None:
    parsed = CdxBom.from_json(json.loads(cyclonedx.write_bom(real, NOW)))  # type: ignore[attr-defined]
    ours = {(c.ref, c.purl, c.namespace or None, c.name) for c in real.components}
    read = [c for c in parsed.components if c.type.value == "library"]
    assert {(c.bom_ref.value, str(c.purl), c.group, c.name) for c in read} == ours
    assert {c.bom_ref.value: c.version for c in read} == {c.ref: c.version for c in real.components}
    systems = [c for c in parsed.components if c.type.value == "operating-system"]
    assert real.distro is not None
    assert [(c.name, c.version) for c in systems] == [(real.distro.id, real.distro.version_id)]
    assert parsed.metadata.component is not None
    assert parsed.metadata.component.name == real.subject.name
    digests = {value.alg.value: value.content for value in parsed.metadata.component.hashes}
    assert digests == {"SHA-256": real.subject.digests["sha256"]}
    assert parsed.metadata.timestamp == NOW


@pytest.mark.parametrize("writer", WRITERS.values())
def test_the_same_inventory_and_time_give_the_same_bytes(real: Bom, writer: Writer) -> None:
    assert writer(real, NOW) == writer(real, NOW)
    assert writer(real, NOW) != writer(real, NOW.replace(year=2027))


@pytest.mark.parametrize("schema", WRITERS)
@settings(max_examples=100, deadline=None)
@given(bom=boms())
def test_any_bom_is_valid_and_reads_back_without_loss(schema: str, bom: Bom) -> None:
    document = WRITERS[schema](bom, NOW)
    assert read_bom(document, "sbom.json") == bom
    assert VALIDATORS[schema](document) == []


@given(bom=boms())
@settings(max_examples=30, deadline=None)
def test_bom_refs_are_unique_whatever_the_components_are_called(bom: Bom) -> None:
    document = json.loads(cyclonedx.write_bom(bom, NOW))
    listed = [document["metadata"]["component"], *document.get("components", ())]
    refs = [component["bom-ref"] for component in listed]
    assert len(refs) == len(set(refs))


@pytest.mark.parametrize("writer", WRITERS.values())
def test_what_is_not_complete_says_so(real: Bom, writer: Writer) -> None:
    cut = Reading(what="rpm database", status=ReadingStatus.PARTIAL, reason="cut short")
    bom = msgspec.structs.replace(real, readings=(*real.readings, cut))
    document = writer(bom, NOW)
    assert cut in read_bom(document, "sbom.json").readings
    if writer is WRITERS["cyclonedx"]:
        assert json.loads(document)["compositions"][0]["aggregate"] == "incomplete"
        whole = json.loads(cyclonedx.write_bom(real, NOW))
        assert whole["compositions"][0]["aggregate"] == "complete"
    if writer is WRITERS["spdx3"]:
        graph = json.loads(document)["@graph"]
        assert [e["completeness"] for e in graph if e["type"] == "Relationship"] == ["incomplete"]


def test_a_purl_list_is_each_purl_once_and_never_complete(real: Bom) -> None:
    document = purls.write_bom(real, NOW)
    assert document.decode().splitlines() == sorted({c.purl for c in real.components})
    listed = read_bom(document, "list")
    assert {c.purl for c in listed.components} == {c.purl for c in real.components}
    assert listed.readings[0].status is ReadingStatus.PARTIAL
