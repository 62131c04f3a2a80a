"""What if: which rules and findings another policy, or other advisories, make different."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.advisories.zips import record, write_zip
from tests.cli.bad_inputs import Bench, run, sound
from tests.cli.test_check import PATIENT, old_openssl
from tests.cli.test_since import at


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A bench with one recorded run that passed, with a finding within its time."""
    bench = sound(tmp_path)
    old_openssl(bench)
    bench.policy(PATIENT)
    assert at(bench, "2026-11-10")["verdict"] == "PASS"
    return bench


def ask(bench: Bench, *arguments: str) -> tuple[int, str, str]:
    name = next(bench.evidence.glob("*.jsonl"))
    trust = str(bench.key.with_suffix(".pub.pem"))
    return run(["evidence", "replay", str(name), "--trust", trust, *arguments])


def answer(bench: Bench, *arguments: str) -> tuple[int, Any]:
    code, out, err = ask(bench, *arguments, "--json")
    assert err == ""
    return code, json.loads(out)


def policy(bench: Bench, text: str) -> str:
    path = bench.root / "other.yaml"
    path.write_text(PATIENT + text)
    return str(path)


def test_the_same_policy_changes_nothing(bench: Bench) -> None:
    code, found = answer(bench, "--with-policy", policy(bench, ""))
    assert code == 0
    assert (found["was"], found["would_be"]) == ("PASS", "PASS")
    assert found["rules"] == found["findings"] == found["reasons_new"] == []
    assert "nothing is different" in ask(bench, "--with-policy", policy(bench, ""))[1]


def test_a_shorter_time_to_patch(bench: Bench) -> None:
    shorter = policy(bench, "rules: {patch_sla: {allow: {high: 1d}}}\n")
    code, found = answer(bench, "--with-policy", shorter)
    assert code == 1
    assert (found["was"], found["would_be"]) == ("PASS", "FAIL")
    (rule,) = found["rules"]
    assert (rule["rule"], rule["was"], rule["would_be"]) == ("patch_sla", "passed", "failed")
    changed = {(one["id"], one["package"], one["change"]) for one in found["findings"]}
    assert ("DSA-1", "openssl 3.0.7-1", "changed") in changed
    one = found["findings"][0]
    assert (one["was"]["state"], one["would_be"]["state"]) == ("open", "overdue")
    assert one["would_be"]["breaks"] == ["patch_sla"]
    text = ask(bench, "--with-policy", shorter)[1]
    assert "DSA-1 high in libssl3 3.0.7-1: open (due 2026-11-15) → overdue" in text


@pytest.mark.parametrize("kind", ["store", "snapshot", "records", "folder"])
def test_other_advisories_in_whatever_form(bench: Bench, kind: str) -> None:
    other = record("DSA-9", name="openssl", published="2026-10-01T00:00:00Z")
    records = write_zip(bench.root / "later" / "Debian" / "all.zip", other)
    given = {"records": records, "folder": bench.root / "later"}
    if kind in {"store", "snapshot"}:
        given["store"] = bench.root / "db2"
        assert run(["db", "import", str(records), "--db", str(given["store"])])[0] == 0
    if kind == "snapshot":
        given["snapshot"] = bench.root / "snapshot"
        exported = ["db", "export", str(given["snapshot"]), "--db", str(given["store"])]
        assert run(exported)[0] == 0
    code, found = answer(bench, "--with-advisories", str(given[kind]))
    assert (code, found["would_be"]) == (1, "FAIL")
    changes = {(one["id"], one["change"]) for one in found["findings"]}
    assert changes == {("DSA-1", "gone"), ("DSA-9", "new")}


def test_advisories_that_are_not_there(bench: Bench) -> None:
    code, _, err = ask(bench, "--with-advisories", str(bench.root / "nowhere"))
    assert code == 4
    assert "does not exist" in err


def test_json_answers_only_a_question(bench: Bench) -> None:
    assert ask(bench, "--json")[0] == 2
    assert ask(bench)[1].endswith("PASS again, byte for byte; findings: 2\n")
