"""Header blobs: every tag that counts, and everything that can be wrong with one."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.catalog.rpm.header import RpmPackage, parse
from tests.catalog.rpm.databases import label
from tests.catalog.rpm.headers import BINARY, INT32, blob, number, package, text

NVR = [text(1000, "a"), text(1001, "1"), text(1002, "2")]


def index_of(header: bytes, tag: int) -> int:
    """Return where the entry of `tag` begins."""
    entries = struct.unpack_from(">I", header)[0]
    places = range(8, 8 + 16 * entries, 16)
    return next(at for at in places if struct.unpack_from(">I", header, at)[0] == tag)


def changed(header: bytes, at: int, value: bytes) -> bytes:
    return header[:at] + value + header[at + len(value) :]


def test_fields() -> None:
    header = package(
        "nodejs",
        epoch=1,
        modularity_label="nodejs:18:8080:rhel9",
        vendor="Red Hat, Inc.",
        license="MIT",
    )
    assert parse(header) == RpmPackage(
        name="nodejs",
        version="5.1",
        release="6.el9",
        epoch=1,
        arch="x86_64",
        source_rpm="nodejs-5.1-6.el9.src.rpm",
        modularity_label="nodejs:18:8080:rhel9",
        vendor="Red Hat, Inc.",
        license="MIT",
        install_time=1_667_313_909,
    )


def test_a_package_needs_a_name_version_and_release_only() -> None:
    assert parse(blob(NVR, [])) == RpmPackage(name="a", version="1", release="2")


def test_a_public_key_is_recognised() -> None:
    assert parse(package("gpg-pubkey")).is_key
    assert not parse(package("gpg-pubkey-tool")).is_key


def test_an_entry_after_the_region_replaces_the_one_inside() -> None:
    assert parse(blob(NVR, [text(1000, "b")])).name == "b"


def test_a_header_without_a_region() -> None:
    index = struct.pack(">12I", 1000, 6, 0, 1, 1001, 6, 2, 1, 1002, 6, 4, 1)
    assert parse(struct.pack(">II", 3, 6) + index + b"a\x001\x002\0").release == "2"


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"", "shorter"),
        (struct.pack(">II", 0, 0), "claims 0 entries"),
        (struct.pack(">II", 0x7FFFFFFF, 0x7FFFFFFF), "claims"),
        (struct.pack(">II", 0x10000, 0), "claims"),
        (struct.pack(">II", 1, 0x10000000), "claims"),
        (package()[:-1], "bytes where"),
        (package() + b"\0", "bytes where"),
        (blob(NVR[1:], []), "no NAME"),
        (blob(NVR[:2], []), "no RELEASE"),
        (blob([*NVR, text(1000, "b")], []), "NAME twice"),
        (blob(NVR, [text(1011, "x"), text(1011, "y")]), "VENDOR twice"),
        (blob([*NVR, number(1022, 7)], []), "not one string"),
        (blob([*NVR, text(1003, "7")], []), "not one number"),
        (blob([*NVR, (1003, INT32, 2, bytes(8))], []), "not one number"),
        (blob(NVR, [(1011, 6, 1, b"no end")]), "VENDOR outside"),
        (blob(NVR, [(1008, INT32, 1, b"\0")]), "INSTALLTIME outside"),
    ],
    ids=label,
)
def test_what_is_wrong_is_said(header: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse(header)


@pytest.mark.parametrize("offset", [-1, -(2**31), 2**31 - 1, 10_000])
@pytest.mark.parametrize("tag", [63, 1000, 1003])
def test_an_offset_outside_the_store(tag: int, offset: int) -> None:
    header = package(epoch=2, digest="")
    broken = changed(header, index_of(header, tag) + 8, struct.pack(">i", offset))
    with pytest.raises(ValueError, match=r"outside|malformed"):
        parse(broken)


@pytest.mark.parametrize("claimed", [0, 16, -17, -16 * 100, -(2**31)])
def test_a_region_that_claims_entries_there_are_not(claimed: int) -> None:
    header = package(digest="")
    at = header.rindex(struct.pack(">II", 63, BINARY)) + 8
    with pytest.raises(ValueError, match="region trailer"):
        parse(changed(header, at, struct.pack(">i", claimed)))


@pytest.mark.parametrize("digest", ["sha1", "sha256"])
def test_the_digest_of_the_region_is_checked(digest: str) -> None:
    header = package("openssl", digest=digest)
    with pytest.raises(ValueError, match=f"{digest} digest"):
        parse(header.replace(b"openssl\0", b"opensst\0"))


@given(st.data())
def test_one_changed_byte_never_passes_for_another_package(data: st.DataObject) -> None:
    header = package("openssl", "3.0.7", epoch=1)
    at = data.draw(st.integers(0, len(header) - 1))
    value = data.draw(st.integers(0, 255))
    broken = changed(header, at, bytes([value]))
    try:
        found = parse(broken)
    except ValueError:
        return
    # The time of installation lies outside the region; the digest itself may
    # have become unknown, which takes more than one byte to make use of.
    assert (found.name, found.version, found.epoch) == ("openssl", "3.0.7", 1)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(data)
