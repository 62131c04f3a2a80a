"""apk versions: rows, recorded answers of apk-tools 3, and its comparison in plain."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.versions.apk import key

PIECES = (
    ".0 .1 .01 .010 .10 .2 a b _alpha _beta _pre _rc _cvs _svn _git _hg _p 0 1 01 ~0 ~ab -r0 -r1"
)
VERSIONS = st.builds(
    lambda first, pieces: first + "".join(sorted(pieces, key=rank)),
    st.sampled_from(["0", "1", "01", "10"]),
    st.lists(st.sampled_from(PIECES.split()), max_size=5),
)


def rank(piece: str) -> int:
    """Put most pieces in the order in which a version has them, so that most are valid."""
    for place, start in enumerate((".", "a", "b", "_", "~", "-")):
        if piece.startswith(start):
            return place
    return 4


def test_rows(read_rows: Callable[..., list[str]], unmet: Callable[..., dict[str, str]]) -> None:
    assert unmet(key, read_rows("apk-reference.txt")) == {}


@given(st.lists(VERSIONS, min_size=2, max_size=6))
def test_contract(keeps_contract: Callable[..., None], versions: list[str]) -> None:
    keeps_contract(key, compare, versions)


RISING = """
    1_alpha 1_alpha1 1_beta 1_pre2 1_rc 1_rc0 1_rc1_alpha 1_rc1 1_rc1_p1 1 1-r0 1-r1 1-r10 1~ab
    1~ab 1~ab-r0 1~abc 1_cvs
    1_cvs 1_svn 1_git 1_hg 1_p 1_p-r0 1_p0 1_p1 1_p1_p1 1a_rc1
    1a_rc1 1a 1a-r0 1b 1.0 1.00 1.01 1.01a 1.010 1.1_rc1 1.1 1.2 1.10 2
"""


@pytest.mark.parametrize("rising", RISING.strip().splitlines())
def test_rising(rising: str) -> None:
    keys = [key(version) or "" for version in rising.split()]
    assert keys == sorted(set(keys))


@pytest.mark.parametrize("same", [["1.0-r1", "01.0-r01"], ["1_rc1", "1_rc01"]])
def test_equal(same: list[str]) -> None:
    assert len({key(version) for version in same}) == 1


@pytest.mark.parametrize(
    "version",
    [
        "", "10.2.22.r0", "2.7.16-33", "4.8.0.-r1", "1-r", "1.", "1..2",
        ".1", "a", "1ab", "1a2b", "1a2.3", "1A", "1_foo", "1_", "1~", "1~AB", "1-r1-r2", "1-r1a",
        "1 ", "1\n",
        "1" + "_alpha" * 20_000 + "!",
    ],
)  # fmt: skip
def test_refused(version: str) -> None:
    assert key(version) is None


# Versions of the shared rows that apk-tools 3 calls invalid, and that have no key for it.
INVALID = """
    1-r 1-r-0 1-r-1 1-r-2 1-r0-1 1-r0-2 1-ruff 1-ruff1 1-ruff2 1--ruff1 1-r0-ruff1 1-r0-ruff2
    0.r1 0r2 0..1..0 0..1..1 0...1...0 0...1...1 0...1...0.r1 0...1...0.r2 0...1...0r1
    0...1...0r2 0..8 0...8 .1 .2 0.8.21.r1 0.8.21.r2 0.8.21r2 10.2.22.r0 10.2.24.r0
    1.2.0A 1.2.0D 1.0bc a b c 1.2_blah 1.2_csv2 23_foo
"""


@pytest.mark.parametrize("name", ["alpine-versions.txt", "alpine-univers.txt"])
def test_shared_rows(
    shared: Path,
    read_rows: Callable[..., list[str]],
    unmet: Callable[..., dict[str, str]],
    name: str,
) -> None:
    rows = read_rows(name, folder=shared / "versions")
    invalid = {row for row in rows if {row.split(" ")[0], row.split(" ")[2]} & {*INVALID.split()}}
    assert unmet(key, rows) == dict.fromkeys(invalid, "no key")


def compare(left: str, right: str) -> int:
    """Compare token by token; at the first place where the kinds differ they decide."""
    kinds = KINDS.split()
    for a, b in zip(tokens(left), tokens(right), strict=False):
        if a[0] != b[0]:
            return kinds.index(a[0]) - kinds.index(b[0])
        if a[1] != b[1]:
            return -1 if a[1] < b[1] else 1
    return 0


KINDS = "alpha beta pre rc end revision hash number cvs svn git hg p letter component count first"


def tokens(version: str) -> Iterator[tuple[str, tuple[int, int, str]]]:
    """Yield kind and value; values of one kind compare as tuples."""
    pattern = r"^(?P<first>\d+)|\.(?P<component>\d+)|_(?P<suffix>[a-z]+)(?P<number>\d*)|"
    pattern += r"~(?P<hash>[0-9a-f]+)|-r(?P<revision>\d+)|(?P<letter>[a-z])(?P<count>\d*)"
    for match in re.finditer(pattern, version):
        kind = "suffix" if match["suffix"] else str(match.lastgroup)
        text = match[kind]
        if kind == "suffix":
            yield text, (0, 0, "")
            if match["number"]:
                yield "number", (0, int(match["number"]), "")
        elif kind == "count":
            yield "letter", (0, 0, match["letter"])
            if text:
                yield "count", (1, int(text), "")
        elif kind == "component" and text.startswith("0"):
            yield kind, (0, 0, text)
        elif text.isdigit() and kind != "hash":
            yield kind, (1, int(text), "")
        else:
            yield kind, (0, 0, text)
    yield "end", (0, 0, "")
