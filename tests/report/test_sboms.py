"""SBOMs of a check: valid, with vulnerabilities that claim no more than was found out."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from cyclonedx.model.bom import Bom as CdxBom

from gate.advisories.severity import Basis, Severity, Statement
from gate.bom.detect import read_bom
from gate.bom.spdx import write_bom as write_spdx
from gate.matching.findings import Rating
from gate.report.formats import FORMATS
from gate.run.result import Result
from tests.bom.schemas import complaints, validator
from tests.conftest import REPOSITORY
from tests.report.hostile import PAYLOADS, hostile
from tests.report.results import FAILED, INDETERMINATE, PASSED, component, finding, result_of

SCHEMA = validator(REPOSITORY / "tests" / "data", "bom-1.6.schema.json")
SPDX = validator(REPOSITORY / "tests" / "data", "spdx-2.3.schema.json")


def decoded(result: Result) -> dict[str, Any]:
    data = FORMATS["cyclonedx"](result, 1)
    assert complaints(SCHEMA, data) == []
    document: dict[str, Any] = json.loads(data)
    refs = {part["bom-ref"] for part in document["components"]}
    known = set()
    for found in document["vulnerabilities"]:
        assert {affected["ref"] for affected in found["affects"]} <= refs
        assert found["analysis"]["state"] == "in_triage"
        known.add(found["bom-ref"])
    assert len(known) == len(document["vulnerabilities"])
    assert known.isdisjoint(refs)
    return document


def properties(document: dict[str, Any], name: str) -> list[str]:
    listed = document["metadata"]["properties"]
    return [entry["value"] for entry in listed if entry["name"] == f"patchgate:{name}"]


def test_vulnerabilities() -> None:
    document = decoded(FAILED)
    first = document["vulnerabilities"][0]
    assert first["id"] == "CVE-2026-1"
    assert first["recommendation"] == "Raise it to 2.0-1. Due 2026-05-15 (overdue)."
    assert first["analysis"] == {
        "state": "in_triage",
        "response": ["update"],
        "detail": "1.0-1 < 2.0-1",
    }
    assert first["affects"] == [
        {
            "ref": "ref:openssl",
            "versions": [
                {"version": "1.0-1", "status": "affected"},
                {"version": "2.0-1", "status": "unaffected"},
            ],
        }
    ]
    waiting = document["vulnerabilities"][3]
    assert "response" not in waiting["analysis"]
    assert waiting["affects"][0]["versions"] == [{"version": "1.0-1", "status": "affected"}]
    assert properties(document, "verdict") == ["FAIL"]


def test_what_was_not_judged_is_not_complete() -> None:
    document = decoded(INDETERMINATE)
    assert document["compositions"][-1]["aggregate"] == "incomplete"
    assert properties(document, "verdict") == ["INDETERMINATE"]
    assert "the end is cut" in properties(document, "reason")[0]
    assert decoded(PASSED)["vulnerabilities"] == []


def test_ratings_begin_with_the_one_that_counts() -> None:
    counts = Statement(
        advisory="DSA-1", basis=Basis.VENDOR, severity=Severity.LOW, method="vendor", word="low"
    )
    vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
    other = Statement(
        advisory="CVE-1",
        basis=Basis.RECORD,
        severity=Severity.CRITICAL,
        method="CVSS_V3",
        score=9.8,
        vector=vector,
    )
    rating = Rating(severity=Severity.LOW, taken=counts, candidates=(other, counts))
    flaw = msgspec.structs.replace(finding("curl"), rating=rating)
    ratings = decoded(result_of(flaw))["vulnerabilities"][0]["ratings"]
    assert [(r["method"], r["severity"], r.get("score")) for r in ratings] == [
        ("other", "low", None),
        ("CVSSv31", "critical", 9.8),
    ]
    assert ratings[1]["vector"] == vector


def test_one_flaw_in_several_packages_is_one_vulnerability() -> None:
    names = ("libssl3", "openssl")
    document = decoded(
        result_of(
            *[finding(name) for name in names],
            components=[component(name, source="openssl") for name in names],
        )
    )
    (found,) = document["vulnerabilities"]
    assert [affected["ref"] for affected in found["affects"]] == ["ref:libssl3", "ref:openssl"]


def test_what_is_not_certain_is_unknown() -> None:
    flaw = finding("curl")
    (match,) = flaw.matches
    doubt = msgspec.structs.replace(flaw, matches=(msgspec.structs.replace(match, certain=False),))
    (affected,) = decoded(result_of(doubt))["vulnerabilities"][0]["affects"]
    assert affected["versions"][0]["status"] == "unknown"


def test_it_reads_back_as_the_inventory() -> None:
    assert read_bom(FORMATS["cyclonedx"](FAILED, 1), "sbom.json") == FAILED.bom


def test_another_reader_finds_the_same_vulnerabilities() -> None:
    parsed = CdxBom.from_json(json.loads(FORMATS["cyclonedx"](FAILED, 1)))  # type: ignore[attr-defined]
    read = {(v.id, target.ref) for v in parsed.vulnerabilities for target in v.affects}
    assert read == {(d.id, d.ref) for d in FAILED.verdict.decisions}


def test_the_spdx_document_is_that_of_the_inventory() -> None:
    assert FAILED.bom is not None
    assert FORMATS["spdx"](FAILED, 1) == write_spdx(FAILED.bom, FAILED.now)
    assert complaints(SPDX, FORMATS["spdx"](FAILED, 1)) == []


@pytest.mark.parametrize("payload", sorted(PAYLOADS.keys() - {"empty-ish", "long"}))
def test_hostile_texts_are_valid(payload: str) -> None:
    # The purl and the type of a package are no free texts: the writers take them as they are.
    decoded(hostile(PAYLOADS[payload]))
