"""RPM versions: rows, librpm's recorded answers, and the published comparison in plain."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.versions.rpm import key

PIECES = "0 1 2 10 00 01 . - _ + ~ ^ : 0: 1: a B rc ~rc1 ^git1 -0 -1 el9 %"
VERSIONS = st.lists(st.sampled_from(PIECES.split()), min_size=1, max_size=7).map("".join)


def test_rows(read_rows: Callable[..., list[str]], unmet: Callable[..., dict[str, str]]) -> None:
    assert unmet(key, read_rows("rpm-reference.txt")) == {}


def test_shared_rows(
    shared: Path, read_rows: Callable[..., list[str]], unmet: Callable[..., dict[str, str]]
) -> None:
    rows = read_rows("redhat-versions.txt", folder=shared / "versions")
    assert unmet(key, rows) == {}


@given(st.lists(VERSIONS, min_size=2, max_size=5))
def test_contract(keeps_contract: Callable[..., None], versions: list[str]) -> None:
    keeps_contract(key, compare, versions)


RISING = """
    1.0~~ 1.0~rc1 1.0~rc1^x 1.0 1.0^ 1.0^x 1.0^1 1.0a 1.0.1 1.1
    1 1-~1 1- 1-0 1-1.el8 1-1.el9 1-1.1 1-2 1.0-1 2-1 1:1 2:0
    1.el 1.el.a 1.el9 1.ela
"""


@pytest.mark.parametrize("rising", RISING.strip().splitlines())
def test_rising(rising: str) -> None:
    keys = [key(version) or "" for version in rising.split()]
    assert keys == sorted(set(keys))


def test_more_digits_than_int_reads() -> None:
    rising = ["1" * 5000, "9" * 5000, "1" + "0" * 5000, "1:1"]
    keys = [key(version) or "" for version in rising]
    assert keys == sorted(set(keys))


@pytest.mark.parametrize("same", [["1.0", "1_0", "01.0.", "0:1.00", ":1.0", "1é0"], ["2a", "2.a"]])
def test_equal(same: list[str]) -> None:
    assert len({key(version) for version in same}) == 1


@pytest.mark.parametrize("version", ["", "-1", "1:", "1:-1"])
def test_an_empty_version_is_refused(version: str) -> None:
    assert key(version) is None


def compare(left: str, right: str) -> int:
    """Compare full EVRs; what is missing is older, save for the epoch, which is 0."""
    (epoch_a, *a), (epoch_b, *b) = split(left), split(right)
    if int(epoch_a or 0) != int(epoch_b or 0):
        return int(epoch_a or 0) - int(epoch_b or 0)
    for x, y in zip(a, b, strict=True):
        if x is None or y is None:
            return (x is not None) - (y is not None)
        if difference := compare_label(x, y):
            return difference
    return 0


def split(evr: str) -> tuple[str | None, str | None, str | None]:
    match = re.fullmatch(r"(?:(\d*):)?(.*?)(?:-([^-]*))?", evr)
    assert match
    return match[1], match[2], match[3]


def compare_label(left: str, right: str) -> int:
    """Compare two labels by walking both at once, as rpm's own routine does."""
    while left or right:
        left, right = re.sub(r"^[^A-Za-z0-9~^]+", "", left), re.sub(r"^[^A-Za-z0-9~^]+", "", right)
        if left[:1] == "~" or right[:1] == "~":
            if left[:1] != right[:1]:
                return -1 if left[:1] == "~" else 1
            left, right = left[1:], right[1:]
            continue
        if left[:1] == "^" or right[:1] == "^":
            if not left or not right:
                return 1 if left else -1
            if left[0] != right[0]:
                return -1 if left[0] == "^" else 1
            left, right = left[1:], right[1:]
            continue
        if not left or not right:
            break
        kind = r"[0-9]*" if left[0].isdigit() else r"[A-Za-z]*"
        a, b = re.match(kind, left)[0], re.match(kind, right)[0]  # type: ignore[index]
        left, right = left[len(a) :], right[len(b) :]
        if not b:
            return 1 if a.isdigit() else -1
        if a.isdigit() and int(a) != int(b):
            return int(a) - int(b)
        if not a.isdigit() and a != b:
            return -1 if a < b else 1
    return len(left) - len(right)
