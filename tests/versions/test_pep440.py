"""Python versions: rows, and the packaging library as second opinion."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.version import InvalidVersion, Version

from gate.versions import is_legacy
from gate.versions.pep440 import key

PIECES = (
    ". .0 .1 .10 01 2 - _ 1! 0! a a1 b rc rc1 RC2 c alpha beta2 pre preview .post .post1 -1 rev r2 "
    ".dev .dev0 dev1 + +a +1 +a.1 +1.a +01 +A_1 .a .1 v"
)
VERSIONS = st.builds(
    lambda first, pieces: first + "".join(pieces),
    st.sampled_from(["0", "1", "1.0", "01", "1!1", "v1", " 1"]),
    st.lists(st.sampled_from(PIECES.split()), max_size=5),
)


def test_rows(read_rows: Callable[..., list[str]], unmet: Callable[..., dict[str, str]]) -> None:
    rows = read_rows("pypi-versions.txt", "pep440-reference.txt")
    assert unmet(key, rows) == {}


@given(st.lists(VERSIONS, min_size=2, max_size=6))
def test_contract(keeps_contract: Callable[..., None], versions: list[str]) -> None:
    keeps_contract(key, compare, versions)


@given(st.one_of(VERSIONS, st.text("019.-_!abcdevoprst+ vA\n\u0131\u017f\u0661", max_size=12)))
@example("1.po\u017ft1")
def test_what_packaging_refuses_is_legacy_or_nothing(version: str) -> None:
    try:
        Version(version)
        accepted = version.isascii()
    except InvalidVersion:
        accepted = False
    found = key(version)
    assert (found is not None and not is_legacy("pep440", found)) == accepted


RISING = """
    0-x.1 x.dev x.a x.pre x x-z x.z x.1 x.1.1 x.2 x.10 1-x.1 0.dev0 0
    1.dev0 1.dev1 1a0.dev1 1a0 1a0.post0.dev1 1a0.post0 1a1 1b0 1rc0 1
    1 1+a 1+b 1+b.a 1+b.1 1+1 1+1.a 1.post0.dev1 1.post0 1.post1 1.0.1 1.1 1.10 2 1!0
"""


@pytest.mark.parametrize("rising", RISING.strip().splitlines())
def test_rising(rising: str) -> None:
    keys = [key(version) or "" for version in rising.split()]
    assert keys == sorted(set(keys))


def test_more_digits_than_int_reads() -> None:
    rising = ["1" * 5000, "9" * 5000, "1" + "0" * 5000, "1!1"]
    keys = [key(version) or "" for version in rising]
    assert keys == sorted(set(keys))


@pytest.mark.parametrize(
    "version", ["1" + ".1" * 50_000 + "!", "1" + "-1" * 50_000, "1+" + "a." * 50_000]
)
def test_long_versions_take_one_pass(version: str) -> None:
    found = key(version)
    assert found is None or is_legacy("pep440", found)


def test_real_versions(shared: Path, real_versions: Callable[[str], set[str]]) -> None:
    """Every version in PyPI's advisories that packaging reads has its order."""
    ordered = []
    for version in real_versions("PyPI"):
        try:
            ordered.append((Version(version), version))
        except InvalidVersion:
            found = key(version)
            assert found is None or is_legacy("pep440", found)
    keys = [key(version) or "" for _, version in sorted(ordered)]
    assert keys == sorted(keys)


def compare(left: str, right: str) -> int:
    a, b = order(left), order(right)
    return (a > b) - (a < b)


def order(version: str) -> tuple[int, Version | tuple[str, ...]]:
    try:
        return 1, Version(version)
    except InvalidVersion:
        return 0, legacy(version)


def legacy(version: str) -> tuple[str, ...]:
    """Order as setuptools did until release 66: words before numbers, ``*`` marks a word."""
    words = {"pre": "c", "preview": "c", "-": "final-", "rc": "c", "dev": "@"}
    parts: list[str] = []
    for piece in [*re.split(r"(\d+|[a-z]+|\.|-)", version.lower()), "final"]:
        if piece[:1].isdigit():
            parts.append(piece.zfill(12))
        elif piece and piece != ".":
            word = "*" + words.get(piece, piece)
            while word < "*final" and parts and parts[-1] == "*final-":
                parts.pop()
            while parts and parts[-1] == "0" * 12:
                parts.pop()
            parts.append(word)
    return tuple(parts)
