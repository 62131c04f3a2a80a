"""`patchgate evidence verify` for programs and auditors: JSON, a page, assets, exceptions."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from gate.evidence.problems import MEANINGS, Code
from gate.policy.exceptions import validity
from tests.cli import test_exceptions as requested
from tests.cli.bad_inputs import Bench, check, run
from tests.cli.test_evidence_folder import bench, evidence  # noqa: F401 - the fixture
from tests.conftest import REPOSITORY

NOW = ("--now", "2026-11-27")
excepted = requested.bench


def document(bench: Bench, *arguments: str) -> tuple[int, dict[str, Any]]:  # noqa: F811
    code, out, _ = evidence(bench, "verify", str(bench.evidence), "--json", *NOW, *arguments)
    found: dict[str, Any] = json.loads(out)
    schema = json.loads(run(["schema", "verification"])[1])
    jsonschema.validate(found, schema, cls=jsonschema.Draft202012Validator)
    return code, found


def test_json(bench: Bench) -> None:  # noqa: F811
    code, found = document(bench)
    assert (code, found["verified"]) == (0, True)
    assert found["verified_at"] == "2026-11-27T00:00:00Z"
    (place,) = found["places"]
    assert place["ledger"]["size"] == 2
    assert place["verdicts"] == {"FAIL": 1, "PASS": 1}
    assert [one["roles"] for one in found["trusted"]] == [["recorder"]]


def test_json_lists_every_problem(bench: Bench) -> None:  # noqa: F811
    first, second = sorted(bench.evidence.glob("*.jsonl"))
    second.write_bytes(first.read_bytes())
    for blob in (bench.evidence / "blobs").rglob("?" * 64):
        blob.unlink()
    code, found = document(bench)
    assert code == 6
    codes = {one["code"] for record in found["places"][0]["records"] for one in record["problems"]}
    assert {"V01", "V02", "V18", "V23"} <= codes
    problem = found["places"][0]["records"][0]["problems"][0]
    assert problem["meaning"] == MEANINGS[Code(problem["code"])]


def test_one_record(bench: Bench) -> None:  # noqa: F811
    path = min(bench.evidence.glob("*.jsonl"))
    trust = ["--trust", str(bench.key.with_suffix(".pub.pem"))]
    code, out, _ = run(["evidence", "verify", str(path), "--json", *NOW, *trust])
    (place,) = json.loads(out)["places"]
    assert code == 0
    assert place["records"][0]["entry"] == 0
    assert place["records"][0]["verdict"] == "PASS"


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("sound", [True, False])
def test_the_page(bench: Bench, tmp_path: Path, sound: bool) -> None:  # noqa: F811
    if not sound:
        min(bench.evidence.glob("*.jsonl")).unlink()
    html = tmp_path / "page.html"
    code, out, _ = evidence(bench, "verify", str(bench.evidence), "--html", str(html), *NOW)
    assert code == (0 if sound else 6)
    assert "records verified" in out
    page = _Page()
    page.feed(html.read_text())
    assert "script" not in page.tags
    word = "Verified" if sound else "Not verified"
    assert word in page.text
    assert ("V02" in page.text) is not sound
    assert "does not prove that the signer's clock was right" in page.text


@pytest.mark.parametrize(
    ("period", "gaps"),
    [
        ((), ["asset 'example/gone:1'"]),
        (("--period", "2026-11-01..2026-11-30"), ["asset 'example/gone:1'"]),
        (
            ("--period", "2025-01-01..2025-01-31"),
            ["asset 'example/app:1'", "asset 'example/gone:1'"],
        ),
    ],
)
def test_assets(bench: Bench, tmp_path: Path, period: tuple[str, ...], gaps: list[str]) -> None:  # noqa: F811
    assets = tmp_path / "assets.csv"
    assets.write_text(
        "asset,owner,from,until\nexample/app:1,shop,,\nexample/gone:1,web,,\n"
        "example/later:1,web,2027-01-01,\n"
    )
    code, found = document(bench, "--assets", str(assets), *period)
    (place,) = found["places"]
    assert [one["where"] for one in place.get("gaps", [])] == (gaps if period else [*gaps, later()])
    assert {one["code"] for one in place["gaps"]} == {"V10"}
    assert code == 6
    code, out, _ = evidence(
        bench, "verify", str(bench.evidence), "--assets", str(assets), *period, *NOW
    )
    assert code == 6
    assert "V10 asset 'example/gone:1': has no record" in out
    assert "(owner: web)" in out


def later() -> str:
    """Without a period nothing is out of scope."""
    return "asset 'example/later:1'"


def test_assets_that_were_all_checked(bench: Bench, tmp_path: Path) -> None:  # noqa: F811
    assets = tmp_path / "assets.csv"
    assets.write_text("example/app:1\n")
    code, found = document(bench, "--assets", str(assets))
    assert (code, found["places"][0]["assets"]) == (0, 1)


def test_an_exception_that_counted_and_should_not_have(
    excepted: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a gate would record it whose core was changed to look away."""
    assert requested.request()[0] == 0
    assert requested.approve()[0] == 0
    assert check(excepted)[0] == 0
    code, found = document(excepted)
    assert code == 0, found
    real = validity.standing
    early = datetime(2026, 11, 16, tzinfo=UTC)
    monkeypatch.setattr(validity, "standing", lambda one, rules, now: real(one, rules, early))
    excepted.arguments += ["--now", "2027-01-10"]
    check(excepted)
    monkeypatch.undo()
    code, found = document(excepted)
    assert code == 6
    (record,) = found["places"][0]["records"]
    (problem,) = record["problems"]
    assert (problem["code"], problem["where"]) == ("V12", "exception 'EX-1'")
    assert problem["message"] == "it expired on 2026-12-20"


def test_every_code_has_a_meaning_and_stands_in_the_format() -> None:
    format_ = (REPOSITORY / "docs" / "evidence-format.md").read_text()
    for code in Code:
        assert MEANINGS[code]
        assert f"| {code.value} |" in format_
    assert "Reserved" not in format_
