"""SBOMs that syft made of our images, against our own inventory of the same images."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.bom.detect import read_bom
from gate.bom.model import Bom, Component, Reading, ReadingStatus, SubjectKind
from gate.catalog.apk import ApkCataloger
from gate.catalog.dpkg import DpkgCataloger
from gate.catalog.package import Package
from gate.sources.budget import Meter
from tests.bom.boms import IMAGES, real_bom, sample
from tests.builders import file
from tests.trees import tree_of

Identity = tuple[str, str, str, str, str]
ALPINE, ALMALINUX, DEBIAN = "alpine 3.20.3", "almalinux 9.0", "debian 12"
SAMPLES = {
    "alp.cdx14": ALPINE,
    "alp.cdx16": ALPINE,
    "alp.cdx16.xml": ALPINE,
    "alp.github.json": ALPINE,
    "alp.spdx": ALPINE,
    "alma9.cdx": ALMALINUX,
    "alma9.spdx": ALMALINUX,
    "deb.cdx": DEBIAN,
    "deb.spdx": DEBIAN,
}


def identity(package: Component | Package) -> Identity:
    return (
        package.name,
        package.version,
        package.arch,
        package.source_name,
        package.source_version,
    )


@pytest.fixture(scope="module")
def inventories(data: Path) -> dict[str, set[Identity]]:
    """Our own inventories."""
    apk = file("lib/apk/db/installed", (data / "apk" / "alpine-3.20.installed").read_bytes())
    dpkg = file("var/lib/dpkg/status", (data / "dpkg" / "debian-12-minbase.status").read_bytes())
    return {
        ALPINE: {identity(p) for p in ApkCataloger()(tree_of(apk), Meter()).packages},
        ALMALINUX: {identity(c) for c in real_bom(data, IMAGES[1]).components},
        DEBIAN: {identity(p) for p in DpkgCataloger()(tree_of(dpkg), Meter()).packages},
    }


@pytest.fixture(params=SAMPLES, scope="module")
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def bom(name: str, data: Path) -> Bom:
    return read_bom(sample(data, name), f"{name}.json")


def test_the_packages_are_those_of_our_own_inventory(
    name: str, bom: Bom, inventories: dict[str, set[Identity]]
) -> None:
    # rpm keeps the keys it trusts as packages; syft lists them, we do not.
    read = {identity(c) for c in bom.components if c.name != "gpg-pubkey"}
    assert read == inventories[SAMPLES[name]]


def test_the_distribution_is_recognised(name: str, bom: Bom) -> None:
    assert bom.distro is not None
    assert f"{bom.distro.id} {bom.distro.version_id}" == SAMPLES[name]


def test_everything_was_read(name: str, bom: Bom) -> None:
    what = "SPDX SBOM" if name.endswith("spdx") else "CycloneDX SBOM"
    what = "dependency snapshot" if "github" in name else what
    assert bom.readings == (
        Reading(what=what, status=ReadingStatus.COMPLETE, components=len(bom.components)),
    )
    assert len({component.ref for component in bom.components}) == len(bom.components)


def test_the_subject_is_the_image_where_one_is_named(name: str, bom: Bom) -> None:
    if SAMPLES[name] == DEBIAN:
        assert bom.subject.kind is SubjectKind.IMAGE
        assert bom.subject.digests["sha256"].startswith("1518f154b019bbe0")
        # syft was given a path, and a path of another machine is no name.
        assert bom.subject.name == f"{name}.json"
    else:
        assert bom.subject.kind is SubjectKind.SBOM
        assert len(bom.subject.digests["sha256"]) == 64
    assert bom.subject.created is None


def test_places_are_read(data: Path) -> None:
    bom = read_bom(sample(data, "deb.cdx"), "deb.cdx.json")
    places = [place for c in bom.components for place in c.locations]
    assert {place.path for place in places} >= {"var/lib/dpkg/status"}
    assert all(place.layer.startswith("sha256:") for place in places)


def test_spdx_2_2_is_read_alike(data: Path) -> None:
    document = sample(data, "alp.spdx")
    older = document.replace(b'"SPDX-2.3"', b'"SPDX-2.2"')
    older = older.replace(b'"PACKAGE-MANAGER"', b'"PACKAGE_MANAGER"')
    assert older != document
    assert read_bom(older, "x").components == read_bom(document, "x").components
