"""The list of files in an rpm header, and what can be wrong with one."""

from __future__ import annotations

import struct

import pytest

from gate.catalog.rpm.header import parse
from tests.catalog.rpm.headers import INT32, Field, blob, number, text

STRINGS = 8
IDENTITY = [text(1000, "bash"), text(1001, "5.1"), text(1002, "6.el9")]
SUM = "ab" * 32


def strings(tag: int, *values: str, count: int | None = None) -> Field:
    data = b"".join(value.encode() + b"\0" for value in values)
    return (tag, STRINGS, len(values) if count is None else count, data)


def numbers(tag: int, *values: int, count: int | None = None) -> Field:
    data = struct.pack(f">{len(values)}I", *values)
    return (tag, INT32, len(values) if count is None else count, data)


NAMES, FOLDERS = strings(1117, "bash", "x"), strings(1118, "/usr/bin/", "/etc/")
INDEXES, SUMS = numbers(1116, 0, 1), strings(1035, SUM, "")


def test_paths_and_checksums() -> None:
    header = blob([*IDENTITY, SUMS, INDEXES, NAMES, FOLDERS, number(5011, 8)], [])
    assert parse(header, files=True).files == (
        (b"usr/bin/bash", f"sha256:{SUM}"),
        (b"etc/x", "sha256:"),
    )
    assert parse(header).files == ()


@pytest.mark.parametrize(
    ("fields", "first"),
    [
        ([SUMS, INDEXES, NAMES, FOLDERS], f"md5:{SUM}"),
        ([SUMS, INDEXES, NAMES, FOLDERS, number(5011, 99)], f"unknown:{SUM}"),
        ([INDEXES, NAMES, FOLDERS, number(5011, 10)], "sha512:"),
    ],
)
def test_algorithms(fields: list[Field], first: str) -> None:
    assert parse(blob([*IDENTITY, *fields], []), files=True).files[0] == (b"usr/bin/bash", first)


def test_a_package_without_files() -> None:
    assert parse(blob(IDENTITY, []), files=True).files == ()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ([numbers(1116, 0), NAMES, FOLDERS], "does not fit together"),
        ([numbers(1116, 0, 2), NAMES, FOLDERS], "does not fit together"),
        ([INDEXES, NAMES], "does not fit together"),
        ([INDEXES, text(1117, "bash"), FOLDERS], "BASENAMES that is not a list of strings"),
        ([INDEXES, NAMES, strings(1118, "/", count=9999)], "DIRNAMES outside its store"),
        ([strings(1116, "a"), NAMES, FOLDERS], "DIRINDEXES that is not a list of numbers"),
        ([NAMES, FOLDERS, numbers(1116, 0, count=9999)], "DIRINDEXES outside its store"),
    ],
)
def test_a_malformed_list_is_told_and_loses_no_package(fields: list[Field], message: str) -> None:
    header = blob([*IDENTITY, *fields], [])
    with pytest.raises(ValueError, match=message):
        parse(header, files=True)
    assert parse(header).name == "bash"
