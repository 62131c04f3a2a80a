"""Berkeley DB: real databases of both byte orders, and damage that must not go unseen."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.errors import InputError
from tests.catalog.rpm.databases import label, read, real

LIBUUID = real("libuuid.Packages")
MADE = {
    "made-little.Packages": [number for number in range(1, 151) if number % 3],
    "made-big.Packages": list(range(1, 401)),
}
"""Databases that Berkeley DB made of the packages p1, p2, …; every third was removed again."""


def found_in(content: bytes) -> tuple[int, int]:
    try:
        reading = read(content)
    except InputError:
        return 0, 1
    return len(reading.packages), len(reading.problems)


def changed(content: bytes, at: int, value: int, layout: str = "<I") -> bytes:
    written = struct.pack(layout, value)
    return content[:at] + written + content[at + len(written) :]


@pytest.mark.parametrize("name", MADE)
def test_chains_of_pages_and_many_buckets(name: str) -> None:
    reading = read(real(name))
    assert reading.problems == ()
    assert sorted(int(found.name[1:]) for found in reading.packages) == MADE[name]


# Pages of 4096 bytes: 1 is bucket 0 with rpm's counter, 2 is bucket 1 with the
# package, the others are its overflow chain.
BUCKET0, BUCKET1 = 4096, 8192
LINK = BUCKET1 + 4079
FIRST = struct.unpack_from("<I", LIBUUID, LINK + 4)[0] * 4096


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (LIBUUID[:100], "shorter than its first page"),
        (LIBUUID[:-1], "bytes where"),
        (LIBUUID + bytes(4096), "bytes where"),
        (changed(LIBUUID, 12, 0x053162), "no hash table"),
        (changed(LIBUUID, 16, 7), "version 7"),
        (changed(LIBUUID, 24, 1, "B"), "options that are not rpm's"),
        (changed(LIBUUID, 26, 1, "B"), "options that are not rpm's"),
        (changed(LIBUUID, 20, 4097), "pages of 4097 bytes"),
        (changed(LIBUUID, 20, 0), "pages of 0 bytes"),
        (changed(LIBUUID, 32, 0x7FFFFFFF), "bytes where"),
        (changed(LIBUUID, 72, 0xFFFFFFFF), "claims 4294967296 buckets"),
        (changed(LIBUUID, 72, 0), "has 1 entries where it says 2"),
        (changed(LIBUUID, 72, 0), "has a page 2 in use that nothing leads to"),
        (changed(LIBUUID, 96 + 4, 0), "page 1 of the database is used twice"),
        (changed(LIBUUID, 96 + 4, 9999), "lies outside the database"),
        (changed(LIBUUID, 88, 3), "has 2 entries where it says 3"),
        (changed(LIBUUID, BUCKET1 + 8, 7), "has page 7 where page 2 belongs"),
        (changed(LIBUUID, BUCKET1 + 12, 7), "links contradict each other"),
        (changed(LIBUUID, BUCKET1 + 16, 2), "used twice"),
        (changed(LIBUUID, BUCKET1 + 16, 3), "used twice"),
        (changed(LIBUUID, 96 + 4, 2), "page 3 of kind 7 in the wrong place"),
        (changed(LIBUUID, BUCKET1 + 20, 3, "<H"), "3 items"),
        (changed(LIBUUID, BUCKET1 + 20, 0xFFFE, "<H"), "65534 items"),
        (changed(LIBUUID, BUCKET1 + 20, 0, "<H"), "ends elsewhere"),
        (changed(LIBUUID, BUCKET1 + 26, 5, "<H"), "outside its page"),
        (changed(LIBUUID, BUCKET1 + 26, 4090, "<H"), "a key that is no number"),
        (changed(LIBUUID, LINK, 2, "B"), "value of kind 2"),
        (changed(LIBUUID, LINK + 4, 0), "cut short"),
        (changed(LIBUUID, LINK + 4, 1), "used twice"),
        (changed(LIBUUID, LINK + 8, 0x7FFFFFFF), "a value of 2147483647 bytes"),
        (changed(LIBUUID, LINK + 8, 1 << 20), "cut short"),
        (changed(LIBUUID, LINK + 8, 9000), "does not fit its value"),
        (changed(LIBUUID, FIRST + 16, FIRST // 4096), "used twice"),
        (changed(LIBUUID, FIRST + 12, 9), "does not fit its value"),
        (changed(LIBUUID, FIRST + 22, 0, "<H"), "does not fit its value"),
        (changed(LIBUUID, FIRST + 22, 0xFFFF, "<H"), "does not fit its value"),
        (changed(LIBUUID, FIRST + 25, 13, "B"), "of kind 13 in the wrong place"),
    ],
    ids=label,
)
def test_damage_is_named(broken: bytes, reason: str) -> None:
    problems = read(broken).problems
    assert any(reason in problem for problem in problems)


def test_a_package_under_the_number_of_the_counter_is_still_read() -> None:
    assert found_in(changed(LIBUUID, BUCKET1 + 4092, 0)) == (1, 0)


def test_any_changed_byte_of_a_bucket_is_noticed_or_loses_nothing() -> None:
    places = [
        *range(300),
        *(page + at for page in (BUCKET0, BUCKET1) for at in (*range(32), *range(4070, 4096))),
        *(FIRST + at for at in range(26)),
    ]
    for at in places:
        for flip in (0xFF, 0x01):
            broken = changed(LIBUUID, at, LIBUUID[at] ^ flip, "B")
            packages, problems = found_in(broken)
            assert packages == 1 or problems, f"byte {at}"


def test_any_cut_is_noticed() -> None:
    for size in range(0, len(LIBUUID), 501):
        assert found_in(LIBUUID[:size])[1]


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(sorted(MADE)), st.data())
def test_changed_bytes_of_many_buckets(name: str, data: st.DataObject) -> None:
    content = real(name)
    size = struct.unpack_from("<I" if "little" in name else ">I", content, 20)[0]
    broken = bytearray(content)
    for _ in range(data.draw(st.integers(1, 3))):
        page = data.draw(st.integers(0, len(content) // size - 1))
        at = page * size + data.draw(st.integers(0, 40) | st.integers(0, size - 1))
        broken[at] = data.draw(st.integers(0, 255))
    packages, problems = found_in(bytes(broken))
    assert packages == len(MADE[name]) or problems
