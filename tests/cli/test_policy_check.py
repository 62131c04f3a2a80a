"""Rules that rest on more than bom and advisories: decided, recorded, decided again."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.advisories.ingest import import_paths
from tests.advisories.test_exploitation import kev
from tests.advisories.zips import record, write_zip
from tests.builders import DEBIAN, STATUS, file
from tests.cli.bad_inputs import Bench, check, run, sound

HEAD = "version: 1\nadvisories: {fail_after: 52w, warn_after: 52w, kev_fail_after: 99w}\n"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A bench whose image has an openssl with CVE-2024-0001."""
    monkeypatch.chdir(tmp_path)
    bench = sound(tmp_path)
    flaw = record("DSA-1", name="openssl") | {"aliases": ["CVE-2024-0001"]}
    write_zip(tmp_path / "osv" / "Debian" / "all.zip", flaw, record("DSA-2", name="nginx"))
    import_paths(bench.store, [tmp_path / "osv"], now=datetime(2026, 11, 1, tzinfo=UTC))
    bench.image(DEBIAN[0], file("var/lib/dpkg/status", STATUS.replace(b"3.0.9-1", b"3.0.7-1")))
    return bench


def codes(bench: Bench) -> list[str]:
    document = json.loads((bench.root / "result.json").read_bytes())
    return [reason["code"] for reason in document["reasons"]]


def replayed(bench: Bench) -> int:
    name = str(max(bench.evidence.glob("*.jsonl")))
    trust = ["--trust", str(bench.key.with_suffix(".pub.pem"))]
    return run(["evidence", "replay", name, "--evidence", str(bench.evidence), *trust])[0]


def test_what_is_exploited_comes_from_the_store_and_stays_in_evidence(bench: Bench) -> None:
    bench.policy(f"{HEAD}rules: {{risk_threshold: {{action: fail}}}}\n")
    assert (check(bench)[0], codes(bench)) == (4, ["no-kev"])
    assert replayed(bench) == 0
    download = bench.root / "kev.json"
    download.write_bytes(kev("CVE-2024-0001", "CVE-2024-7777"))
    code, _, err = run(["db", "import-kev", str(download), "--db", str(bench.store)])
    assert (code, "kev: 2 entries" in err) == (0, True)
    bench.arguments += ["--now", "2026-11-03"]
    assert (check(bench)[0], codes(bench)) == (1, ["risk-threshold"])
    without = str(min(bench.evidence.glob("*.jsonl")))
    trust = ["--trust", str(bench.key.with_suffix(".pub.pem"))]
    code, out, _ = run(
        ["evidence", "replay", without, "--with-advisories", str(bench.store), *trust]
    )
    assert (code, "would have been FAIL, was INDETERMINATE" in out) == (1, True)
    shutil.rmtree(bench.store)
    assert replayed(bench) == 0


def test_a_damaged_catalogue_is_no_pass(bench: Bench) -> None:
    download = bench.root / "kev.json"
    download.write_bytes(kev("CVE-2024-0001"))
    assert run(["db", "import-kev", str(download), "--db", str(bench.store)])[0] == 0
    (kept,) = (bench.store / "exploitation").iterdir()
    kept.write_bytes(b"{}")
    bench.policy(HEAD)
    assert (check(bench)[0], codes(bench)) == (4, ["advisory-data"])
    download.write_bytes(b"<html>")
    assert run(["db", "import-epss", str(download), "--db", str(bench.store)])[0] == 4


def test_what_is_said_of_the_target_counts_and_stays_in_evidence(bench: Bench) -> None:
    bench.policy(
        f"{HEAD}targets:\n- name: prod\n  match: {{environment: [production]}}\n"
        "  rules: {severity_threshold: {action: fail, at_least: high}}\n"
    )
    assert check(bench)[0] == 0
    bench.arguments += ["--target-attr", "environment=production", "--now", "2026-11-03"]
    assert (check(bench)[0], codes(bench)) == (1, ["severity-threshold"])
    assert json.loads((bench.root / "result.json").read_bytes())["policy"]["target"] == "prod"
    assert replayed(bench) == 0


@pytest.mark.parametrize(
    "given", ["environment", "environment=", "colour=red", "internet_facing=maybe"]
)
def test_attributes_that_nobody_knows_are_refused(bench: Bench, given: str) -> None:
    bench.arguments += ["--target-attr", given]
    assert check(bench)[0] == 2
    bench.arguments = ["--target-attr", "environment=a", "--target-attr", "environment=b"]
    assert check(bench)[0] == 2


def test_end_of_life(bench: Bench) -> None:
    bench.policy(f"{HEAD}rules: {{end_of_life: {{action: fail}}}}\n")
    assert (check(bench)[0], codes(bench)) == (1, ["end-of-life"])
    assert replayed(bench) == 0


def test_the_run_before_counts_if_this_key_has_signed_it(bench: Bench) -> None:
    bench.policy(f"{HEAD}rules: {{scan_coverage: {{action: fail, cadence: 1d}}}}\n")
    assert check(bench)[0] == 0
    bench.arguments += ["--now", "2026-11-03T00:00:01Z"]
    assert (check(bench)[0], codes(bench)) == (1, ["scan-coverage"])
    assert replayed(bench) == 0
    bench.arguments += ["--now", "2026-11-04"]
    assert check(bench)[0] == 0
    for path in bench.evidence.glob("*.jsonl"):
        path.write_bytes(path.read_bytes().replace(b"A", b"B", 1))
    bench.arguments += ["--now", "2026-11-09"]
    assert check(bench)[0] == 0
    bench.key.unlink()
    bench.key.with_suffix(".pub.pem").unlink()
    assert run(["evidence", "keygen", "--key", str(bench.key)])[0] == 0
    bench.arguments += ["--now", "2026-11-14", "--evidence", str(bench.root / "elsewhere")]
    for path in bench.evidence.glob("*.jsonl"):
        (bench.root / "elsewhere").mkdir(exist_ok=True)
        shutil.copy(path, bench.root / "elsewhere")
    assert check(bench)[0] == 0


def test_a_policy_that_extends_another_is_replayed_without_it(bench: Bench) -> None:
    company = f"{HEAD}rules: {{severity_threshold: {{action: fail, at_least: high}}}}\n"
    (bench.root / "company.yaml").write_text(company)
    digest = hashlib.sha256(company.encode()).hexdigest()
    bench.policy(f"version: 1\nextends: {{path: company.yaml, sha256: {digest}}}\n")
    assert (check(bench)[0], codes(bench)) == (1, ["severity-threshold"])
    (bench.root / "company.yaml").unlink()
    assert replayed(bench) == 0
    assert check(bench)[0] == 2
