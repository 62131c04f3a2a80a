"""Severity as records state it: CVSS by its own version's scale, and vendors' words."""

from __future__ import annotations

import zipfile
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from gate.advisories import osv
from gate.advisories.severity import Basis, Severity, score, statements

V31 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"


def record(**fields: object) -> osv.Record:
    return osv.decode(
        msgspec.json.encode({"id": "X-1", "modified": "2026-01-01T00:00:00Z", **fields})
    )


@pytest.mark.parametrize(
    ("method", "vector", "expected"),
    [
        ("CVSS_V3", V31, (9.8, Severity.CRITICAL)),
        ("CVSS_V3", "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", (7.5, Severity.HIGH)),
        ("CVSS_V3", "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N", (0.0, Severity.NONE)),
        ("CVSS_V2", "AV:N/AC:L/Au:N/C:C/I:C/A:C", (10.0, Severity.HIGH)),
        (
            "CVSS_V4",
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
            (9.3, Severity.CRITICAL),
        ),
        ("CVSS_V3", "", None),
        ("CVSS_V3", "CVSS:3.1/AV:N", None),
        ("CVSS_V3", "9.8", None),
        ("CVSS_V4", V31, None),
        ("CVSS_V9", V31, None),
    ],
)
def test_score(method: str, vector: str, expected: object) -> None:
    assert score(method, vector) == expected


def stated(found: osv.Record) -> list[tuple[Basis, Severity]]:
    return [(said.basis, said.severity) for said in statements(found, found.affected or ())]


def package(ecosystem: str, **fields: object) -> dict[str, object]:
    return {"package": {"ecosystem": ecosystem, "name": "x"}, **fields}


def test_every_place_of_a_statement() -> None:
    assert stated(
        record(
            severity=[{"type": "CVSS_V3", "score": V31}],
            affected=[
                package(
                    "Ubuntu:22.04:LTS",
                    severity=[{"type": "CVSS_V2", "score": "AV:N/AC:L/Au:N/C:P/I:P/A:P"}],
                    ecosystem_specific={"ubuntu_priority": "low"},
                )
            ],
            database_specific={"severity": "MODERATE"},
        )
    ) == [
        (Basis.PACKAGE, Severity.HIGH),
        (Basis.RECORD, Severity.CRITICAL),
        (Basis.VENDOR, Severity.MEDIUM),
        (Basis.VENDOR, Severity.LOW),
    ]


@pytest.mark.parametrize(
    ("fields", "severity"),
    [
        ({"affected": [package("Debian:12", ecosystem_specific={"urgency": "unimportant"})]},
         Severity.NONE),
        ({"affected": [package("Debian:12", ecosystem_specific={"urgency": "not yet assigned"})]},
         None),
        ({"summary": "Important: kernel security update", "affected": [package("AlmaLinux:9")]},
         Severity.HIGH),
        ({"summary": "Important: not an erratum", "affected": [package("PyPI")]}, None),
        ({"summary": "kernel: a flaw", "affected": [package("AlmaLinux:9")]}, None),
        ({"severity": [{"type": "Ubuntu", "score": "negligible"}]}, Severity.LOW),
        ({"severity": [{"type": "Ubuntu", "score": "?"}]}, None),
        ({"database_specific": {"severity": "CRITICAL"}}, Severity.CRITICAL),
        ({"database_specific": {"severity": 9}}, None),
        ({"database_specific": []}, None),
        ({"database_specific": None}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_vendor_words(fields: dict[str, object], severity: Severity | None) -> None:
    found = stated(record(**fields))
    assert found == ([(Basis.VENDOR, severity)] if severity else [])


def test_malware_waits_for_nothing() -> None:
    assert stated(record(id="MAL-2026-1")) == [(Basis.VENDOR, Severity.CRITICAL)]


@pytest.mark.parametrize(("ecosystem", "unrated"), [("AlmaLinux", 0.0), ("Bitnami", 0.1)])
def test_real_records_are_rated(data: Path, ecosystem: str, unrated: float) -> None:
    """Nearly all records of these publishers say how severe they are."""
    counts: Counter[bool] = Counter()
    with zipfile.ZipFile(data / "osv" / ecosystem / "all.zip") as archive:
        for name in archive.namelist():
            counts[bool(stated(osv.decode(archive.read(name))))] += 1
    assert counts[False] <= unrated * counts.total()
