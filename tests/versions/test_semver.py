"""Semantic versions: rows, node-semver's recorded answers, and section 11 in plain."""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.versions.semver import key

PIECES = ".0 .1 .2 .10 .01 - -0 -1 -01 -rc -rc.1 -rc.10 -rc1 -RC .a .a.b -a-b + +b +1"
VERSIONS = st.builds(
    lambda first, pieces: first + "".join(pieces),
    st.sampled_from(["0", "1", "1.0.0", "v1", "01", "1.2.3", "1.2.3-", "1.2.3-a"]),
    st.lists(st.sampled_from(PIECES.split()), max_size=4),
)


def test_rows(read_rows: Callable[..., list[str]], unmet: Callable[..., dict[str, str]]) -> None:
    assert unmet(key, read_rows("semver-versions.txt", "semver-reference.txt")) == {}


@given(st.lists(VERSIONS, min_size=2, max_size=6))
def test_contract(keeps_contract: Callable[..., None], versions: list[str]) -> None:
    keeps_contract(key, compare, versions)


RISING = """
    0-a 0 0.0.0.1 0.0.1-0 0.0.1 1-0 1-1 1-10 1-10.0 1-- 1-0a
    1-A 1-a 1-a.0 1-a.a 1-a- 1-a-b 1-aa 1 1.0.1-a 1.0.1 1.2.10
"""


@pytest.mark.parametrize("rising", RISING.strip().splitlines())
def test_rising(rising: str) -> None:
    keys = [key(version) or "" for version in rising.split()]
    assert keys == sorted(set(keys))


@pytest.mark.parametrize("before", ["", "1-"])
def test_more_digits_than_int_reads(before: str) -> None:
    rising = [before + "1" * 5000, before + "9" * 5000, before + "1" + "0" * 5000]
    keys = [key(version) or "" for version in rising]
    assert keys == sorted(set(keys))


@pytest.mark.parametrize(
    "same",
    [
        ["1", "1.0", "1.0.0", "1.0.0.0", "v1", "V1.0", "01.00", "1+b", "1.0.0+", "1.0.0+a_b~c+d"],
        ["1.2.3-01", "1.2.3-1", "v1.2.3.0-1+x"],
        ["2.0.0rc2", "2.0-rc2", "2.0.0.rc2"],
        ["1.0.0beta.2", "1.0.0-beta.2"],
    ],
)
def test_equal(same: list[str]) -> None:
    assert len({key(version) for version in same}) == 1


@pytest.mark.parametrize(
    "version",
    ["", "v", "1.", ".1", "1..2", "1-", "1-a..b", "1-a_b", "1.2.x", "1.1.1k", "1.2rcx", "1.2a1",
     "vv1", "1 ", "1\n", "1.0+\n", "=1", "1-\u00e9", "\u0661", "main", "1" + ".1" * 50_000 + "!",
     "1-a" + ".a" * 50_000 + "!"],
)  # fmt: skip
def test_refused(version: str) -> None:
    assert key(version) is None


def compare(left: str, right: str) -> int:
    core_a, pre_a = split(left)
    core_b, pre_b = split(right)
    for a, b in zip_longest(core_a, core_b, fillvalue=0):
        if a != b:
            return a - b
    if pre_a is None or pre_b is None:
        return (pre_a is None) - (pre_b is None)
    for a, b in zip(pre_a, pre_b, strict=False):
        if a.isdigit() and b.isdigit():
            if int(a) != int(b):
                return int(a) - int(b)
        elif a.isdigit() or b.isdigit():
            return -1 if a.isdigit() else 1
        elif a != b:
            return -1 if a < b else 1
    return len(pre_a) - len(pre_b)


def split(version: str) -> tuple[list[int], list[str] | None]:
    rest = version.lstrip("v").split("+")[0]
    core, hyphen, pre = rest.partition("-")
    return [int(digits) for digits in core.split(".")], pre.split(".") if hyphen else None
