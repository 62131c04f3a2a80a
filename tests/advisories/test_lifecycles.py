"""The life cycle data that patchgate comes with."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import gate.advisories.lifecycles as module
from gate.advisories.lifecycles import Lifecycles, Release, built_in


def test_the_data_names_its_day_source_and_digest() -> None:
    data = built_in()
    content = (Path(module.__file__).parent / "lifecycles.json").read_bytes()
    assert data.as_of is not None
    assert data.as_of >= date(2026, 8, 22)
    assert data.source.startswith("endoflife.date of 2026-08-22; distro-info-data ")
    assert data.digest == f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_known_dates() -> None:
    bookworm = built_in().release("debian", "12.4")
    assert bookworm is not None
    assert (bookworm.cycle, bookworm.end) == ("12", date(2026, 7, 11))
    assert built_in().release("debian", "") is None
    assert built_in().release("debian", "1") is None
    assert built_in().release("nothing", "1") is None


def test_the_longest_cycle_that_begins_a_version_counts() -> None:
    data = Lifecycles(products={"x": (Release(cycle="3"), Release(cycle="3.1"))})
    found = {version: data.release("x", version) for version in ("3", "3.1", "3.1.4", "3.10")}
    assert [release and release.cycle for release in found.values()] == ["3", "3.1", "3.1", "3"]


def test_evidence_keeps_only_what_was_asked() -> None:
    part = built_in().of(["debian", "nothing", ""])
    assert list(part.products) == ["debian"]
    assert part.digest == built_in().digest
    assert part.of(["debian"]) == part
