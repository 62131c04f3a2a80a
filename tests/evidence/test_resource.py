"""Every subject has a URI that other tools can read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from gate.bom.model import Subject, SubjectKind
from gate.evidence.resource import resource_uri

HEX = "5a" * 32
SHA = f"sha256:{HEX}"


def subject(name: str, kind: SubjectKind = SubjectKind.IMAGE) -> Subject:
    return Subject(kind=kind, source="x", name=name, digests={"sha256": HEX})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("alpine", f"pkg:oci/alpine@{SHA}"),
        ("alpine:3.20", f"pkg:oci/alpine@{SHA}?tag=3.20"),
        (f"alpine@{SHA}", f"pkg:oci/alpine@{SHA}"),
        (
            "registry.example:5000/shop/web:1.4",
            f"pkg:oci/web@{SHA}?repository_url=registry.example:5000/shop/web&tag=1.4",
        ),
        ("Image.tar", f"pkg:generic/image/Image.tar?checksum={SHA}"),
        ("", f"pkg:generic/image/unnamed?checksum={SHA}"),
    ],
)
def test_an_image_is_named_by_reference_and_digest(name: str, expected: str) -> None:
    assert resource_uri(subject(name)) == expected


@pytest.mark.parametrize("kind", [SubjectKind.HOST, SubjectKind.ROOTFS, SubjectKind.SBOM])
def test_anything_else_is_named_by_kind_and_checksum(kind: SubjectKind) -> None:
    assert resource_uri(subject("web-1", kind)) == f"pkg:generic/{kind}/web-1?checksum={SHA}"


@given(name=st.text(st.characters(exclude_categories=["Cs"])), kind=st.sampled_from(SubjectKind))
def test_no_name_makes_a_uri_that_is_not_a_purl_of_this_digest(
    name: str, kind: SubjectKind
) -> None:
    purl = PackageURL.from_string(resource_uri(subject(name, kind)))
    assert isinstance(purl.qualifiers, dict)
    assert SHA in (purl.version, purl.qualifiers.get("checksum"))
