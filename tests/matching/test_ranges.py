"""Ranges: the normative algorithm of the OSV schema, case by case and against brute force."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.advisories.osv import Affected, Event, Package, Range
from gate.matching.ranges import judge


def entry(
    *events: Event,
    versions: tuple[str, ...] = (),
    type: str = "ECOSYSTEM",  # noqa: A002
    specific: bytes = b"",
) -> Affected:
    return Affected(
        package=Package("Test", "x"),
        ranges=(Range(type, events),) if events else (),
        versions=versions,
        ecosystem_specific=msgspec.Raw(specific),
    )


def introduced(version: str) -> Event:
    return Event(introduced=version)


def fixed(version: str) -> Event:
    return Event(fixed=version)


def last(version: str) -> Event:
    return Event(last_affected=version)


def limit(version: str) -> Event:
    return Event(limit=version)


def affected(described: Affected, version: str, scheme: str = "semver") -> bool | None:
    return judge(described, scheme, version).affected


@pytest.mark.parametrize(
    ("events", "inside", "outside"),
    [
        ([introduced("0"), fixed("1.2.0")], ["0.0.1", "1.1.9", "1.2.0-rc1"], ["1.2.0", "2.0.0"]),
        ([introduced("1.0.0"), fixed("1.2.0")], ["1.0.0"], ["0.9.9", "1.2.0", "1.0.0-rc1"]),
        ([introduced("1.0.0"), last("1.2.0")], ["1.0.0", "1.2.0"], ["0.9.9", "1.2.1"]),
        ([introduced("0")], ["0.0.0", "99.0.0"], []),
        (
            [introduced("1.0.0"), fixed("1.2.0"), introduced("2.0.0"), fixed("2.3.0")],
            ["1.1.0", "2.0.0", "2.2.9"],
            ["0.9.0", "1.2.0", "1.9.9", "2.3.0", "3.0.0"],
        ),
        ([fixed("1.2.0"), introduced("0")], ["1.0.0"], ["1.2.0"]),
        (
            [fixed("2.3.0"), introduced("2.0.0"), introduced("0"), fixed("1.2.0")],
            ["1.1.0", "2.1.0"],
            ["1.5.0", "2.3.0"],
        ),
        (
            [introduced("1.0.0"), last("1.5.0"), introduced("2.0.0")],
            ["1.5.0", "2.0.0", "9.0.0"],
            ["1.5.1"],
        ),
        ([introduced("0"), limit("2.0.0")], ["1.9.9"], ["2.0.0"]),
        ([introduced("0"), limit("*")], ["99.0.0"], []),
        ([introduced("1.0.0"), limit("1.5.0"), limit("2.0.0")], ["1.7.0"], ["2.0.0", "0.5.0"]),
        ([introduced("1.0.0"), fixed("1.0.0")], [], ["0.9.0", "1.0.0", "1.0.1"]),
        ([introduced("0"), fixed("0")], [], ["0.0.0", "1.0.0"]),
    ],
)
def test_events(events: list[Event], inside: list[str], outside: list[str]) -> None:
    for order in (events, events[::-1]):
        described = entry(*order)
        assert [affected(described, version) for version in inside] == [True] * len(inside)
        assert [affected(described, version) for version in outside] == [False] * len(outside)


def test_zero_is_special_only_for_introduced() -> None:
    described = entry(introduced("0"), last("0"))
    assert affected(described, "0.0.0") is True
    assert affected(described, "0.0.1") is False


def test_versions_or_ranges() -> None:
    described = entry(introduced("2.0.0"), fixed("3.0.0"), versions=("1.0.0",))
    assert affected(described, "1.0.0") is True
    assert affected(described, "2.5.0") is True
    assert affected(described, "1.0.1") is False
    assert "is listed" in judge(described, "semver", "1.0.0").why


def test_equal_versions_are_listed_however_they_are_written() -> None:
    assert affected(entry(versions=("1.0",)), "1.0.0", "pep440") is True
    assert affected(entry(versions=("1.0",)), "1.0.0", "") is False


def test_git_ranges_say_nothing_of_packages() -> None:
    git = Range("GIT", (introduced("0"),))
    both = Affected(package=Package("Test", "x"), ranges=(git,), versions=("1.0.0",))
    assert affected(both, "1.0.0") is True
    assert affected(both, "2.0.0") is False


def test_a_git_range_first_does_not_hide_the_others() -> None:
    ranges = (
        Range("GIT", (introduced("0"),)),
        Range("ECOSYSTEM", (introduced("0"), fixed("2.0.0"))),
    )
    assert affected(Affected(package=Package("Test", "x"), ranges=ranges), "1.0.0") is True


@pytest.mark.parametrize(
    ("scheme", "version", "events"),
    [
        ("pep440", "not a version", [introduced("0"), fixed("2.0")]),
        ("pep440", "1.0", [introduced("0"), fixed("not a version")]),
        ("", "1.0", [introduced("0"), fixed("2.0")]),
    ],
)
def test_what_cannot_be_compared_is_unknown(scheme: str, version: str, events: list[Event]) -> None:
    answer = judge(entry(*events), scheme, version)
    assert answer.affected is None
    assert "cannot be compared" in answer.why


def test_a_listed_version_needs_no_order() -> None:
    assert affected(entry(introduced("0"), versions=("weird!",)), "weird!", "pep440") is True


def test_a_semver_range_brings_its_order_with_it() -> None:
    described = entry(introduced("0"), fixed("2.0.0"), type="SEMVER")
    assert affected(described, "1.0.0", "") is True
    assert affected(described, "2.0.0", "") is False


@pytest.mark.parametrize(
    ("version", "fix"), [("0.5.0", "1.2.0"), ("1.3.0", "2.3.0"), ("2.1.0", "2.3.0")]
)
def test_the_next_fix_is_the_one_to_raise_to(version: str, fix: str) -> None:
    described = entry(
        introduced("2.0.0"), fixed("2.3.0"), introduced("0"), fixed("1.2.0"), versions=("1.3.0",)
    )
    assert judge(described, "semver", version).fixed == fix


CUSTOM = (
    b'{"custom_ranges": [{"type": "ECOSYSTEM", "events": '
    b'[{"introduced": "19.3.0"}, {"fixed": "20.0.0"}]}]}'
)


def test_go_custom_ranges_decide_where_the_range_is_bare() -> None:
    bare = entry(introduced("0"), type="SEMVER", specific=CUSTOM)
    assert affected(bare, "18.0.0") is False
    assert affected(bare, "19.5.0") is True
    assert affected(bare, "20.0.0") is False
    whole = entry(introduced("0"), fixed("29.0.0"), type="SEMVER", specific=CUSTOM)
    assert affected(whole, "18.0.0") is True


def test_a_pseudo_version_without_a_base_compares_with_nothing() -> None:
    bare = entry(introduced("0"), type="SEMVER", specific=CUSTOM)
    assert affected(bare, "v0.0.0-20230101000000-abcdefabcdef") is True


steps = st.lists(
    st.tuples(
        st.sampled_from(["introduced", "fixed", "last_affected", "limit"]), st.integers(0, 9)
    ),
    min_size=1,
    max_size=6,
)


def brute_force(plan: list[tuple[str, int]], version: int) -> bool:
    """Evaluate as the schema's pseudo-code does, over whole numbers."""
    limits = [value for kind, value in plan if kind == "limit"]
    if limits and not any(version < value for value in limits):
        return False
    order = {"introduced": 0, "last_affected": 1, "fixed": 2}
    vulnerable = False
    for value, _, kind in sorted((v, order[k], k) for k, v in plan if k != "limit"):
        if kind == "introduced" and version >= value:
            vulnerable = True
        elif kind != "introduced" and version >= value + (kind == "last_affected"):
            vulnerable = False
    return vulnerable


@given(steps, st.integers(0, 10), st.randoms())
def test_any_events_in_any_order(plan: list[tuple[str, int]], version: int, random: object) -> None:
    shuffled = list(plan)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    events = [Event(**{kind: f"{value}.0.0"}) for kind, value in shuffled]
    assert affected(entry(*events), f"{version}.0.0") is brute_force(plan, version)


@given(steps, st.integers(0, 9))
def test_at_the_fix_not_affected_just_before_affected(
    plan: list[tuple[str, int]], fix: int
) -> None:
    described = entry(introduced("0"), fixed(f"{fix}.5.0"))
    assert affected(described, f"{fix}.5.0") is False
    assert affected(described, f"{fix}.4.99") is True
