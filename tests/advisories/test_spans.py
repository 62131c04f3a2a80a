"""Spans find every candidate: whatever the matcher calls affected or unknown lies in one."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.advisories import osv
from gate.advisories.ecosystems import scheme_of
from gate.advisories.osv import Affected
from gate.advisories.shard import keys_of
from gate.advisories.spans import EVERYTHING, merged, spans
from gate.matching.ranges import judge
from gate.versions import is_legacy, just_after, key_function

VERSIONS = ["0", "1", "2", "3", "4", "5", "1.1", "2~rc1", "no version!"]
key = key_function("dpkg")


def entry(*ranges: list[dict[str, str]], **fields: Any) -> Affected:
    described = [{"type": "ECOSYSTEM", "events": events} for events in ranges]
    return msgspec.json.decode(msgspec.json.encode({"ranges": described, **fields}), type=Affected)


EVENTS = st.lists(
    st.builds(
        lambda kind, version: {kind: version},
        st.sampled_from(["introduced", "fixed", "last_affected", "limit"]),
        st.sampled_from([*VERSIONS, "*"]),
    ),
    max_size=5,
)


@given(st.lists(EVENTS, max_size=3), st.lists(st.sampled_from(VERSIONS), max_size=3))
def test_what_is_affected_lies_in_a_span(
    ranges: list[list[dict[str, str]]], versions: list[str]
) -> None:
    described = entry(*ranges, versions=versions)
    found = spans(described, key)
    assert found == merged(found)
    for version in VERSIONS:
        at = key(version)
        if at is None:
            continue  # such a question is answered with every entry
        if judge(described, "dpkg", version).affected is not False:
            assert any(lo <= at < hi for lo, hi in found), version


@given(st.lists(EVENTS, min_size=1, max_size=3))
def test_nothing_more_than_needed(ranges: list[list[dict[str, str]]]) -> None:
    described = entry(*ranges)
    found = spans(described, key)
    if found == [EVERYTHING]:
        return
    for version in VERSIONS:
        at = key(version)
        if at is not None and judge(described, "dpkg", version).affected is False:
            assert not any(lo <= at < hi for lo, hi in found)


def test_without_an_order_everything_is_a_candidate() -> None:
    assert spans(entry([{"introduced": "0"}, {"fixed": "1"}]), None) == [EVERYTHING]


def test_an_entry_of_commits_alone_cannot_be_left_out() -> None:
    ranges = [{"type": "GIT", "events": [{"introduced": "0"}]}]
    alone = msgspec.convert({"ranges": ranges}, Affected)
    assert spans(alone, key) == [EVERYTHING]
    assert spans(alone, None) == [EVERYTHING]
    listed = msgspec.convert({"ranges": ranges, "versions": ["1"]}, Affected)
    assert spans(listed, key) == [(key("1"), just_after(key("1") or ""))]


def test_several_fixes_and_an_inclusive_end() -> None:
    described = entry(
        [{"fixed": "2"}, {"introduced": "1"}, {"last_affected": "4"}, {"introduced": "3"}]
    )
    k = {version: key(version) or "" for version in "1234"}
    assert spans(described, key) == [(k["1"], k["2"]), (k["3"], just_after(k["4"]))]


def test_go_custom_ranges_widen_a_bare_range() -> None:
    described = entry(
        [{"introduced": "0"}],
        ecosystem_specific={
            "custom_ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "1.0.0"}]}]
        },
    )
    assert spans(described, key_function("golang")) == [EVERYTHING]


@pytest.mark.parametrize(
    "ecosystem", ["AlmaLinux", "Alpine", "Bitnami", "Debian", "Go", "PyPI", "crates.io"]
)
def test_real_records(data: Path, ecosystem: str) -> None:
    """Ask for every version that real records name, and its neighbours."""
    asked = 0
    with zipfile.ZipFile(data / "osv" / ecosystem / "all.zip") as archive:
        for member in archive.namelist()[::5]:
            for described in osv.decode(archive.read(member)).affected or ():
                if described.package is None:
                    continue
                scheme = scheme_of(described.package.ecosystem)
                found = spans(described, keys_of(scheme))
                for version in sorted(named(described))[:6]:
                    at = key_function(scheme)(version)
                    if at is None or is_legacy(scheme, at):
                        continue  # such a question is answered with every entry
                    asked += 1
                    if judge(described, scheme, version).affected is not False:
                        assert any(lo <= at < hi for lo, hi in found), (member, version)
    assert asked > 10


def named(described: Affected) -> set[str]:
    events = [event for found in described.ranges or () for event in found.events]
    values = [(event.introduced, event.fixed, event.last_affected) for event in events]
    return {value for row in values for value in row if value} | set(described.versions or ())
