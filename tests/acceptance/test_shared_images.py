"""Every image in ../shared against every advisory in ../shared."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.results import Checked, check_real
from tests.acceptance.test_almalinux import IMAGE, expected, installed


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shared")


def check(shared: Path, place: Path, name: str) -> Checked:
    return check_real(next((shared / "images").glob(name)), [shared / "osv"], place)


@pytest.mark.parametrize(
    ("image", "code", "packages", "findings"),
    [
        # Newer than all records of their releases, which end in 2020; too old as images.
        ("alpine-minirootfs-3.10*", 1, 14, 0),
        ("alpine-minirootfs-3.11*", 1, 14, 0),
        # Releases without one record: nothing can be said, and that is no pass.
        ("alpine-minirootfs-3.18*", 4, 15, 0),
        ("alpine-minirootfs-3.20*", 4, 14, 0),
        ("debian-12*", 4, 96, 0),
        ("almalinux-9-micro*", 1, 22, 76),
        # A Berkeley DB, big-endian.
        ("almalinux-8-micro*", 1, 19, 46),
    ],
)
def test_image(
    shared: Path, place: Path, image: str, code: int, packages: int, findings: int
) -> None:
    checked = check(shared, place, image)
    assert checked.code == code, checked.result["reasons"]
    assert checked.result["summary"]["components"] == packages
    assert checked.result["summary"]["findings"] == findings


def test_almalinux_8_equals_the_list_worked_out_apart(
    shared: Path, place: Path, data: Path
) -> None:
    packages = installed(data / "rpmdb" / "almalinux-8-s390x.txt")
    advisories = shared / "osv" / "AlmaLinux" / "all.zip"
    wanted = set(expected(advisories, "AlmaLinux:8", dict(packages)))
    found = keys(check(shared, place, "almalinux-8-micro*"))
    assert {
        (ref.partition("/almalinux/")[2].partition("@")[0], flaw) for ref, flaw, _ in found
    } == (wanted)
    assert len(found) == len(wanted)


def test_other_sources_add_no_finding(
    shared: Path, place: Path, data: Path, tmp_path: Path
) -> None:
    small = check_real(data / "images" / IMAGE, [data / "osv"], tmp_path)
    full = check(shared, place, IMAGE)
    assert keys(small) == keys(full)


def keys(checked: Checked) -> list[tuple[str, str, str]]:
    return [(f["component"]["ref"], f["id"], f["fixed"]) for f in checked.findings]
