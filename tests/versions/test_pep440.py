"""Python versions: rows, and the packaging library as second opinion."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.version import InvalidVersion, Version

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

LEGACY = """
    0.1-bulbasaur 0.1-charmander 0.9-doduo 0.9-eevee 0.9-fearow 0.9-gyarados 0.9-horsea
    0.9-ivysaur -class.-jw.util.version.version-pre -class.-jw.util.version.version-preview
    -class.-jw.util.version.version-dev
"""


def test_rows(read_rows: Callable[..., list[str]], unmet: Callable[..., dict[str, str]]) -> None:
    rows = read_rows("pypi-versions.txt", "pep440-reference.txt")
    legacy = {row for row in rows if {row.split(" ")[0], row.split(" ")[2]} & {*LEGACY.split()}}
    assert unmet(key, rows) == dict.fromkeys(legacy, "no key")


@given(st.lists(VERSIONS, min_size=2, max_size=6))
def test_contract(keeps_contract: Callable[..., None], versions: list[str]) -> None:
    keeps_contract(key, compare, versions)


@given(st.one_of(VERSIONS, st.text("019.-_!abcdevoprst+ vA\n\u0131\u017f\u0661", max_size=12)))
@example("1.po\u017ft1")
def test_refuses_what_packaging_refuses(version: str) -> None:
    try:
        Version(version)
        accepted = version.isascii()
    except InvalidVersion:
        accepted = False
    assert (key(version) is not None) == accepted


RISING = """
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
def test_long_versions_are_refused_in_one_pass(version: str) -> None:
    assert key(version) is None


def test_real_versions(shared: Path, real_versions: Callable[[str], set[str]]) -> None:
    """Every version in PyPI's advisories that packaging reads has its order."""
    ordered = []
    for version in real_versions("PyPI"):
        try:
            ordered.append((Version(version), version))
        except InvalidVersion:
            assert key(version) is None
    keys = [key(version) or "" for _, version in sorted(ordered)]
    assert keys == sorted(keys)


def compare(left: str, right: str) -> int:
    a, b = Version(left), Version(right)
    return (a > b) - (a < b)
