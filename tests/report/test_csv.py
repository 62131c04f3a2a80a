"""CSV: rows for lists, and a verdict even where there is nothing to list."""

from __future__ import annotations

import csv
import io

import pytest

from gate.report.findings_csv import render
from gate.run.result import Result
from tests.report.hostile import hostile, hostile_unread
from tests.report.results import FAILED, INDETERMINATE, PASSED


def rows(result: Result) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render(result, 1).decode(), newline=""), strict=True))


def test_findings_are_rows_worst_first() -> None:
    found = [row for row in rows(FAILED) if row["kind"] == "finding"]
    assert [row["id"] for row in found] == ["CVE-2026-1", "CVE-2026-3", "CVE-2026-2", "CVE-2026-4"]
    first = found[0]
    assert first["package"] == "openssl"
    assert first["installed"] == "1.0-1"
    assert first["fixed"] == "2.0-1"
    assert first["due"] == "2026-05-15T12:00:00Z"
    assert (first["days_over"], first["days_left"]) == ("17", "")
    assert first["breaks"] == "patch_sla"
    assert found[3]["fixed"] == ""


def test_the_verdict_is_the_first_row() -> None:
    for result in (PASSED, FAILED, INDETERMINATE, hostile_unread("x.tar")):
        first = rows(result)[0]
        assert (first["kind"], first["id"]) == ("verdict", result.verdict.outcome.value)
    assert len(rows(PASSED)) == 1
    assert rows(INDETERMINATE)[1]["kind"] == "not-judged"


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "'=1", '"=1', "|cmd", "%0A=1"]
)
def test_no_cell_is_a_formula(text: str) -> None:
    (row, *_) = [row for row in rows(hostile(text)) if row["kind"] == "finding"]
    assert row["package"] == f"'{text}/{text}"
    assert row["installed"] == f"'{text}"


def test_ordinary_cells_are_as_they_are() -> None:
    (row, *_) = [row for row in rows(hostile("1:2.0-1+deb12")) if row["kind"] == "finding"]
    assert row["installed"] == "1:2.0-1+deb12"
