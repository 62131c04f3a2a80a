"""How tools other than syft say things: distribution, source package, epoch, capitals."""

from __future__ import annotations

from typing import Any

import pytest

from gate.bom.model import Component, Distro, ReadingStatus
from tests.bom.documents import cyclonedx, library, package, read, reason, spdx

TRIVY = {"tools": {"components": [{"type": "application", "name": "trivy"}]}}


def only(document: bytes) -> Component:
    (component,) = read(document).components
    return component


def source(component: Component) -> tuple[str, str]:
    return component.source_name, component.source_version


def properties(**values: str) -> list[dict[str, str]]:
    return [
        {"name": f"aquasecurity:trivy:{name}", "value": value} for name, value in values.items()
    ]


def test_trivy_names_the_source_in_properties() -> None:
    stated = properties(
        SrcName="shadow", SrcVersion="4.13+dfsg1", SrcRelease="1", SrcEpoch="1", FilePath="/x"
    )
    purl = "pkg:deb/debian/login@4.13%2Bdfsg1-1%2Bb1?distro=debian-12.5&epoch=1"
    component = only(cyclonedx(library(purl, properties=stated), metadata=TRIVY))
    assert component.version == "1:4.13+dfsg1-1+b1"
    assert source(component) == ("shadow", "1:4.13+dfsg1-1")
    assert [place.path for place in component.locations] == ["x"]


def test_trivy_names_the_source_in_words_in_spdx() -> None:
    listed = package(
        "1",
        "pkg:deb/debian/libssl3@3.0.9-1?distro=debian-12.5",
        sourceInfo="built package from: openssl 3.0.9-1",
    )
    assert source(only(spdx(listed))) == ("openssl", "3.0.9-1")


def test_a_package_without_a_source_is_called_like_it() -> None:
    purl = "pkg:deb/debian/bash@5.2-1?distro=debian-12"
    assert source(only(cyclonedx(library(purl)))) == ("bash", "5.2-1")
    assert source(only(cyclonedx(library("pkg:pypi/x@1")))) == ("", "")


@pytest.mark.parametrize("kind", ["deb", "apk", "rpm"])
def test_an_sbom_that_knows_of_no_source_packages_is_not_complete(kind: str) -> None:
    purl = f"pkg:{kind}/x/libssl3@3.0.9-1?distro=x-1"
    unknown = {"tools": [{"name": "some-tool"}]}
    document = cyclonedx(library(purl), metadata=unknown)
    assert read(document).readings[0].status is ReadingStatus.PARTIAL
    assert reason(document) == "1 package has no source package stated (libssl3)"
    assert reason(spdx(package("1", purl), creationInfo={"creators": ["Tool: x"]}))
    # One that does name a source leaves it out only where it is called like the package.
    named = library(f"pkg:{kind}/x/c@1-1?distro=x-1&upstream=b-1-1.src.rpm")
    assert reason(cyclonedx(library(purl), named, metadata=unknown)) == ""
    assert reason(cyclonedx(library(purl))) == ""


def test_packages_of_languages_need_no_source() -> None:
    assert reason(cyclonedx(library("pkg:pypi/x@1"), metadata={})) == ""


@pytest.mark.parametrize(
    ("purl", "distro"),
    [
        ("pkg:deb/debian/a@1?distro=debian-12", Distro(id="debian", version_id="12")),
        ("pkg:deb/debian/a@1?distro=bookworm", Distro(id="debian", codename="bookworm")),
        ("pkg:deb/debian/a@1?distro=debian-sid", Distro(id="debian", codename="sid")),
        ("pkg:apk/alpine/a@1?distro=3.20.3", Distro(id="alpine", version_id="3.20.3")),
        ("pkg:apk/wolfi/a@1?distro=wolfi", Distro(id="wolfi")),
        ("pkg:rpm/alma/a@1?distro=alma-9.4", Distro(id="almalinux", version_id="9.4")),
        ("pkg:rpm/x/a@1?distro=opensuse-leap-15.5", Distro(id="opensuse-leap", version_id="15.5")),
        ("pkg:rpm/redhat/a@1", None),
    ],
)
def test_the_distribution_of_a_purl(purl: str, distro: Distro | None) -> None:
    assert read(cyclonedx(library(purl))).distro == distro


def system(name: str, version: str = "", **fields: Any) -> dict[str, Any]:
    return {"type": "operating-system", "name": name, "version": version, **fields}


