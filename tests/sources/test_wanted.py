"""Wishes by path, by folder and by name."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.sources.wanted import NOTHING, Named, Reduction, Wanted

WISH = Wanted(
    paths=frozenset({b"etc/os-release"}),
    folders=frozenset({b"var/lib/dpkg/status.d"}),
    names=frozenset(
        {
            Named(b"METADATA", rb"\.dist-info\Z"),
            Named(b"METADATA", rb"\Aexact\Z"),
            Named(b".jar"),
            Named(b".json", rb"(?:\A|/)conda-meta\Z"),
        }
    ),
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (b"etc/os-release", True),
        (b"usr/etc/os-release", False),
        (b"var/lib/dpkg/status.d/a", True),
        (b"var/lib/dpkg/status.d/a/b", False),
        (b"a/b-1.dist-info/METADATA", True),
        (b"b-1.dist-info/METADATA", True),
        (b"b-1.dist-info/x/METADATA", False),
        (b"exact/METADATA", True),
        (b"METADATA", False),
        (b"a/METADATA.jar", True),
        (b"a.jar", True),
        (b"a.jar/b", False),
        (b"jar", False),
        (b"opt/conda/conda-meta/x-1.json", True),
        (b"conda-meta/x.json", True),
        (b"xconda-meta/x.json", False),
        (b"", False),
    ],
)
def test_what_matches(path: bytes, expected: bool) -> None:
    assert WISH.matcher()(path) is expected


@given(st.lists(st.sampled_from([b"a", b"b.c", b".c", b"c"]), min_size=1, max_size=4))
def test_names_match_as_the_plain_rule_says(parts: list[bytes]) -> None:
    path = b"/".join(parts)
    folder, _, name = path.rpartition(b"/")
    wish = Wanted(names=frozenset({Named(b".c", b"a"), Named(b"c", rb"\Z")}))
    expected = (name.endswith(b".c") and re.search(b"a", folder) is not None) or name == b"c"
    assert wish.matcher()(path) is expected


def test_what_is_enough_to_know() -> None:
    wish = Wanted(names=frozenset({Named(b".jar", is_read=False), Named(b".war")}))
    assert wish.matcher()(b"a.jar")
    assert not wish.matcher(to_read=True)(b"a.jar")
    assert wish.matcher(to_read=True)(b"a.war")


def keep(path: bytes, content: memoryview, gone: bool) -> bytes:
    del path, gone
    return bytes(content[:1])


PROGRAMS = Wanted(reductions=frozenset({Reduction(keep, magic=b"x")}))
ARCHIVES = Wanted(reductions=frozenset({Reduction(keep, endings=(b".jar", b".war"))}))


def test_union() -> None:
    both = WISH | PROGRAMS
    assert both.covers(WISH)
    assert both.covers(PROGRAMS)
    assert both.covers(NOTHING)
    assert not WISH.covers(both)
    assert not both.covers(ARCHIVES)
    assert not both.covers(Wanted(paths=frozenset({b"x"})))
    assert (both | PROGRAMS) == both
    assert (both | ARCHIVES).covers(ARCHIVES)


def test_what_a_reduction_takes() -> None:
    (programs,), (archives,) = PROGRAMS.reductions, ARCHIVES.reductions
    assert programs.takes(b"a", 0o610)
    assert not programs.takes(b"a", 0o644)
    assert archives.takes(b"lib/A.JAR", 0o644)
    assert not archives.takes(b"lib/a.jar.txt", 0o755)
