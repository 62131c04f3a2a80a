"""One package against one advisory: a table a person can read, and real records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gate.advisories import osv
from gate.matching.conformance import Answer, Package, answer


def ask(ecosystem: str, version: str, entry: dict[str, Any], **fields: Any) -> Answer:
    named = {"package": {"ecosystem": ecosystem, "name": "x"}, **entry}
    raw = {"id": "X-1", "modified": "2026-01-01T00:00:00Z", "affected": [named], **fields}
    record = osv.decode(msgspec.json.encode(raw))
    return answer(Package(ecosystem=ecosystem, name="x", version=version), record)


def events(*pairs: str, kind: str = "ECOSYSTEM") -> dict[str, Any]:
    split = [pair.split("=", 1) for pair in pairs]
    return {"ranges": [{"type": kind, "events": [{name: value} for name, value in split]}]}


FIXED = events("introduced=0", "fixed=2.0")
CASES: list[tuple[str, str, dict[str, Any], bool | None]] = [
    # fixed is exclusive, introduced inclusive, last_affected inclusive
    ("PyPI", "1.9", FIXED, True),
    ("PyPI", "2.0", FIXED, False),
    ("PyPI", "2.0rc1", FIXED, True),
    ("PyPI", "2.0.post1", FIXED, False),
    ("PyPI", "1.0", events("introduced=1.0"), True),
    ("PyPI", "0.9", events("introduced=1.0"), False),
    ("PyPI", "2.0", events("introduced=0", "last_affected=2.0"), True),
    ("PyPI", "2.0.1", events("introduced=0", "last_affected=2.0"), False),
    # several pairs, in any order
    ("PyPI", "3.5", events("fixed=4", "introduced=3", "fixed=2", "introduced=1"), True),
    ("PyPI", "2.5", events("fixed=4", "introduced=3", "fixed=2", "introduced=1"), False),
    # limit, and "0" that is special for introduced only
    ("PyPI", "1.5", events("introduced=0", "limit=1.0"), False),
    ("PyPI", "0.5", events("introduced=0", "limit=1.0"), True),
    ("PyPI", "9", events("introduced=0", "limit=*"), True),
    ("PyPI", "0.1", events("introduced=0", "fixed=0"), False),
    # listed versions, by text and by order
    ("PyPI", "1.0", {"versions": ["1.0"]}, True),
    ("PyPI", "1.0.0", {"versions": ["1.0"]}, True),
    ("PyPI", "1.1", {"versions": ["1.0"]}, False),
    ("PyPI", "odd version", {"versions": ["odd version"]}, True),
    ("PyPI", "odd version", {"versions": ["1.0"]}, False),
    ("PyPI", "3.0", {**FIXED, "versions": ["3.0"]}, True),
    # what cannot be decided
    ("PyPI", "odd version", FIXED, None),
    ("PyPI", "odd-version", FIXED, True),
    ("PyPI", "odd-version", events("introduced=1.0", "fixed=2.0"), None),
    ("PyPI", "0.2-n653", events("introduced=0", "fixed=0.2-n653"), False),
    ("PyPI", "0.2-n652", events("introduced=0", "fixed=0.2-n653"), True),
    ("PyPI", "", FIXED, None),
    ("PyPI", "", {"versions": ["1.0"]}, None),
    ("Nowhere", "1.0", FIXED, None),
    ("Nowhere", "1.0", {"versions": ["1.0"]}, True),
    ("Nowhere", "1.0", events("introduced=0", "fixed=2.0.0", kind="SEMVER"), True),
    # what holds every version needs neither a version nor an order
    ("PyPI", "", events("introduced=0"), True),
    ("PyPI", "odd version", events("introduced=0", "limit=*"), True),
    ("Nowhere", "1.0", events("introduced=0"), True),
    # ranges of commits leave open which versions they mean, unless some are listed
    ("PyPI", "1.0", events("introduced=0", kind="GIT"), None),
    ("PyPI", "1.0", {**events("introduced=0", kind="GIT"), "versions": ["0.9"]}, False),
    ("PyPI", "0.9", {**events("introduced=0", kind="GIT"), "versions": ["0.9"]}, True),
    ("PyPI", "1.0", events("introduced=0", "fixed=2.0", kind="CALVER"), None),
    ("PyPI", "1.0", {}, False),
    # orders of the ecosystems
    ("Debian:12", "1:0.9-1", FIXED, False),
    ("Debian:12", "2.0~rc1-1", FIXED, True),
    ("AlmaLinux:9", "1:1.0-1.el9", events("introduced=0", "fixed=0:2.0-1.el9"), False),
    ("AlmaLinux:9", "2.0~rc1-1.el9", events("introduced=0", "fixed=2.0-1.el9"), True),
    ("Alpine:v3.18", "2.0_rc1-r0", events("introduced=0", "fixed=2.0-r0"), True),
    ("Alpine:v3.18", "2.0-r0", events("introduced=0", "fixed=0"), False),
    ("npm", "2.0.0-rc.1", events("introduced=0", "fixed=2.0.0", kind="SEMVER"), True),
    ("npm", "v1.0.0", events("introduced=0", "fixed=2.0.0", kind="SEMVER"), True),
    ("Go", "v1.2.3+incompatible", events("introduced=0", "fixed=1.2.3", kind="SEMVER"), False),
    ("Go", "1.20rc1", events("introduced=0", "fixed=1.20.0", kind="SEMVER"), True),
    ("Maven", "2.0-SNAPSHOT", FIXED, True),
    ("RubyGems", "2.0.rc1", FIXED, True),
    ("NuGet", "2.0.0-beta", events("introduced=0", "fixed=2.0.0"), True),
    ("Packagist", "v1.9.9", events("introduced=0", "fixed=2.0.0"), True),
    ("Packagist", "dev-main", events("introduced=0", "fixed=2.0.0"), None),
    ("Bitnami", "1.9.0-4", events("introduced=0", "fixed=2.0.0", kind="SEMVER"), True),
]


@pytest.mark.parametrize(("ecosystem", "version", "entry", "expected"), CASES)
def test_case(ecosystem: str, version: str, entry: dict[str, Any], expected: bool | None) -> None:
    found = ask(ecosystem, version, entry)
    assert found.affected is expected, found.why
    assert found.why


def test_withdrawn() -> None:
    assert ask("PyPI", "1.0", FIXED, withdrawn="2026-01-02T00:00:00Z").affected is False


@pytest.mark.parametrize(
    ("row", "asked", "expected"),
    [
        ("Debian:12", "Debian:12", True),
        ("Debian:12", "Debian", True),
        ("Debian:12", "Debian:11", False),
        ("Debian", "Debian:12", True),
        ("Maven", "Maven:https://example.org/m2", False),
        ("Ubuntu:22.04:LTS", "Ubuntu:22.04", True),
        ("Ubuntu:Pro:22.04:LTS", "Ubuntu:22.04", True),
        ("Ubuntu:Pro:22.04:LTS", "Ubuntu:22.04:LTS", False),
        ("Ubuntu:22.04:LTS", "Ubuntu:24.04:LTS", False),
    ],
)
def test_ecosystems(row: str, asked: str, expected: bool) -> None:
    entry = {"package": {"ecosystem": row, "name": "x"}, **FIXED}
    raw = {"id": "X-1", "modified": "2026-01-01T00:00:00Z", "affected": [entry]}
    record = osv.decode(msgspec.json.encode(raw))
    assert answer(Package(ecosystem=asked, name="x", version="1.0"), record).affected is expected


@pytest.mark.parametrize(
    ("ecosystem", "row", "asked"),
    [("PyPI", "foo-bar", "Foo_.Bar"), ("NuGet", "Foo.Bar", "foo.bar"), ("npm", "@a/b", "@a/b")],
)
def test_names_that_are_spelled_otherwise(ecosystem: str, row: str, asked: str) -> None:
    entry = {"package": {"ecosystem": ecosystem, "name": row}, **events("introduced=0")}
    raw = {"id": "X-1", "modified": "2026-01-01T00:00:00Z", "affected": [entry]}
    record = osv.decode(msgspec.json.encode(raw))
    found = answer(Package(ecosystem=ecosystem, name=asked, version="1.0.0"), record)
    assert found.affected is True


def test_real_records_at_their_own_bounds(shared: Path) -> None:
    """At a fixed version the entry's own range has ended; nothing raises."""
    asked = 0
    folders = (shared / "osv-samples", shared / "osv-sparse")
    for path in sorted(path for folder in folders for path in folder.rglob("*.json")):
        try:
            record = osv.decode(path.read_bytes())
        except msgspec.MsgspecError:
            continue
        for entry in record.affected or ():
            if entry.package is None:
                continue
            package = entry.package
            for version in fixes(entry):
                asked += 1
                found = answer(
                    Package(ecosystem=package.ecosystem, name=package.name, version=version),
                    record,
                )
                assert found.affected in {True, False, None}
                json.dumps(msgspec.to_builtins(found))
    assert asked > 100


