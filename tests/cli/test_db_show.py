"""`patchgate db show`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.advisories.zips import record, write_zip
from tests.cli.bad_inputs import run

V3 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"


@pytest.fixture
def store(tmp_path: Path) -> str:
    write_zip(
        tmp_path / "z" / "Debian" / "all.zip",
        record("DSA-1", upstream=["CVE-2026-1"], summary="openssl\x1b[31m update"),
        record("OLD-1", withdrawn="2026-01-01T00:00:00Z"),
    )
    write_zip(
        tmp_path / "z" / "PyPI" / "all.zip",
        record(
            "GHSA-a", "PyPI", "x", aliases=["CVE-2026-1"],
            severity=[{"type": "CVSS_V3", "score": V3}],
            database_specific={"severity": "LOW"},
        ),
    )  # fmt: skip
    run(["db", "import", "--db", str(tmp_path / "db"), str(tmp_path / "z")])
    return str(tmp_path / "db")


def show(store: str, identifier: str) -> tuple[int, list[str], str]:
    code, out, err = run(["db", "show", "--db", store, identifier])
    return code, out.splitlines(), err


def test_an_advisory_borrows_the_severity_of_its_flaw(store: str) -> None:
    code, lines, err = show(store, "DSA-1")
    assert (code, err) == (0, "")
    assert lines[0] == "DSA-1 (Debian): modified 2026-11-01"
    assert "\x1b" not in "".join(lines)
    assert "  upstream: CVE-2026-1" in lines
    assert "  affects Debian:12 openssl" in lines
    assert lines[-3:] == [
        "severity: high",
        f"  taken      high 7.5 by GHSA-a, CVSS_V3 (record): {V3}",
        "  not taken  low by GHSA-a, vendor (vendor): LOW",
    ]


def test_an_alias_finds_its_records(store: str) -> None:
    code, lines, _ = show(store, "CVE-2026-1")
    assert code == 0
    assert lines[0].startswith("GHSA-a (PyPI)")
    assert not any(line.startswith("DSA-1") for line in lines)


def test_a_withdrawn_record_is_shown_as_such(store: str) -> None:
    code, lines, _ = show(store, "OLD-1")
    assert code == 0
    assert "withdrawn 2026-01-01" in lines[0]
    assert "no record says anything of it" in lines[-1]


def test_what_nobody_knows(store: str) -> None:
    code, lines, err = show(store, "CVE-1")
    assert (code, lines) == (4, [])
    assert "no record goes by 'CVE-1'" in err
