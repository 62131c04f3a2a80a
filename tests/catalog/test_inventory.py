"""The inventory: all databases of a target, one bom, nothing left out quietly."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.bom.model import Bom, ReadingStatus
from gate.catalog.inventory import CATALOGERS, wanted_by_all
from gate.run.reading import read_bom
from gate.sources.budget import Budget
from gate.sources.request import Choice
from tests.builders import (
    DEBIAN,
    OS_RELEASE,
    STATUS,
    Image,
    Item,
    docker_archive_old,
    file,
    tar,
    write,
)


def take(tmp_path: Path, *layers: list[Item]) -> Bom:
    image = Image([tar(layer) for layer in layers])
    path = write(tmp_path / "image.tar", tar(docker_archive_old(image)))
    return read_bom(str(path), Choice(), Budget())


def problems(bom: Bom) -> list[tuple[str, str]]:
    return [
        (reading.what, reading.reason)
        for reading in bom.readings
        if reading.status is not ReadingStatus.COMPLETE
    ]


def test_every_cataloger_says_what_it_wants() -> None:
    wanted = wanted_by_all()
    assert b"etc/os-release" in wanted.paths
    for cataloger in CATALOGERS.values():
        assert cataloger.wanted.paths <= wanted.paths
        assert cataloger.wanted.folders <= wanted.folders


def test_components_carry_what_others_need(tmp_path: Path) -> None:
    bom = take(tmp_path, list(DEBIAN))
    assert problems(bom) == []
    libssl, openssl = bom.components
    assert libssl.purl == (
        "pkg:deb/debian/libssl3@3.0.9-1?arch=amd64&distro=debian-12&upstream=openssl"
    )
    assert (libssl.source_name, libssl.source_version) == ("openssl", "3.0.9-1")
    assert openssl.purl == "pkg:deb/debian/openssl@3.0.9-1?arch=amd64&distro=debian-12"
    assert [place.path for place in libssl.locations] == ["var/lib/dpkg/status"]
    assert libssl.locations[0].layer == bom.subject.layers[0].diff_id
    assert bom.distro is not None
    assert bom.distro.pretty_name == "Debian 12"


def test_the_layer_that_counts_is_the_last_one(tmp_path: Path) -> None:
    newer = STATUS.replace(b"3.0.9-1", b"3.0.11-1")
    bom = take(tmp_path, list(DEBIAN), [file("var/lib/dpkg/status", newer)])
    assert {component.version for component in bom.components} == {"3.0.11-1"}
    assert {place.layer for c in bom.components for place in c.locations} == {
        bom.subject.layers[1].diff_id
    }


def test_two_package_managers_in_one_image(tmp_path: Path) -> None:
    apk = b"P:musl\nV:1.2.5-r0\nA:x86_64\no:musl\n\n"
    bom = take(tmp_path, [*DEBIAN, file("lib/apk/db/installed", apk)])
    assert {component.type for component in bom.components} == {"deb", "apk"}
    assert problems(bom) == []


def test_an_empty_database_beside_a_full_one_is_no_failure(tmp_path: Path) -> None:
    bom = take(tmp_path, [*DEBIAN, file("lib/apk/db/installed")])
    assert problems(bom) == []


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([], {"package database"}),
        ([file("var/lib/dpkg/status")], {"dpkg database"}),
        ([file("var/lib/dpkg/status"), file("lib/apk/db/installed")],
         {"dpkg database", "apk database"}),
    ],
)  # fmt: skip
def test_without_a_package_something_failed(
    tmp_path: Path, items: list[Item], expected: set[str]
) -> None:
    bom = take(tmp_path, [file("etc/os-release", OS_RELEASE), *items])
    assert bom.components == ()
    assert {what for what, _ in problems(bom)} == expected


def test_one_package_in_two_places_is_one_component(tmp_path: Path) -> None:
    one = STATUS.split(b"\n\n")[0] + b"\n"
    without = one.replace(b"Status: install ok installed\n", b"")
    bom = take(
        tmp_path,
        [DEBIAN[0], file("var/lib/dpkg/status", one), file("var/lib/dpkg/status.d/o", without)],
    )
    assert len(bom.components) == 1
    assert [place.path for place in bom.components[0].locations] == [
        "var/lib/dpkg/status",
        "var/lib/dpkg/status.d/o",
    ]


@pytest.mark.parametrize(
    ("image", "kind", "count"),
    [
        ("alpine-minirootfs-3.11.13-x86_64.tar.gz", "apk", 14),
        ("almalinux-9-micro-20221101-aarch64.tar.xz", "rpm", 22),
    ],
)
def test_real_root_file_systems(data: Path, image: str, kind: str, count: int) -> None:
    bom = read_bom(str(data / "images" / image), Choice(), Budget())
    assert problems(bom) == []
    assert [component.type for component in bom.components] == [kind] * count
    refs = [component.ref for component in bom.components]
    assert refs == sorted(set(refs))
    assert all(component.source_name for component in bom.components)
    assert len(bom.subject.digests["sha256"]) == 64
