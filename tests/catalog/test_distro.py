"""os-release(5): quoting, places, and what is missing from it."""

from __future__ import annotations

import pytest

from gate.bom.model import Distro, ReadingStatus
from gate.catalog.distro import read_distro
from tests.builders import file, folder, symlink
from tests.trees import tree_of


def distro(text: str) -> Distro | None:
    return read_distro(tree_of(file("etc/os-release", text.encode())))[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            (
                'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\n'
                "VERSION_CODENAME=bookworm\nID=debian\n"
            ),
            Distro(
                id="debian",
                version_id="12",
                codename="bookworm",
                pretty_name="Debian GNU/Linux 12 (bookworm)",
            ),
        ),
        (
            (
                'ID="almalinux"\nID_LIKE=\'rhel centos fedora\'\nVERSION_ID="9.0"\n'
                'CPE_NAME="cpe:/o:almalinux:almalinux:9::baseos"\n'
            ),
            Distro(
                id="almalinux",
                version_id="9.0",
                id_like=("rhel", "centos", "fedora"),
                cpe_name="cpe:/o:almalinux:almalinux:9::baseos",
            ),
        ),
        ("# comment\n\nID=a\nID=b\nnot an assignment\n", Distro(id="b")),
        (
            'ID=a\nPRETTY_NAME="with \\"quotes\\" and \\$"\n',
            Distro(id="a", pretty_name='with "quotes" and $'),
        ),
    ],
)
def test_fields(text: str, expected: Distro) -> None:
    assert distro(text) == expected


@pytest.mark.parametrize("text", ["", "NAME=x\n", "ID=\n", "ID=Debian GNU\n", "ID=../../x\n"])
def test_without_a_usable_id_there_is_no_distribution(text: str) -> None:
    assert distro(text) is None


def test_the_second_place_and_links() -> None:
    content = b"ID=debian\n"
    for tree in (
        tree_of(file("usr/lib/os-release", content)),
        tree_of(
            file("usr/lib/os-release", content), symlink("etc/os-release", "../usr/lib/os-release")
        ),
    ):
        found, reading = read_distro(tree)
        assert found == Distro(id="debian")
        assert reading.status is ReadingStatus.COMPLETE


def test_what_is_missing_or_unreadable_is_said() -> None:
    for tree, reason in (
        (tree_of(file("etc/passwd")), "neither"),
        (tree_of(folder("etc/os-release")), "folder"),
        (tree_of(file("etc/os-release", b"\xff\xfe")), "UTF-8"),
        (tree_of(symlink("etc/os-release", "/etc/os-release")), "links"),
    ):
        found, reading = read_distro(tree)
        assert found is None
        assert reading.status is ReadingStatus.FAILED
        assert reason in reading.reason
