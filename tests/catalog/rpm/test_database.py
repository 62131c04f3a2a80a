"""Whole databases: what rpm itself lists of real ones, and what is none."""

from __future__ import annotations

import lzma
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.catalog.rpm.database import Format, read_packages, recognise
from gate.errors import InputError
from gate.sources.budget import Budget, Meter
from tests.catalog.rpm.databases import FORMAT, line, made, read, real, recorded
from tests.catalog.rpm.headers import package


@pytest.fixture(scope="session")
def alma9(data: Path) -> bytes:
    """Return the SQLite database of AlmaLinux 9, from its image."""
    image = data / "images" / "almalinux-9-micro-20221101-aarch64.tar.xz"
    with lzma.open(image) as plain, tarfile.open(fileobj=plain) as archive:
        member = archive.extractfile("var/lib/rpm/rpmdb.sqlite")
        assert member is not None
        return member.read()


REAL = {
    "cbl-mariner-2.0": ("cbl-mariner-2.0.rpmdb.sqlite", Format.SQLITE),
    "sle15-bci": ("sle15-bci.Packages.db", Format.NDB),
    "almalinux-8-s390x": ("almalinux-8-s390x.Packages", Format.BERKELEY),
    "libuuid": ("libuuid.Packages", Format.BERKELEY),
}


@pytest.mark.parametrize("name", REAL)
def test_a_real_database_as_rpm_lists_it(name: str) -> None:
    file, kind = REAL[name]
    reading = read(real(file))
    assert reading.format is kind
    assert reading.problems == ()
    expected = [entry.partition("|")[2] for entry in recorded(name)]
    assert sorted(map(line, reading.packages)) == sorted(expected)


def test_almalinux_9_as_rpm_lists_it(alma9: bytes) -> None:
    reading = read(alma9, wal=b"")
    expected = [entry.partition("|")[2] for entry in recorded("almalinux-9-aarch64")]
    assert [line(found) for found in reading.packages] == expected
    assert reading.problems == ()
    assert sum(found.is_key for found in reading.packages) == 1


def test_the_lists_are_what_rpm_prints_today(tmp_path: Path) -> None:
    tool = shutil.which("rpm")
    if tool is None:
        pytest.skip("no rpm on this machine: the recorded lists stand for it")
    (tmp_path / "rpmdb.sqlite").write_bytes(real("cbl-mariner-2.0.rpmdb.sqlite"))
    layout = "|".join(f"%{{{tag}}}" for tag in ("DBINSTANCE", *FORMAT)) + "\\n"
    options = ["--nosignature", "--dbpath", str(tmp_path), "--define", "_db_backend sqlite"]
    command = [tool, *options, "-qa", "--qf", layout]
    printed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert sorted(printed.splitlines()) == sorted(recorded("cbl-mariner-2.0"))


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"SQLite format 3\0", Format.SQLITE),
        (b"RpmP\0\0\0\0", Format.NDB),
        (bytes(12) + b"\x61\x15\x06\x00", Format.BERKELEY),
        (bytes(12) + b"\x00\x06\x15\x61", Format.BERKELEY),
        (bytes(12) + b"\x62\x31\x05\x00", Format.BERKELEY),
        (b"SQLite format 4\0", None),
        (bytes(16), None),
        (b"", None),
    ],
)
def test_the_format_is_told_from_content(head: bytes, kind: Format | None) -> None:
    assert recognise(head) is kind


@pytest.mark.parametrize(
    ("content", "reason"), [(b"", "is empty"), (b"#!/bin/sh\n" * 100, "no rpm database")]
)
def test_what_is_no_database(content: bytes, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read(content)


@pytest.mark.parametrize("head", [b"SQLite format 3\0", b"RpmP", bytes(12) + b"\x61\x15\x06\x00"])
@given(st.binary(max_size=2000))
def test_a_magic_and_noise_is_never_an_empty_database(head: bytes, noise: bytes) -> None:
    reading = read(head + noise)
    assert reading.problems
    assert not reading.packages


def test_more_records_than_the_budget_allows(tmp_path: Path) -> None:
    content = made(tmp_path / "db", [package(f"p{number}") for number in range(20)])
    meter = Meter(Budget(records=10))
    reading = read_packages(content, meter=meter, where="test")
    assert any("limit 'records' reached" in problem for problem in reading.problems)
    assert len(reading.packages) <= 10


def test_one_damaged_header_does_not_hide_the_others(tmp_path: Path) -> None:
    headers = [package("a"), package("b")[:-1], package("c")]
    reading = read(made(tmp_path / "db", headers))
    assert [found.name for found in reading.packages] == ["a", "c"]
    assert len(reading.problems) == 1
    assert reading.problems[0].startswith("record 2 has")


def test_an_empty_database_has_neither_packages_nor_problems(tmp_path: Path) -> None:
    reading = read(made(tmp_path / "db", []))
    assert (reading.packages, reading.problems) == ((), ())


@pytest.mark.parametrize(("journal", "hot"), [(b"", False), (bytes(512), False), (b"\xd9", True)])
def test_a_hot_rollback_journal(tmp_path: Path, journal: bytes, hot: bool) -> None:
    reading = read(made(tmp_path / "db", [package()]), journal=journal)
    assert len(reading.packages) == 1
    assert bool(reading.problems) == hot
