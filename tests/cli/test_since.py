"""What changed since the last run, and when a flaw was first seen: runs one after another."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gate.advisories.ingest import import_paths
from gate.run.history import system_of
from tests.advisories.zips import record, write_zip
from tests.builders import DEBIAN, file
from tests.cli.bad_inputs import Bench, check, run, sound
from tests.cli.test_check import PATIENT, old_openssl


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = sound(tmp_path)
    old_openssl(bench)
    bench.policy(PATIENT)
    return bench


def at(bench: Bench, day: str, *arguments: str) -> dict[str, Any]:
    kept = list(bench.arguments)
    bench.arguments += ["--now", day, *arguments]
    code = check(bench)[0]
    bench.arguments = kept
    result: dict[str, Any] = json.loads((bench.root / "result.json").read_text())
    assert result["exit_code"] == code
    return result


def since(result: dict[str, Any]) -> list[tuple[str, bool, str]]:
    return [(one["cause"], one["better"], one["message"]) for one in result["since"]["changes"]]


def test_the_first_run_has_nothing_before_it(bench: Bench) -> None:
    result = at(bench, "2026-11-10")
    assert result["since"] is None
    assert {finding["dates"].get("first_seen") for finding in result["findings"]} == {None}


def test_nothing_changed(bench: Bench) -> None:
    first = at(bench, "2026-11-10")
    second = at(bench, "2026-11-11")
    assert second["since"]["run_id"] == first["evidence"]["run_id"]
    assert since(second) == []


def test_a_due_date_was_reached(bench: Bench) -> None:
    at(bench, "2026-11-10")
    result = at(bench, "2026-11-16")
    assert result["verdict"] == "FAIL"
    assert ("due", False, "DSA-1 in openssl was due 2026-11-15: 1 finding counts now") in since(
        result
    )
    code, out, _ = run(
        ["check", bench.target, "--db", str(bench.store), "--now", "2026-11-17", *bench.arguments,
         "--evidence", str(bench.evidence), "--key", str(bench.key)]
    )  # fmt: skip
    assert code == 1
    assert "Since" not in out


def test_the_table_says_why(bench: Bench) -> None:
    at(bench, "2026-11-10")
    code, out, _ = run(
        ["check", bench.target, "--db", str(bench.store), "--now", "2026-11-17", *bench.arguments,
         "--evidence", str(bench.evidence), "--key", str(bench.key)]
    )  # fmt: skip
    assert code == 1
    assert "Since 2026-11-10 00:00 UTC, which was PASS" in out
    assert "- DSA-1 in openssl was due 2026-11-15" in out


def test_a_package_was_raised(bench: Bench) -> None:
    at(bench, "2026-11-16")
    bench.image(*DEBIAN)
    result = at(bench, "2026-11-17")
    assert result["verdict"] == "PASS"
    assert (
        "package",
        True,
        "openssl went from 3.0.7-1 to 3.0.9-1: 1 finding no longer counts",
    ) in since(result)


def test_a_package_was_removed(bench: Bench) -> None:
    at(bench, "2026-11-16")
    nothing = b"Package: x\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n"
    bench.image(DEBIAN[0], file("var/lib/dpkg/status", nothing))
    assert ("package", True, "openssl was removed: 1 finding no longer counts") in since(
        at(bench, "2026-11-17")
    )


def test_an_advisory_is_new(bench: Bench) -> None:
    at(bench, "2026-11-02")
    records = [record("DSA-1", name="openssl"), record("DSA-3", name="openssl")]
    records[0]["affected"][0]["ranges"][0]["events"][1]["fixed"] = "3.0.8-1"
    records[1]["affected"][0]["ranges"][0]["events"][1]["fixed"] = "3.0.8-1"
    records[1]["published"] = "2026-11-03T00:00:00Z"
    write_zip(bench.root / "osv" / "Debian" / "all.zip", *records)
    import_paths(bench.store, [bench.root / "osv"], now=datetime(2026, 11, 4, tzinfo=UTC))
    result = at(bench, "2026-11-20")
    assert (
        "new-advisory",
        False,
        "DSA-3 in openssl was published 2026-11-03: 1 finding counts now",
    ) in since(result)


def test_an_advisory_is_withdrawn(bench: Bench) -> None:
    at(bench, "2026-11-16")
    gone = record("DSA-1", name="openssl", withdrawn="2026-11-16T12:00:00Z")
    write_zip(bench.root / "osv" / "Debian" / "all.zip", gone, record("DSA-2", name="nginx"))
    import_paths(bench.store, [bench.root / "osv"], now=datetime(2026, 11, 16, tzinfo=UTC))
    changes = since(at(bench, "2026-11-17"))
    said = "DSA-1 was withdrawn on 2026-11-16, about DSA-1 in openssl: 1 finding no longer counts"
    assert ("withdrawn", True, said) in changes


def test_an_advisory_is_corrected(bench: Bench) -> None:
    at(bench, "2026-11-16")
    corrected = record("DSA-1", name="openssl")
    corrected["affected"][0]["ranges"][0]["events"][1]["fixed"] = "3.0.1-1"
    write_zip(bench.root / "osv" / "Debian" / "all.zip", corrected, record("DSA-2", name="nginx"))
    import_paths(bench.store, [bench.root / "osv"], now=datetime(2026, 11, 16, tzinfo=UTC))
    said = "the advisory for DSA-1 in openssl was corrected: 1 finding no longer counts"
    assert ("advisory-changed", True, said) in since(at(bench, "2026-11-17"))


def test_the_data_grew_old(bench: Bench) -> None:
    bench.policy("version: 1\nadvisories: {fail_after: 15d}\nrules: {patch_sla: {action: off}}\n")
    at(bench, "2026-11-10")
    first, second = at(bench, "2026-11-20"), at(bench, "2026-11-21")
    ((cause, better, message),) = since(first)
    assert (cause, better, "advisories of Debian are 19 days old" in message) == (
        "data-age",
        False,
        True,
    )
    assert since(second) == []


def test_another_policy(bench: Bench) -> None:
    at(bench, "2026-11-16")
    bench.policy(PATIENT + "rules: {patch_sla: {allow: {high: 60d}}}\n")
    changes = since(at(bench, "2026-11-17"))
    assert ("policy", False, "another policy was applied") in changes
    assert any(cause == "policy" and better for cause, better, _ in changes)


def test_what_was_first_seen_keeps_its_day(bench: Bench) -> None:
    bench.policy(PATIENT + "rules: {patch_sla: {clock: first_seen}}\n")
    at(bench, "2026-11-10T12:00:00Z")
    for day in ("2026-11-12", "2026-11-23"):
        dates = [finding["dates"]["first_seen"] for finding in at(bench, day)["findings"]]
        assert set(dates) == {"2026-11-10T12:00:00Z"}
    assert at(bench, "2026-11-24")["verdict"] == "PASS"
    assert at(bench, "2026-11-25")["verdict"] == "FAIL"


def test_records_of_another_key_say_nothing(bench: Bench) -> None:
    at(bench, "2026-11-10")
    other = bench.root / "other.pem"
    run(["evidence", "keygen", "--key", str(other)])
    folder = bench.root / "second"
    folder.mkdir()
    for path in bench.evidence.glob("*.intoto.jsonl"):
        (folder / path.name).write_bytes(path.read_bytes())
    result = at(bench, "2026-11-11", "--key", str(other), "--evidence", str(folder))
    assert result["since"] is None


@pytest.mark.parametrize(
    ("name", "system"),
    [
        ("registry.example:5000/team/app:1.2", "registry.example:5000/team/app"),
        ("registry.example:5000/team/app", "registry.example:5000/team/app"),
        ("app@sha256:00", "app"),
        ("app:1", "app"),
        ("host:web1", "host:web1"),
    ],
)
def test_a_system_is_the_same_at_every_tag(name: str, system: str) -> None:
    assert system_of(name) == system


THRESHOLD = PATIENT + "rules: {severity_threshold: {action: fail, at_least: high}}\n"


def test_a_baseline_by_run_and_by_sbom(bench: Bench) -> None:
    bench.policy(THRESHOLD)
    first = at(bench, "2026-11-10")
    assert first["verdict"] == "FAIL"
    by_run = at(bench, "2026-11-11", "--baseline", first["evidence"]["run_id"])
    assert by_run["verdict"] == "PASS"
    assert run(["sbom", "generate", bench.target, "-o", str(bench.root / "old.json")])[0] == 0
    by_sbom = at(bench, "2026-11-11", "--baseline", str(bench.root / "old.json"))
    assert by_sbom["verdict"] == "PASS"
    overdue = at(bench, "2026-11-16", "--baseline", first["evidence"]["run_id"])
    assert [reason["code"] for reason in overdue["reasons"]] == ["patch-sla"]
    code, out, _ = run(
        ["evidence", "replay", str(bench.evidence / by_run["evidence"]["file"]),
         "--trust", str(bench.key.with_suffix(".pub.pem"))]
    )  # fmt: skip
    assert (code, "byte for byte" in out) == (0, True)


def test_what_is_no_baseline(bench: Bench) -> None:
    for given in ("20261110T000000Z-0000000000000000", str(bench.root / "policy.yaml")):
        bench.arguments += ["--baseline", given]
        assert check(bench)[0] == 2


def test_fail_within(bench: Bench) -> None:
    assert at(bench, "2026-11-10", "--fail-within", "4d")["verdict"] == "PASS"
    result = at(bench, "2026-11-10", "--fail-within", "6d")
    assert result["verdict"] == "FAIL"
    assert result["reasons"][0]["code"] == "fails-within"
    bench.arguments += ["--fail-within", "soon"]
    assert check(bench)[0] == 2


def test_the_forecast(bench: Bench) -> None:
    arguments = ["forecast", bench.target, "--db", str(bench.store), *bench.arguments]
    code, out, _ = run([*arguments, "--now", "2026-11-10"])
    assert code == 0
    assert out.startswith("passes today; fails in 5 days: DSA-1 (high) in")
    assert "  2026-11-15  " in out
    assert "raise " in out
    assert "To be green until 2026-12-10\n  2026-11-15  raise libssl3, openssl from 3.0.7-1" in out
    assert "once the packages are raised, the verdict is PASS then" in out
    code, out, _ = run([*arguments, "--now", "2026-11-10", "-o", "html"])
    assert (code, out.count("<svg")) == (0, 1)
    assert "fails 2026-11-15" in out
    assert "<script" not in out
    code, out, _ = run([*arguments, "--now", "2026-11-10", "--days", "4", "-o", "json"])
    assert code == 0
    assert json.loads(out)["forecast"]["fails_at"] is None
    code, out, _ = run([*arguments, "--now", "2026-11-16"])
    assert code == 1
    assert out.startswith("FAIL today")
    assert not list(bench.evidence.glob("*"))


def test_another_policy_against_what_is_recorded(bench: Bench) -> None:
    at(bench, "2026-11-10")
    at(bench, "2026-11-16")
    stricter = bench.root / "stricter.yaml"
    stricter.write_text(THRESHOLD)
    trust = ["--evidence", str(bench.evidence), "--trust", str(bench.key.with_suffix(".pub.pem"))]
    code, out, err = run(["policy", "test", str(stricter), *trust])
    assert code == 0
    assert [line.split()[1:4] for line in out.splitlines()] == [
        ["PASS", "→", "FAIL"],
        ["FAIL", "example/app:1"],
    ]
    assert "1 the same, 1 another, 0 not judged" in err
    assert run(["policy", "test", str(stricter), *trust, "--exit-code"])[0] == 1
    code, out, _ = run(["policy", "test", str(stricter), *trust, "--since", "2026-11-16"])
    assert (code, len(out.splitlines())) == (0, 1)
    record = min(bench.evidence.glob("*.intoto.jsonl"))
    record.write_bytes(record.read_bytes().replace(b"A", b"B", 1))
    code, out, _ = run(["policy", "test", str(stricter), *trust])
    assert code == 6
    assert "NOT JUDGED" in out


def test_why(bench: Bench) -> None:
    arguments = [bench.target, "--db", str(bench.store), "--now", "2026-11-20", *bench.arguments]
    code, out, err = run(["why", "dsa-1", *arguments])
    assert (code, err) == (0, "")
    for said in (
        "DSA-1 in openssl 3.0.7-1: BREAKS THE POLICY",
        "file      var/lib/dpkg/status",
        "because   DSA-1 of Debian (Debian:12): openssl 3.0.7-1, introduced 0, fixed 3.0.8-1",
        "severity  high, since no source rates it and the policy says so",
        "clock     published 2026-11-01 + 14d = due 2026-11-15, 5 days over",
        "rule      patch_sla (failed)",
        "layer     1: step 0",
        "do        raise openssl to 3.0.8-1 or later",
    ):
        assert said in out
    code, out, err = run(["why", "CVE-2000-1", *arguments])
    assert (code, out) == (1, "")
    assert "does not have CVE-2000-1" in err
    code, _, err = run(["why", "DSA-1", str(bench.root / "none.tar"), *arguments[1:]])
    assert code == 3
    assert "cannot be said" in err