@pytest.mark.parametrize(
    ("stated", "purl_distro", "distro", "doubt"),
    [
        (system("debian", "12.5"), "debian-12", "debian 12.5", ""),
        (system("debian", "12"), "debian-12.5", "debian 12", ""),
        (system("debian", ""), "debian-12", "debian 12", ""),
        (system("debian", "12"), "bookworm", "debian 12", ""),
        (system("alma", "9.4"), "alma-9.4", "almalinux 9.4", ""),
        (
            system("debian", "11"),
            "debian-12",
            "debian 11",
            "names debian 11, its packages debian 12",
        ),
        (system("debian", "1"), "debian-12", "debian 1", "names debian 1, its packages debian 12"),
        (system("alpine", "3"), "debian-12", "alpine 3", "names alpine 3, its packages debian 12"),
    ],
)
def test_document_and_packages_must_not_contradict_each_other(
    stated: dict[str, Any], purl_distro: str, distro: str, doubt: str
) -> None:
    listed = library(f"pkg:deb/debian/a@1?distro={purl_distro}")
    document = cyclonedx(stated, listed)
    found = read(document).distro
    assert found is not None
    assert f"{found.id} {found.version_id}" == distro
    assert doubt in reason(document)
    assert bool(doubt) == bool(reason(document))


def test_several_distributions_are_not_one() -> None:
    debian = library("pkg:deb/debian/a@1?distro=debian-12")
    alpine = library("pkg:apk/alpine/b@1?distro=alpine-3.20")
    assert "packages are of several distributions (alpine 3.20, debian 12)" in reason(
        cyclonedx(debian, alpine)
    )
    both = cyclonedx(system("debian", "12"), system("alpine", "3.20"), debian)
    assert "names several distributions (alpine 3.20, debian 12)" in reason(both)
    twice = cyclonedx(system("debian", "12"), system("debian", "12"), debian)
    assert reason(twice) == ""


def test_names_keep_the_capitals_that_advisories_have() -> None:
    assert only(cyclonedx(library("pkg:npm/JSONStream@1", name="JSONStream"))).name == "JSONStream"
    assert only(cyclonedx(library("pkg:apk/alpine/r@1", name="R"))).name == "R"
    # A name for people is not one that advisories use.
    assert only(cyclonedx(library("pkg:deb/debian/openssl@1", name="OpenSSL"))).name == "openssl"
    assert only(cyclonedx(library("pkg:npm/a@1", name="Something else"))).name == "a"


@pytest.mark.parametrize("purpose", ["OPERATING-SYSTEM", "OPERATING_SYSTEM"])
def test_the_distribution_in_spdx(purpose: str) -> None:
    listed = package("os", name="wolfi", versionInfo="20230201", primaryPackagePurpose=purpose)
    found = read(spdx(listed, package("1", "pkg:apk/wolfi/a@1"))).distro
    assert found == Distro(id="wolfi", version_id="20230201")


def test_files_that_trivy_lists_packages_of_are_no_packages() -> None:
    group = library(name="package-lock.json", properties=properties(Class="lang-pkgs"))
    assert reason(cyclonedx(group, library("pkg:npm/a@1"))) == ""
    remark = {
        "annotator": "Tool: trivy",
        "annotationDate": "2026-01-01T00:00:00Z",
        "annotationType": "OTHER",
        "comment": "Class: lang-pkgs",
    }
    assert reason(spdx(package("g", annotations=[remark]), package("1", "pkg:npm/a@1"))) == ""


def test_an_sbom_that_describes_every_package_has_no_subject_among_them() -> None:
    listed = (package("1", "pkg:npm/a@1"), package("2", "pkg:npm/b@1"))
    document = spdx(*listed, documentDescribes=["SPDXRef-1", "SPDXRef-2"])
    assert len(read(document).components) == 2


def test_values_that_say_there_is_none() -> None:
    listed = package(
        "1",
        "pkg:npm/a",
        versionInfo="NOASSERTION",
        licenseDeclared="NONE",
        supplier="NOASSERTION",
    )
    component = only(spdx(listed))
    assert (component.version, component.licenses, component.vendor) == ("", (), "")


def test_a_reference_type_may_be_an_iri() -> None:
    reference = {
        "referenceType": "http://spdx.org/rdf/references/purl",
        "referenceLocator": "pkg:npm/a@1",
    }
    assert only(spdx(package("1", externalRefs=[reference]))).type == "npm"
