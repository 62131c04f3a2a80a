"""pacman's local database: its fields, and everything that can be wrong with one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.bom.model import Location, ReadingStatus
from gate.catalog.package import Found, Package
from gate.catalog.pacman import LOCAL, PacmanCataloger
from gate.sources.budget import Meter
from tests.builders import Item, file
from tests.trees import tree_of

FOLDER = LOCAL.decode()
DESC = b"""%NAME%
openssl-libs

%VERSION%
3.3.1-1

%BASE%
openssl

%ARCH%
x86_64

%INSTALLDATE%
1760000000

%PACKAGER%
Arch Linux

%LICENSE%
Apache-2.0
MIT

"""


def catalog(*items: Item) -> Found:
    return PacmanCataloger()(tree_of(*items), Meter())


def record(folder: str = "openssl-libs-3.3.1-1", content: bytes = DESC) -> Item:
    return file(f"{FOLDER}/{folder}/desc", content)


def test_there_is_none() -> None:
    assert catalog(file("etc/os-release")) == Found()


def test_fields() -> None:
    found = catalog(file(f"{FOLDER}/ALPM_DB_VERSION", b"9\n"), record())
    assert found.packages == (
        Package(
            type="alpm",
            name="openssl-libs",
            version="3.3.1-1",
            arch="x86_64",
            source_name="openssl",
            source_version="3.3.1-1",
            vendor="Arch Linux",
            licenses=("Apache-2.0", "MIT"),
            installed_at=datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC),
            location=Location(path=f"{FOLDER}/openssl-libs-3.3.1-1/desc", layer="layer0"),
        ),
    )
    assert found.readings[0].status is ReadingStatus.COMPLETE
    assert found.readings[0].components == 1


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([record(content=DESC[:-2])], "is cut short"),
        ([record(content=DESC.replace(b"openssl-libs", b"curl"))], "is the record of 'curl-3.3.1"),
        ([record(content=DESC.replace(b"%NAME%", b"%NAMED%"))], "names no package"),
        ([record(content=DESC.replace(b"3.3.1-1", b"3.3.1"))], "has no valid version"),
        ([record(content=DESC.replace(b"%BASE%", b"BASE"))], "belongs to no field"),
        ([record(content=DESC + DESC)], "has the field 'NAME' twice"),
        ([record(content=b"\0")], "NUL bytes"),
        ([record(), file(f"{FOLDER}/curl-8-1/files", b"")], "curl-8-1"),
        ([record(), file(f"{FOLDER}/ALPM_DB_VERSION", b"10\n")], "its format '10' is not known"),
    ],
)
def test_what_is_wrong_is_said(items: list[Item], said: str) -> None:
    (reading,) = catalog(*items).readings
    assert reading.status is not ReadingStatus.COMPLETE
    assert said in reading.reason


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_named(content: bytes) -> None:
    found = catalog(record(content=content))
    assert len(found.packages) + (found.readings[0].status is not ReadingStatus.COMPLETE) == 1


@given(st.integers(0, len(DESC) - 1))
def test_a_record_that_is_cut_is_never_lost_in_silence(length: int) -> None:
    found = catalog(record(content=DESC[:length]))
    complete = found.readings[0].status is ReadingStatus.COMPLETE
    assert not complete or found.packages[0].name == "openssl-libs"
