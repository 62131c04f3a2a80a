"""The image a subject was built from: by layers, by Dockerfile, by label."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gate.bom.model import BaseImage, Bom, Layer, Subject, SubjectKind
from gate.catalog.bases import KnownBase, NamedCatalog, find_base, read_catalog
from gate.errors import InputError

A, B, C = (f"sha256:{letter * 64}" for letter in "abc")
LABELS = {
    "org.opencontainers.image.base.name": "docker.io/library/debian:12",
    "org.opencontainers.image.base.digest": C,
}


def bom(*layers: str, labels: dict[str, str] | None = None) -> Bom:
    return Bom(
        subject=Subject(
            kind=SubjectKind.IMAGE,
            source="oci",
            name="app",
            labels=labels or {},
            layers=tuple(Layer(diff_id=layer) for layer in layers),
        )
    )


def known(name: str, *layers: str) -> NamedCatalog:
    base = KnownBase(name=name, diff_ids=layers, created=datetime(2026, 1, 1, tzinfo=UTC))
    return NamedCatalog("mine", (base,))


def found(bom: Bom, *catalogs: NamedCatalog, dockerfile: BaseImage | None = None) -> str:
    base = find_base(bom, catalogs, dockerfile)
    return f"{base.name} by {base.basis}, {base.layers} layers" if base else ""


def test_the_longest_chain_of_layers_wins() -> None:
    catalogs = (known("short", A), known("long", A, B), known("other", B))
    assert found(bom(A, B, C), *catalogs) == "long by layers, 2 layers"
    assert found(bom(A, C), *catalogs) == "short by layers, 1 layers"
    assert found(bom(C, A), *catalogs) == ""


def test_an_image_that_adds_no_layer() -> None:
    assert found(bom(A), known("same", A)) == "same by layers, 1 layers"
    assert found(bom(A), known("more", A, B)) == ""


def test_layers_outrank_the_dockerfile_and_that_the_label() -> None:
    dockerfile = BaseImage(name="debian:13", basis="dockerfile")
    labelled = bom(A, B, labels=LABELS)
    assert found(labelled, known("base", A), dockerfile=dockerfile).startswith("base by layers")
    assert found(labelled, dockerfile=dockerfile).startswith("debian:13 by dockerfile")
    assert found(labelled).startswith("docker.io/library/debian:12 by labels")


def test_a_label_with_a_broken_digest_is_not_pinned() -> None:
    labels = {**LABELS, "org.opencontainers.image.base.digest": "sha256:x"}
    base = find_base(bom(A, labels=labels), (), None)
    assert base is not None
    assert base.digest == ""


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'{"version": 2}', b'{"version": 1, "bases": [{"name": "x", "diff_ids": []}]}',
     b'{"version": 1, "bases": [{"name": "x", "diff_ids": ["sha256:0"]}]}', b"\xff"],
)  # fmt: skip
def test_what_is_no_catalog(content: bytes) -> None:
    with pytest.raises(InputError, match="catalog"):
        read_catalog(content, "bases.json")
