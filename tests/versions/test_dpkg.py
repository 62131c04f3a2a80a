"""Debian versions: rows, libdpkg's recorded answers, and deb-version(7) in plain."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.versions.dpkg import key

PIECES = "0 1 2 10 00 01 . - + ~ : 0: 1: a B rc ~rc1 +b1 -0 -1"
VERSIONS = st.lists(st.sampled_from(PIECES.split()), max_size=6).map(
    lambda pieces: "1" + "".join(pieces)
)


def test_rows(read_rows: Callable[..., list[str]], unmet: Callable[..., dict[str, str]]) -> None:
    assert unmet(key, read_rows("debian-versions.txt", "dpkg-reference.txt")) == {}


@given(st.lists(VERSIONS, min_size=2, max_size=5))
def test_contract(keeps_contract: Callable[..., None], versions: list[str]) -> None:
    keeps_contract(key, compare, versions)


RISING = """
    1.0~~ 1.0~~a 1.0~ 1.0 1.0Z1 1.0a 1.0+b1 1.0. 1.1 1.10
    1.0-0~ 1.0 1.0-0+b1 1.0-1~deb7u1 1.0-1 1.0-1.1 2 1:0 10:0
"""


@pytest.mark.parametrize("rising", RISING.strip().splitlines())
def test_rising(rising: str) -> None:
    keys = [key(version) or "" for version in rising.split()]
    assert keys == sorted(set(keys))


def test_more_digits_than_int_reads() -> None:
    rising = ["1" * 5000, "9" * 5000, "1" + "0" * 5000, "1:1"]
    keys = [key(version) or "" for version in rising]
    assert keys == sorted(set(keys))


@pytest.mark.parametrize(
    "version",
    [
        "", "-1", "1:", ":1", "a:1", "-1:1", "+1:1", "2147483648:1", "1-", "1:-1", "r5", "kernel-2",
        "1.0_1", "1 0", " 1", "1\n", "1-2:3", "1.0\u00e9", "1.\u0661",
    ],
)  # fmt: skip
def test_refused(version: str) -> None:
    assert key(version) is None


def test_a_colon_belongs_to_the_upstream_version_after_an_epoch() -> None:
    assert key("0:1:2-3") is not None
    assert key("0000000000001:2") == key("1:2")


def compare(left: str, right: str) -> int:
    """Compare as deb-version(7) tells it: texts character by character, numbers by value."""
    a, b = split(left), split(right)
    if a[0] != b[0]:
        return a[0] - b[0]
    return compare_part(a[1], b[1]) or compare_part(a[2], b[2])


def split(version: str) -> tuple[int, str, str]:
    epoch, body = version.split(":", 1) if ":" in version else ("0", version)
    upstream, revision = body.rsplit("-", 1) if "-" in body else (body, "")
    return int(epoch), upstream, revision


def compare_part(left: str, right: str) -> int:
    while left or right:
        a, b = re.match(r"\D*", left)[0], re.match(r"\D*", right)[0]  # type: ignore[index]
        left, right = left[len(a) :], right[len(b) :]
        for place in range(max(len(a), len(b))):
            difference = weight(a, place) - weight(b, place)
            if difference:
                return difference
        a, b = re.match(r"\d*", left)[0], re.match(r"\d*", right)[0]  # type: ignore[index]
        left, right = left[len(a) :], right[len(b) :]
        if int(a or 0) != int(b or 0):
            return int(a or 0) - int(b or 0)
    return 0


def weight(text: str, place: int) -> int:
    if place >= len(text):
        return 0
    character = text[place]
    if character == "~":
        return -1
    return ord(character) if character.isalpha() else ord(character) + 256