def fixes(entry: osv.Affected) -> set[str]:
    return {e.fixed for r in entry.ranges or () if r.type != "GIT" for e in r.events if e.fixed}


@pytest.mark.parametrize(
    ("name", "version", "expected"),
    [
        ("openssl-3", "3.1.4-150600.5.7.1", True),
        ("libopenssl3", "3.1.4-150600.5.7.1", True),
        ("libopenssl3", "3.1.4-150600.5.10.1", False),
        ("libopenssl-3-devel", "3.1.4-150600.5.9.1", False),
        ("somebody-elses", "1-1", False),
    ],
)
def test_suse_rows_name_binaries_with_versions_of_their_own(
    name: str, version: str, expected: bool
) -> None:
    ecosystem = "SUSE:Linux Enterprise Module for Basesystem 15 SP6"
    binaries = [{"libopenssl3": "3.1.4-150600.5.10.1", "libopenssl-3-devel": "3.1.4-150600.5.9.1"}]
    entry = {
        "package": {"ecosystem": ecosystem, "name": "openssl-3"},
        "ecosystem_specific": {"binaries": binaries},
        **events("introduced=0", "fixed=3.1.4-150600.5.10.1"),
    }
    raw = {"id": "SUSE-SU-1", "modified": "2026-01-01T00:00:00Z", "affected": [entry]}
    record = osv.decode(msgspec.json.encode(raw))
    found = answer(Package(ecosystem=ecosystem, name=name, version=version), record)
    assert found.affected is expected, found.why
