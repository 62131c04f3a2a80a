"""A record that its store does not take: the verdict is shown, exit 5, and nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.bad_inputs import Bench, check, run, sound


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("PATCHGATE_SPOOL", str(tmp_path / "spool"))
    bench = sound(tmp_path)
    bench.evidence.write_bytes(b"")
    return bench


def test_the_record_waits_in_the_spool(bench: Bench) -> None:
    code, _, _ = check(bench)
    assert code == 5
    spool = bench.root / "spool"
    result = json.loads((bench.root / "result.json").read_bytes())
    evidence = result["evidence"]
    assert (evidence["recorded"], evidence["spool"]) == (False, str(spool))
    assert f"patchgate evidence push {spool} {bench.evidence}" in evidence["why_not"]
    assert result["verdict"] == "INDETERMINATE"
    trust = ["--trust", str(bench.key.with_suffix(".pub.pem"))]
    assert (spool / evidence["file"]).is_file()
    assert run(["evidence", "verify", str(spool), *trust])[0] == 0
    bench.evidence.unlink()
    key = ["--key", str(bench.key)]
    code, out, _ = run(["evidence", "push", str(spool), str(bench.evidence), *trust, *key])
    assert code == 0
    assert out.startswith("1 records pushed to")
    assert run(["evidence", "verify", str(bench.evidence), *trust])[0] == 0
    code, out, _ = run(["evidence", "push", str(spool), str(bench.evidence), *trust, *key])
    assert (code, out.split()[0]) == (0, "0")


def test_the_schema_names_the_role() -> None:
    code, out, _ = run(["evidence", "schema", "--role", "ci"])
    assert code == 0
    assert 'GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA patchgate TO "ci"' in out
    assert "UPDATE" not in out.replace("BEFORE UPDATE OR DELETE OR TRUNCATE", "")


def test_a_spool_that_fails_too_is_said(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHGATE_SPOOL", str(bench.evidence / "spool"))
    assert check(bench)[0] == 5
    result = json.loads((bench.root / "result.json").read_bytes())
    assert "nor could it be kept for later" in result["evidence"]["why_not"]
    assert "spool" not in result["evidence"]


@pytest.mark.parametrize("url", ["ftp://host/x", "S4://bucket"])
def test_a_store_of_no_known_kind(bench: Bench, url: str) -> None:
    bench.arguments += ["--evidence", url]
    code, _, err = check(bench)
    assert code == 2
    assert "is not a kind of evidence store" in err
