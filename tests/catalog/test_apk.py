"""apk's installed database: a real one, and everything that can be wrong with one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.bom.model import Location, ReadingStatus
from gate.catalog.apk import ApkCataloger
from gate.catalog.package import Found, Package
from gate.sources.budget import Meter
from tests.builders import file, symlink
from tests.trees import tree_of

PATH = "lib/apk/db/installed"
RECORD = b"C:Q1=\nP:busybox\nV:1.36.1-r29\nA:x86_64\nL:GPL-2.0-only\no:busybox-src\nF:bin\nR:sh\n\n"


def catalog(*items: object) -> Found:
    return ApkCataloger()(tree_of(*items), Meter())


def test_a_real_database(data: Path) -> None:
    content = (data / "apk" / "alpine-3.20.installed").read_bytes()
    found = catalog(file(PATH, content))
    assert found.readings[0].status is ReadingStatus.COMPLETE
    # An independent look: one line of each letter per package, in the same order.
    for letter, attribute in (("P", "name"), ("V", "version"), ("o", "source_name")):
        lines = re.findall(rf"^{letter}:(.*)$", content.decode(), re.MULTILINE)
        assert [getattr(package, attribute) for package in found.packages] == lines
    assert len(found.packages) == 14


def test_fields() -> None:
    assert catalog(file(PATH, RECORD)).packages == (
        Package(
            type="apk",
            name="busybox",
            version="1.36.1-r29",
            arch="x86_64",
            source_name="busybox-src",
            source_version="1.36.1-r29",
            licenses=("GPL-2.0-only",),
            location=Location(path=PATH, layer="layer0"),
        ),
    )


def test_without_an_origin_the_package_is_its_own_source() -> None:
    found = catalog(file(PATH, b"P:a\nV:1-r0\n\n"))
    assert found.packages[0].source_name == "a"


@pytest.mark.parametrize(
    ("text", "count", "reason"),
    [
        (b"P:bad\n\n", 1, "no valid version"),
        (b"V:1\n\n", 1, "names no package"),
        (b"P:bad\nV:1\nV:2\n\n", 1, "twice"),
        (b"P:bad\nnonsense\nV:1\n\n", 1, "not a field"),
        (b"P:cut\nV:1-r0\nF:x", 2, "cut short"),
        (b"P:cut\nV:", 1, "cut short"),
    ],
)
def test_a_damaged_record_is_counted_and_the_others_stay(
    text: bytes, count: int, reason: str
) -> None:
    found = catalog(file(PATH, RECORD + text))
    assert len(found.packages) == count
    assert found.readings[0].status is ReadingStatus.PARTIAL
    assert reason in found.readings[0].reason


def test_both_places_are_one_database_after_the_usr_merge() -> None:
    found = catalog(symlink("lib", "usr/lib"), file(f"usr/{PATH}", RECORD))
    assert len(found.packages) == 1
    assert found.packages[0].location.path == f"usr/{PATH}"


def test_a_line_of_four_mebibytes() -> None:
    found = catalog(file(PATH, RECORD + b"P:long\nV:1-r0\nT:" + b"x" * 2**22 + b"\n\n"))
    assert len(found.packages) == 2


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_said_to_be_unreadable(text: bytes) -> None:
    found = catalog(file(PATH, text))
    if text.strip():
        assert found.packages or found.readings[0].status is not ReadingStatus.COMPLETE
