"""rpm's own format: a real database, and damage that must not go unseen."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.catalog.rpm.database import read_packages
from gate.errors import InputError
from gate.sources.budget import Budget, Meter
from tests.catalog.rpm.databases import label, read, real
from tests.catalog.rpm.headers import package

PAGE = 4096


def blob(number: int, content: bytes) -> bytes:
    """Return a header as it is stored: head, content, filling, tail."""
    head = struct.pack("<4s3I", b"BlbS", number, 7, len(content)) + content
    head += bytes(-(len(head) + 12) % 16)
    return head + struct.pack("<2I4s", zlib.adler32(head), len(content), b"BlbE")


def build(blobs: Sequence[bytes | None], pages: int = 1) -> bytes:
    """Return a database of `blobs`, numbered from 1; None is one that was removed."""
    slots, stored = b"", b""
    for number, content in enumerate(blobs, start=1):
        if content is None:
            slots += struct.pack("<4s3I", b"Slot", 0, 0, 0)
            stored += bytes(160)
            continue
        written = blob(number, content)
        start = (pages * PAGE + len(stored)) // 16
        slots += struct.pack("<4s3I", b"Slot", number, start, len(written) // 16)
        stored += written
    slots += struct.pack("<4s3I", b"Slot", 0, 0, 0) * ((pages * PAGE - 32 - len(slots)) // 16)
    return struct.pack("<4s4I", b"RpmP", 0, 1, pages, len(blobs) + 1) + bytes(12) + slots + stored


SMALL = build([package("p1"), package("p2"), None, package("p4")])


def found_in(content: bytes) -> tuple[int, int]:
    try:
        reading = read(content)
    except InputError:
        return 0, 1
    return len(reading.packages), len(reading.problems)


def changed(content: bytes, at: int, value: int) -> bytes:
    return content[:at] + struct.pack("<I", value) + content[at + 4 :]


def test_what_is_built_here_is_sound() -> None:
    assert found_in(SMALL) == (3, 0)
    assert found_in(build([])) == (0, 0)
    many = [package(f"p{number}") for number in range(300)]
    assert found_in(build(many, pages=2)) == (300, 0)


SLOT1, SLOT2 = 32, 48


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (changed(SMALL, 4, 1), "version 1"),
        (changed(SMALL, 12, 0), "0 pages of slots"),
        (changed(SMALL, 12, 0x7FFFFFFF), "pages of slots"),
        (changed(SMALL, SLOT1, 0), "damaged slot 0"),
        (changed(SMALL, SLOT1 + 4, 0), "malformed slot 0"),
        (changed(SMALL, SLOT1 + 8, 0), "malformed slot 0"),
        (changed(SMALL, SLOT1 + 8, 1), "malformed slot 0"),
        (changed(SMALL, SLOT1 + 8, 0xFFFFFFFF), "cut short: package 1 is missing"),
        (changed(SMALL, SLOT1 + 12, 0), "malformed slot 0"),
        (changed(SMALL, SLOT1 + 12, 0xFFFFFFFF), "cut short: package 1 is missing"),
        (changed(SMALL, SLOT1 + 4, 2), "two slots for one package"),
        (changed(SMALL, SLOT2 + 8, PAGE // 16 + 1), "overlaps"),
        (SMALL[:PAGE], "cut short: package 1 is missing"),
        (SMALL[:-1], "pages of slots"),
        (SMALL[:20], "shorter than its header"),
        (SMALL + b"some more bytes!", "belongs to no package"),
        (SMALL[:SLOT2] + b"Slot" + bytes(12) + SMALL[SLOT2 + 16 :], "belongs to no package"),
        (changed(SMALL, PAGE + 4, 9), "record 1 is not where its slot says"),
        (changed(SMALL, PAGE + 12, 9), "record 1 is not as long"),
        (changed(SMALL, PAGE + 8, 9), "record 1 does not match its checksum"),
        (changed(SMALL, SLOT1 + 12, 1), "record 1 is too short"),
    ],
    ids=label,
)
def test_damage_is_named(broken: bytes, reason: str) -> None:
    problems = read(broken).problems
    assert any(reason in problem for problem in problems)


def test_any_changed_byte_is_noticed_or_loses_nothing() -> None:
    for at in range(len(SMALL)):
        broken = bytearray(SMALL)
        broken[at] ^= (0xFF, 0x01, 0x80)[at % 3]
        packages, problems = found_in(bytes(broken))
        assert packages == 3 or problems, f"byte {at}"


def test_more_slots_than_the_budget_allows() -> None:
    meter = Meter(Budget(records=2))
    reading = read_packages(SMALL, meter=meter, where="test")
    assert reading.packages == ()
    assert "limit 'records' reached" in reading.problems[0]


def test_any_cut_is_noticed() -> None:
    for size in range(0, len(SMALL), 5):
        assert found_in(SMALL[:size])[1]


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_changed_bytes_of_a_real_database(data: st.DataObject) -> None:
    content = real("sle15-bci.Packages.db")
    broken = bytearray(content)
    for _ in range(data.draw(st.integers(1, 4))):
        # Half of the damage goes where the slots are.
        end = data.draw(st.sampled_from([PAGE, len(content)]))
        broken[data.draw(st.integers(0, end - 1))] = data.draw(st.integers(0, 255))
    packages, problems = found_in(bytes(broken))
    assert packages == 35 or problems
