"""What must hold for any advisories: order tells nothing, strangers change nothing."""

from __future__ import annotations

import random
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from gate.advisories.lookup import lookup
from gate.advisories.model import StoredRecord
from gate.matching.findings import Findings
from gate.matching.match import match
from tests.matching.boms import DEBIAN12, bom, component
from tests.matching.records import advisory_set, record

PARTS = [
    component("deb", "libssl3", "3.0.9-1", source_name="openssl"),
    component("deb", "bash", "5.2-1"),
    component("pypi", "jinja2", "2.10"),
    component("npm", "left-pad", "1.3.0"),
    component("golang", "m", "v1.4.0", namespace="example.org"),
]
TARGET = bom(*PARTS, distro=DEBIAN12)
PLACES = [
    ("Debian:12", "openssl", ["3.0.8-1", "3.0.9-1", "3.0.10-1", "1:0-1"]),
    ("Debian:12", "bash", ["5.1-1", "5.2-1", "5.2-2"]),
    ("PyPI", "Jinja2", ["2.9", "2.10rc1", "2.10", "2.11", "odd version"]),
    ("npm", "left-pad", ["1.2.0", "1.3.0-rc.1", "1.3.0", "1.4.0"]),
    ("Go", "example.org/m", ["1.3.0", "1.4.0", "1.5.0"]),
]
NAMES = ["CVE-2024-1", "CVE-2024-2", "GHSA-a", "GHSA-b", "PYSEC-1", "DSA-1", "MAL-1", "X-1"]


@st.composite
def entries(draw: st.DrawFn) -> dict[str, Any]:
    ecosystem, name, versions = draw(st.sampled_from(PLACES))
    kinds = st.sampled_from(["introduced", "fixed", "last_affected", "limit"])
    events = draw(
        st.lists(
            st.tuples(kinds, st.sampled_from([*versions, "0"])).map(lambda pair: dict([pair])),
            min_size=1,
            max_size=4,
        )
    )
    entry: dict[str, Any] = {"package": {"ecosystem": ecosystem, "name": name}}
    entry["ranges"] = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, *events]}]
    if draw(st.booleans()):
        entry["versions"] = draw(st.lists(st.sampled_from(versions), max_size=2))
    return entry


@st.composite
def stored(draw: st.DrawFn, names: list[str]) -> list[StoredRecord]:
    """Draw records with distinct ids, which name each other as they like."""
    found = []
    for name in names:
        fields: dict[str, Any] = {"affected": draw(st.lists(entries(), max_size=3))}
        for field in ("aliases", "upstream", "related"):
            if draw(st.booleans()):
                fields[field] = draw(st.lists(st.sampled_from(NAMES), max_size=2))
        if draw(st.integers(0, 4)) == 0:
            fields["withdrawn"] = "2026-01-02T00:00:00Z"
        if draw(st.booleans()):
            fields["database_specific"] = {"severity": draw(st.sampled_from(["LOW", "HIGH"]))}
        found.append(record(name, **fields))
    return found


RECORDS = st.lists(st.sampled_from(NAMES), max_size=5, unique=True).flatmap(stored)


def found_in(records: list[StoredRecord]) -> Findings:
    return match(TARGET, lookup(TARGET), advisory_set(*records))


def shuffled(records: list[StoredRecord], chance: random.Random) -> list[StoredRecord]:
    """Shuffle records, their entries, ranges, events, listed versions and names."""
    result = []
    for one in records:
        raw = msgspec.json.decode(one.raw)
        for field in ("affected", "aliases", "upstream", "related"):
            chance.shuffle(raw.get(field, []))
        for entry in raw["affected"]:
            chance.shuffle(entry.get("versions", []))
            for described in entry["ranges"]:
                chance.shuffle(described["events"])
        result.append(record(raw.pop("id"), **raw))
    chance.shuffle(result)
    return result


def said(findings: Findings) -> list[dict[str, Any]]:
    """Return findings without the words in which a range is told, which follow the record."""
    told = msgspec.to_builtins(findings.findings)
    for finding in told:
        for one in finding["matches"]:
            one.pop("why")
    return told  # type: ignore[no-any-return]


@given(RECORDS, st.randoms(use_true_random=False))
def test_order_of_records_entries_events_and_names_changes_nothing(
    records: list[StoredRecord], chance: random.Random
) -> None:
    assert said(found_in(records)) == said(found_in(shuffled(records, chance)))


@given(RECORDS, st.sampled_from(PLACES))
def test_an_unrelated_advisory_changes_nothing(
    records: list[StoredRecord], place: tuple[str, str, list[str]]
) -> None:
    ecosystem, _, versions = place
    entry = {
        "package": {"ecosystem": ecosystem, "name": "somebody-elses"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": versions[0]}]}],
    }
    stranger = record("ZZZ-1", aliases=["CVE-1999-1"], affected=[entry])
    assert found_in(records).findings == found_in([*records, stranger]).findings


@given(RECORDS)
def test_withdrawn_records_say_nothing(records: list[StoredRecord]) -> None:
    live = [one for one in records if one.record.withdrawn is None]
    assert found_in(records).findings == found_in(live).findings
    assert found_in(withdrawn(records)).findings == ()


def withdrawn(records: list[StoredRecord]) -> list[StoredRecord]:
    found = []
    for one in records:
        raw = msgspec.json.decode(one.raw) | {"withdrawn": "2026-01-03T00:00:00Z"}
        found.append(record(raw.pop("id"), **raw))
    return found


@given(RECORDS)
def test_a_copy_of_a_record_in_another_source_adds_nothing(records: list[StoredRecord]) -> None:
    """One flaw stays one finding, however many sources tell of it."""
    once = found_in(records).findings
    copies = [msgspec.structs.replace(one, source="Other") for one in records for _ in range(2)]
    twice = found_in([*records, *copies]).findings
    assert [(f.ref, f.id, f.identifiers, f.fixed, f.status) for f in once] == [
        (f.ref, f.id, f.identifiers, f.fixed, f.status) for f in twice
    ]


@given(RECORDS)
def test_one_flaw_in_one_component_is_one_finding(records: list[StoredRecord]) -> None:
    findings = found_in(records).findings
    assert len({(finding.ref, finding.id) for finding in findings}) == len(findings)
