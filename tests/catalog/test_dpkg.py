"""dpkg's databases: a real one against dpkg-query, and everything that can be wrong with one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.bom.model import ReadingStatus
from gate.catalog.dpkg import DpkgCataloger
from gate.catalog.package import Found
from gate.sources.budget import Budget, Meter
from tests.builders import STATUS, file
from tests.trees import tree_of

PATH = "var/lib/dpkg/status"


def catalog(*items: object, meter: Meter | None = None) -> Found:
    return DpkgCataloger()(tree_of(*items), meter or Meter())


def catalog_status(text: str | bytes) -> Found:
    return catalog(file(PATH, text.encode() if isinstance(text, str) else text))


def names(found: Found) -> list[str]:
    return [package.name for package in found.packages]


def test_a_real_database_reads_as_dpkg_query_reads_it(data: Path, tmp_path: Path) -> None:
    status = data / "dpkg" / "debian-12-minbase.status"
    found = catalog_status(status.read_bytes())
    assert [r.status for r in found.readings] == [ReadingStatus.COMPLETE]
    assert found.readings[0].components == len(found.packages) == 96
    query = shutil.which("dpkg-query")
    if query is None:
        pytest.skip("dpkg-query is not installed: the comparison with it is not made")
    shutil.copy(status, tmp_path / "status")
    (tmp_path / "info").mkdir()
    fields = "${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\n"
    asked = subprocess.run(
        [query, f"--admindir={tmp_path}", "-W", "-f", fields],
        capture_output=True,
        text=True,
        check=True,
    )
    assert sorted(
        (p.name, p.version, p.arch, p.source_name, p.source_version) for p in found.packages
    ) == sorted(tuple(line.split("\t")) for line in asked.stdout.splitlines())


def test_source_name_and_version() -> None:
    found = catalog_status(
        "Package: a\nStatus: install ok installed\nVersion: 1:2-3+b1\nSource: src (1:2-3)\n\n"
        "Package: b\nStatus: install ok installed\nVersion: 5\nSource: src\n\n"
        "Package: c\nStatus: install ok installed\nVersion: 6\n\n"
    )
    assert [(p.source_name, p.source_version) for p in found.packages] == [
        ("src", "1:2-3"),
        ("src", "5"),
        ("c", "6"),
    ]


def test_states() -> None:
    states = {
        "installed": True,
        "unpacked": True,
        "half-configured": True,
        "triggers-awaited": True,
        "triggers-pending": True,
        "config-files": False,
        "not-installed": False,
    }
    text = "".join(
        f"Package: {state}\nStatus: install ok {state}\nVersion: 1\n\n" for state in states
    )
    found = catalog_status(text)
    assert names(found) == [state for state, on_disk in states.items() if on_disk]
    assert found.readings[0].status is ReadingStatus.COMPLETE


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        ("Package: bad\nStatus: install ok installed\n\n", 2, "no valid version"),
        ("Package: bad\nVersion: 1\n\n", 2, "no valid status"),
        ("Package: bad\nStatus: install ok dancing\nVersion: 1\n\n", 2, "no valid status"),
        ("Package: bad\nStatus: install ok half-installed\nVersion: 1\n\n", 2, "half-installed"),
        ("Status: install ok installed\nVersion: 1\n\n", 2, "names no package"),
        ("Package: bad\nPackage: worse\n\n", 2, "twice"),
        (" continued\nPackage: bad\n\n", 2, "continuation"),
        ("Package: bad\nnonsense\n\n", 2, "not a field"),
        ("Package: bad\nStatus: install ok installed\nVersion: 1\nSource: a b c\n\n", 2, "source"),
        ("Package: bad\nStatus: install ok installed\nVersion: 1 2\n\n", 2, "version"),
        ("Package: cut\nStatus: install ok installed\nVersion: 1", 3, "cut short"),
        ("Package: cut\nStatus: install o", 2, "cut short"),
    ],
)
def test_a_damaged_record_is_counted_and_the_others_stay(
    text: str, expected: int, reason: str
) -> None:
    found = catalog_status(STATUS + text.encode())
    assert len(found.packages) == expected
    assert found.readings[0].status is ReadingStatus.PARTIAL
    assert reason in found.readings[0].reason


def test_carriage_returns_and_folded_lines() -> None:
    text = STATUS.replace(b"Description: x\n", b"Description: x\n more\n\ttabbed\n .\n")
    for status in (text, text.replace(b"\n", b"\r\n")):
        found = catalog_status(status)
        assert names(found) == ["openssl", "libssl3"]
        assert found.readings[0].status is ReadingStatus.COMPLETE


def test_an_unreadable_database_failed() -> None:
    found = catalog_status(b"\0" * 100)
    assert (found.packages, found.readings[0].status) == ((), ReadingStatus.FAILED)


def test_nothing_is_said_where_there_is_no_database() -> None:
    assert catalog(file("etc/passwd")) == Found()


def test_distroless_keeps_a_file_per_package() -> None:
    record = b"Package: base-files\nVersion: 12.4\nArchitecture: amd64\nSource: base\n"
    found = catalog(
        file("var/lib/dpkg/status.d/base-files", record),
        file("var/lib/dpkg/status.d/base-files.md5sums", b"0123  etc/x\n"),
        file("var/lib/dpkg/status.d/other", b"Package: other\nVersion: 1\n"),
    )
    assert names(found) == ["base-files", "other"]
    assert {reading.status for reading in found.readings} == {ReadingStatus.COMPLETE}


def test_a_file_list_without_a_record_gives_a_cut_database_away() -> None:
    lists = [
        file("var/lib/dpkg/info/openssl.list"),
        file("var/lib/dpkg/info/libssl3:amd64.list"),
        file("var/lib/dpkg/info/format"),
    ]
    assert catalog(file(PATH, STATUS), *lists).readings[0].status is ReadingStatus.COMPLETE
    half = STATUS[: STATUS.index(b"Package: libssl3")]
    found = catalog(file(PATH, half), *lists)
    assert found.readings[0].status is ReadingStatus.PARTIAL
    assert "libssl3" in found.readings[0].reason


def test_the_number_of_records_is_limited() -> None:
    found = catalog(file(PATH, STATUS), meter=Meter(Budget(records=1)))
    assert len(found.packages) == 1
    assert found.readings[0].status is ReadingStatus.PARTIAL
    assert "records" in found.readings[0].reason


def test_a_database_over_the_size_limit_failed() -> None:
    found = catalog(file(PATH, STATUS), meter=Meter(Budget(text_bytes=10)))
    assert found.readings[0].status is ReadingStatus.FAILED


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_said_to_be_unreadable(text: bytes) -> None:
    found = catalog_status(text)
    if text.strip():
        assert found.packages or found.readings[0].status is not ReadingStatus.COMPLETE


@given(st.integers(0, len(STATUS) - 1))
def test_no_cut_loses_a_package_unseen(end: int) -> None:
    found = catalog(
        file(PATH, STATUS[:end]),
        file("var/lib/dpkg/info/openssl.list"),
        file("var/lib/dpkg/info/libssl3:amd64.list"),
    )
    complete = all(reading.status is ReadingStatus.COMPLETE for reading in found.readings)
    assert len(found.packages) == 2 or not complete
