"""`patchgate evidence redact` and `prune`: what is removed is told, and by whom."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from gate.evidence.keyfiles import write_key_pair
from gate.evidence.keys import generate
from gate.evidence.ledger import FOLDER
from tests.cli.bad_inputs import Bench, run
from tests.cli.test_evidence_folder import bench, evidence, runs  # noqa: F401 - the fixture

WHY = ["--by", "Ada Privacy", "--reason", "GDPR request 12", "--now", "2026-11-27"]


def redact(bench: Bench, command: str, *arguments: str) -> tuple[int, str, str]:  # noqa: F811
    return evidence(bench, command, *arguments, "--key", str(bench.key), *WHY)


def verify(bench: Bench) -> tuple[int, dict[str, Any]]:  # noqa: F811
    code, out, _ = evidence(bench, "verify", str(bench.evidence), "--json")
    return code, json.loads(out)


def redaction_of(bench: Bench) -> Path:  # noqa: F811
    (path,) = (bench.evidence / FOLDER / "redactions").iterdir()
    return path


def test_an_attachment(bench: Bench) -> None:  # noqa: F811
    _, run_id = sorted(runs(bench))
    code, _, err = redact(bench, "redact", run_id, "--attachment", "sbom")
    assert code == 0, err
    assert "removed 0 records and 1 attachments" in err
    code, found = verify(bench)
    assert (code, found["verified"]) == (0, True)
    (record,) = found["places"][0]["records"]
    (problem,) = record["problems"]
    assert problem["code"] == "V13"
    assert problem["information"] is True
    assert problem["where"] == "attachment 'sbom'"
    assert "by Ada Privacy: GDPR request 12" in problem["message"]
    code, out, _ = evidence(bench, "verify", str(bench.evidence / f"{run_id}.intoto.jsonl"))
    assert code == 0
    assert "redacted" in out
    code, _, err = evidence(bench, "replay", run_id)
    assert code == 6


def test_a_whole_record(bench: Bench) -> None:  # noqa: F811
    first, second = sorted(runs(bench))
    assert redact(bench, "redact", first)[0] == 0
    assert not (bench.evidence / f"{first}.intoto.jsonl").exists()
    code, found = verify(bench)
    assert code == 0
    (place,) = found["places"]
    assert place["verdicts"] == {"FAIL": 1}
    assert place["records"][0]["problems"][0]["where"] == "entry 0"
    code, out, _ = evidence(bench, "list")
    assert code == 0, out
    assert second in out


def test_what_another_record_needs_is_kept(bench: Bench) -> None:  # noqa: F811
    first, _ = sorted(runs(bench))
    code, _, err = redact(bench, "redact", first, "--attachment", "policy")
    assert code == 0
    assert "kept: policy" in err
    assert verify(bench)[0] == 0
    assert not (bench.evidence / FOLDER / "redactions").exists()


def test_a_dry_run_removes_nothing(bench: Bench) -> None:  # noqa: F811
    before = sorted(bench.evidence.rglob("*"))
    code, _, err = redact(bench, "prune", "--older-than", "1d", "--dry-run")
    assert code == 0
    assert "would remove 2 records" in err
    assert sorted(bench.evidence.rglob("*")) == before


def test_prune(bench: Bench) -> None:  # noqa: F811
    first, second = sorted(runs(bench))
    bench.arguments += ["--now", "2026-11-20"]
    code, _, err = redact(bench, "prune", "--older-than", "10d")
    assert code == 0, err
    assert "removed 1 records" in err
    assert not (bench.evidence / f"{first}.intoto.jsonl").exists()
    assert (bench.evidence / f"{second}.intoto.jsonl").exists()
    assert evidence(bench, "replay", second)[0] == 0
    assert verify(bench)[0] == 0
    code, _, err = redact(bench, "prune", "--older-than", "10d")
    assert code == 0
    assert "nothing is older" in err


def test_a_removal_without_a_redaction_is_a_loss(bench: Bench) -> None:  # noqa: F811
    first, _ = sorted(runs(bench))
    assert redact(bench, "redact", first)[0] == 0
    redaction_of(bench).unlink()
    code, found = verify(bench)
    assert code == 6
    assert found["places"][0]["records"][0]["problems"][0]["code"] == "V02"


def test_a_redaction_that_was_changed_counts_for_nothing(bench: Bench) -> None:  # noqa: F811
    first, _ = sorted(runs(bench))
    assert redact(bench, "redact", first)[0] == 0
    path = redaction_of(bench)
    envelope = json.loads(path.read_text())
    envelope["payload"] = envelope["payload"][:-8] + "AAAA" + envelope["payload"][-4:]
    path.write_text(json.dumps(envelope, separators=(",", ":")) + "\n")
    code, found = verify(bench)
    assert code == 6
    (place,) = found["places"]
    assert place["ledger"]["problems"][0]["code"] == "V03"
    assert place["records"][0]["problems"][0]["code"] == "V02"


@pytest.mark.parametrize("role", ["redactor", "recorder", "witness"])
def test_who_may_redact_stands_in_the_trust_file(bench: Bench, role: str) -> None:  # noqa: F811
    """Where somebody is named for it, the gate's own key redacts nothing."""
    pair = generate(None, "ed25519")
    officer = bench.root / "officer.pem"
    write_key_pair(pair, officer, officer.with_suffix(".pub.pem"))
    trust = bench.root / "trust.yaml"
    shutil.copy(bench.key.with_suffix(".pub.pem"), bench.root / "gate.pub")
    trust.write_text(
        "version: 1\nkeys:\n- {name: gate, file: gate.pub}\n"
        f"- {{name: officer, file: officer.pub.pem, roles: [{role}]}}\n"
    )
    first, second = sorted(runs(bench))
    given = ["--evidence", str(bench.evidence), "--trust", str(trust), *WHY]
    assert run(["evidence", "redact", first, "--key", str(officer), *given])[0] == 0
    code, out, _ = run(["evidence", "verify", str(bench.evidence), "--trust", str(trust)])
    assert code == (6 if role == "witness" else 0), out
    if role == "redactor":
        assert run(["evidence", "redact", second, "--key", str(bench.key), *given])[0] == 0
        code, out, _ = run(["evidence", "verify", str(bench.evidence), "--trust", str(trust)])
        assert code == 6
        assert "V03 redactions/" in out


def test_what_does_not_verify_is_not_pruned(bench: Bench) -> None:  # noqa: F811
    first, second = sorted(bench.evidence.glob("*.jsonl"))
    second.write_bytes(second.read_bytes() + b"\n")
    code, _, err = redact(bench, "prune", "--older-than", "10d")
    assert code == 6
    assert "nothing is removed" in err
    assert first.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["redact", "20260101T000000Z-0000000000000000"], "nothing of that run"),
        (["prune", "--older-than", "soon"], "is not a duration"),
        (["prune", "--older-than", "1d", "--evidence", "s3://bucket"], "only a folder"),
    ],
)
def test_mistakes(bench: Bench, arguments: list[str], message: str) -> None:  # noqa: F811
    command, *rest = arguments
    trust = ["--trust", str(bench.key.with_suffix(".pub.pem"))]
    code, _, err = run(
        ["evidence", command, *rest, *trust, "--key", str(bench.key), *WHY]
        if "--evidence" in rest
        else ["evidence", command, *rest, *trust, "--evidence", str(bench.evidence), "--key",
              str(bench.key), *WHY]
    )  # fmt: skip
    assert code == 2
    assert message in err
