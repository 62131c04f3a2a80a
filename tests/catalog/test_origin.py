"""Which layer brought a package, where every layer writes the database anew."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.bom.model import Bom
from gate.run.reading import read_bom
from gate.sources.budget import Budget
from gate.sources.request import Choice
from tests.builders import OS_RELEASE, Image, Item, docker_archive_new, file, symlink, tar, write

OS = file("etc/os-release", OS_RELEASE)


def status(*packages: str) -> bytes:
    return b"".join(
        f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\n"
        f"Version: {version}\n\n".encode()
        for name, version in (package.split("=") for package in packages)
    )


def dpkg(*packages: str) -> Item:
    return file("var/lib/dpkg/status", status(*packages))


def bom_of(root: Path, *layers: list[Item], compression: str = "none") -> Bom:
    image = Image([tar(layer) for layer in layers], compression=compression)
    path = write(root / "image.tar", tar(docker_archive_new(image)))
    return read_bom(str(path), Choice(), Budget())


def origins(bom: Bom) -> dict[str, int]:
    numbers = {layer.diff_id: number for number, layer in enumerate(bom.subject.layers)}
    return {f"{one.name}={one.version}": numbers[one.added_in] for one in bom.components}


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_a_database_that_grows(tmp_path: Path, compression: str) -> None:
    bom = bom_of(
        tmp_path,
        [OS, dpkg("libc6=1")],
        [dpkg("libc6=1", "curl=1")],
        [file("srv/app")],
        [dpkg("libc6=1", "curl=1", "git=1")],
        compression=compression,
    )
    assert origins(bom) == {"libc6=1": 0, "curl=1": 1, "git=1": 3}


def test_an_upgrade_is_brought_by_the_layer_that_made_it(tmp_path: Path) -> None:
    bom = bom_of(tmp_path, [OS, dpkg("libc6=1")], [dpkg("libc6=2")], [dpkg("libc6=2", "curl=1")])
    assert origins(bom) == {"libc6=2": 1, "curl=1": 2}


def test_what_was_removed_and_came_back_is_of_the_later_layer(tmp_path: Path) -> None:
    bom = bom_of(
        tmp_path, [OS, dpkg("libc6=1", "curl=1")], [dpkg("libc6=1")], [dpkg("libc6=1", "curl=1")]
    )
    assert origins(bom) == {"libc6=1": 0, "curl=1": 2}


def test_a_database_that_cannot_be_read_as_it_was_tells_nothing(tmp_path: Path) -> None:
    bom = bom_of(
        tmp_path,
        [OS, dpkg("libc6=1")],
        [file("var/lib/dpkg/status", b"\0\0\0")],
        [dpkg("libc6=1", "curl=1")],
    )
    assert origins(bom) == {"libc6=1": 2, "curl=1": 2}


def test_a_whiteout_between_hides_what_was_there(tmp_path: Path) -> None:
    bom = bom_of(
        tmp_path,
        [OS, dpkg("libc6=1")],
        [file("var/lib/dpkg/.wh.status")],
        [dpkg("libc6=1")],
    )
    assert origins(bom) == {"libc6=1": 2}


def test_packages_with_files_of_their_own(tmp_path: Path) -> None:
    info = b"Metadata-Version: 2.1\nName: %s\nVersion: 1.0\n"
    folder = "usr/lib/python3/site-packages"
    bom = bom_of(
        tmp_path,
        [OS, dpkg("libc6=1"), file(f"{folder}/a-1.0.dist-info/METADATA", info % b"a")],
        [file(f"{folder}/b-1.0.dist-info/METADATA", info % b"b")],
    )
    assert origins(bom) == {"libc6=1": 0, "a=1.0": 0, "b=1.0": 1}


def test_a_database_behind_a_link(tmp_path: Path) -> None:
    apk = b"P:musl\nV:1-r0\n\n"
    link = symlink("lib", "usr/lib")
    first = [OS, link, file("usr/lib/apk/db/installed", apk)]
    second = [file("usr/lib/apk/db/installed", apk + b"P:curl\nV:1-r0\n\n")]
    assert origins(bom_of(tmp_path, first, second)) == {"musl=1-r0": 0, "curl=1-r0": 1}


def test_the_time_of_installation_is_that_of_dpkgs_list(tmp_path: Path) -> None:
    lists = "var/lib/dpkg/info"
    bom = bom_of(
        tmp_path,
        [
            OS,
            dpkg("libc6=1", "curl=1", "git=1"),
            Item(f"{lists}/libc6:amd64.list", mtime=1_760_000_000),
            Item(f"{lists}/curl.list", mtime=0),
        ],
    )
    times = {one.name: one.installed_at for one in bom.components}
    assert times == {
        "libc6": datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC),
        "curl": None,
        "git": None,
    }
