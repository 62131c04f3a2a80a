"""SBOMs inside attestations, and as Docker and GitHub hand them out."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
import pytest

from gate.bom import cyclonedx
from gate.bom.model import Bom, SubjectKind
from gate.errors import InputError
from tests.bom.boms import IMAGES, NOW, real_bom
from tests.bom.documents import cyclonedx as cyclonedx_document
from tests.bom.documents import library, package, read
from tests.bom.documents import spdx as spdx_document
from tests.conftest import REPOSITORY

DIGEST = "ab" * 32
SPDX = json.loads(spdx_document(package("1", "pkg:npm/a@1")))
IN_TOTO = "application/vnd.in-toto+json"


def statement(predicate: Any, kind: str = "https://spdx.dev/Document", **fields: Any) -> bytes:
    document = {
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": kind,
        "subject": [
            {
                "name": "pkg:docker/example/app@1?platform=linux%2Famd64",
                "digest": {"sha256": DIGEST},
            }
        ],
        "predicate": predicate,
    }
    return json.dumps(document | fields).encode()


def envelope(payload: bytes, kind: str = IN_TOTO) -> bytes:
    encoded = base64.b64encode(payload).decode()
    return json.dumps({"payloadType": kind, "payload": encoded, "signatures": []}).encode()


def names(bom: Bom) -> list[str]:
    return [component.name for component in bom.components]


def test_a_statement_of_buildkit_says_which_image_it_is_about() -> None:
    bom = read(statement(SPDX))
    assert names(bom) == ["a"]
    assert (bom.subject.kind, bom.subject.name) == (SubjectKind.IMAGE, "example/app:1")
    assert bom.subject.digests == {"sha256": DIGEST}
    assert bom.notes == ()


def test_a_signed_one_says_that_nobody_checked_the_signature() -> None:
    listed = json.loads(cyclonedx_document(library("pkg:npm/a@1")))
    signed = envelope(statement(listed, "https://cyclonedx.org/bom/v1.6"))
    bundle = json.dumps({"mediaType": "x", "dsseEnvelope": json.loads(signed)}).encode()
    for document in (signed, bundle):
        bom = read(document)
        assert names(bom) == ["a"]
        assert [note.code for note in bom.notes] == ["signature-not-checked"]


def test_envelopes_one_a_line_as_cosign_prints_them() -> None:
    other = envelope(statement({}, "https://slsa.dev/provenance/v1"))
    assert names(read(other + b"\n" + envelope(statement(SPDX)) + b"\n")) == ["a"]
    changed = envelope(statement(SPDX | {"name": "other"}))
    with pytest.raises(InputError, match="holds 2 attestations, 2 of them SBOMs"):
        read(envelope(statement(SPDX)) + b"\n" + changed)
    with pytest.raises(InputError, match="holds 2 attestations, 0 of them SBOMs"):
        read(other + b"\n" + other)


@pytest.mark.parametrize("data", [SPDX, json.dumps(SPDX)])
def test_older_cosign_puts_the_sbom_into_data(data: Any) -> None:
    assert names(read(statement({"Data": data, "Timestamp": "x"}))) == ["a"]


def test_what_docker_buildx_prints() -> None:
    assert names(read(json.dumps({"SPDX": SPDX}).encode())) == ["a"]
    assert names(read(json.dumps({"linux/amd64": {"SPDX": SPDX}}).encode())) == ["a"]
    several = {"linux/amd64": {"SPDX": SPDX}, "linux/arm64": {"SPDX": SPDX}}
    with pytest.raises(InputError, match=r"several platforms \(linux/amd64, linux/arm64\)"):
        read(json.dumps(several).encode())


def test_the_export_of_githubs_dependency_graph() -> None:
    assert names(read(json.dumps({"sbom": SPDX}).encode())) == ["a"]


def test_one_of_ours_stays_what_it_is_about() -> None:
    bom = real_bom(REPOSITORY / "tests" / "data", IMAGES[0])
    digest = bom.subject.digests["sha256"]
    inner = json.loads(cyclonedx.write_bom(bom, NOW))
    about = [{"name": "x", "digest": {"sha256": digest}}]
    assert read(statement(inner, "https://cyclonedx.org/bom", subject=about)) == bom
    with pytest.raises(InputError, match="about another image"):
        read(statement(inner, "https://cyclonedx.org/bom"))


def test_an_sbom_of_another_image_is_refused() -> None:
    root = {"checksums": [{"algorithm": "SHA256", "checksumValue": "cd" * 32}]}
    packages = [SPDX["packages"][0] | root, *SPDX["packages"][1:]]
    with pytest.raises(InputError, match="about another image"):
        read(statement(SPDX | {"packages": packages}))


@pytest.mark.parametrize(
    ("document", "what"),
    [
        (statement({}, "https://slsa.dev/provenance/v1"), "which is no SBOM"),
        (statement(SPDX, subject=[]), "not about one image"),
        (statement(SPDX, subject=[{"name": "x", "digest": {}}]), "not about one image"),
        (statement(SPDX, subject=None), "not a valid in-toto statement"),
        (statement("x"), "without an SBOM"),
        (envelope(b"{}"), "not a valid in-toto statement"),
        (envelope(b"{}", "text/plain"), "is an envelope of 'text/plain'"),
        (b'{"payloadType":"application/vnd.in-toto+json","payload":"%"}', "no base64"),
        (b'{"payload":1}', "not a valid envelope"),
    ],
)
def test_what_cannot_be_read_is_one_clear_line(document: bytes, what: str) -> None:
    with pytest.raises(InputError) as caught:
        read(document)
    assert what in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_wrapping_has_an_end() -> None:
    document = msgspec.json.encode(SPDX)
    for _ in range(6):
        document = b'{"sbom":' + document + b"}"
    with pytest.raises(InputError, match="wrapped more than 4 times"):
        read(document)
