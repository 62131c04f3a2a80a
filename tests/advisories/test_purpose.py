"""What an advisory is for."""

from __future__ import annotations

import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gate.advisories import osv
from gate.advisories.purpose import Purpose, purpose_of


def purpose(id: str, *informational: Any, **fields: Any) -> Purpose:  # noqa: A002
    raw = {
        "id": id,
        "modified": "2026-01-01T00:00:00Z",
        "affected": [{"database_specific": {"informational": word}} for word in informational],
        **fields,
    }
    record = osv.decode(msgspec.json.encode(raw))
    return purpose_of(record, record.affected or ())


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("ALSA-2026:1", Purpose.SECURITY),
        ("ALBA-2026:1", Purpose.BUGFIX),
        ("ALEA-2026:1", Purpose.BUGFIX),
        ("RHBA-2026:1", Purpose.BUGFIX),
        ("SUSE-RU-2026:1-1", Purpose.BUGFIX),
        ("SUSE-SU-2026:1-1", Purpose.SECURITY),
        ("MAL-2026-1", Purpose.MALWARE),
        ("CVE-2026-1", Purpose.SECURITY),
    ],
)
def test_by_id(record: str, expected: Purpose) -> None:
    assert purpose(record) is expected


@pytest.mark.parametrize("field", ["related", "aliases", "upstream"])
def test_a_bug_fix_that_names_a_cve_is_about_security(field: str) -> None:
    assert purpose("ALBA-2026:1", **{field: ["CVE-2026-1"]}) is Purpose.SECURITY
    assert purpose("ALBA-2026:1", **{field: ["ALBA-2026:2"]}) is Purpose.BUGFIX


def test_informational_only_if_every_entry_is() -> None:
    assert purpose("RUSTSEC-1", "unmaintained") is Purpose.INFORMATIONAL
    assert purpose("RUSTSEC-1", "unmaintained", None) is Purpose.SECURITY
    assert purpose("RUSTSEC-1", None) is Purpose.SECURITY
    assert purpose("RUSTSEC-1", 7) is Purpose.SECURITY


def test_real_rust_advisories(data: Path) -> None:
    counts: Counter[Purpose] = Counter()
    with zipfile.ZipFile(data / "osv" / "crates.io" / "all.zip") as archive:
        for name in archive.namelist():
            record = osv.decode(archive.read(name))
            counts[purpose_of(record, record.affected or ())] += 1
    assert counts[Purpose.INFORMATIONAL] > 300
    assert counts[Purpose.SECURITY] > 50
