"""Every image in ../shared against every advisory in ../shared."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.results import Checked, check_real
from tests.acceptance.test_almalinux import IMAGE


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
    ],
)
def test_image(
    shared: Path, place: Path, image: str, code: int, packages: int, findings: int
) -> None:
    checked = check(shared, place, image)
    assert checked.code == code, checked.result["reasons"]
    assert checked.result["summary"]["components"] == packages
    assert checked.result["summary"]["findings"] == findings


def test_other_sources_add_no_finding(
    shared: Path, place: Path, data: Path, tmp_path: Path
) -> None:
    small = check_real(data / "images" / IMAGE, [data / "osv"], tmp_path)
    full = check(shared, place, IMAGE)
    assert keys(small) == keys(full)


def keys(checked: Checked) -> list[tuple[str, str, str]]:
    return [(f["component"]["ref"], f["id"], f["fixed"]) for f in checked.findings]


def test_a_berkeley_db_is_no_pass(shared: Path, place: Path) -> None:
    """AlmaLinux 8 of 2023-11, big-endian: read, or a clear word that it is not."""
    checked = check(shared, place, "almalinux-8-micro*")
    reading = next(r for r in checked.result["coverage"]["readings"] if r["what"] == "rpm database")
    if reading["status"] == "complete":
        assert checked.result["summary"]["components"] > 20
        assert checked.code == 1
    else:
        assert "Berkeley DB" in reading["reason"]
        assert checked.code == 3
