"""`patchgate evidence verify FOLDER`, `list`, `show` and `replay`, as an auditor meets them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from gate.evidence.ledger import CHECKPOINT, FOLDER
from gate.run import judging
from tests.builders import DEBIAN, STATUS, file
from tests.cli.bad_inputs import Bench, check, run, sound


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A bench on which one image passed, and another failed after it."""
    bench = sound(tmp_path)
    bench.policy("version: 1\nname: patient\nadvisories: {fail_after: 52w}\n")
    assert check(bench)[0] == 0
    shutil.copy(ledger(bench) / CHECKPOINT, bench.root / "kept.note")
    bench.image(DEBIAN[0], file("var/lib/dpkg/status", STATUS.replace(b"3.0.9-1", b"3.0.7-1")))
    bench.arguments += ["--now", "2026-11-20"]
    assert check(bench)[0] == 1
    return bench


def ledger(bench: Bench) -> Path:
    return bench.evidence / FOLDER


def evidence(bench: Bench, command: str, *arguments: str) -> tuple[int, str, str]:
    trust = ["--trust", str(bench.key.with_suffix(".pub.pem"))]
    if command != "verify":
        trust += ["--evidence", str(bench.evidence)]
    return run(["evidence", command, *arguments, *trust])


def runs(bench: Bench, *arguments: str) -> list[str]:
    _, out, _ = evidence(bench, "list", *arguments)
    return [line.split()[0] for line in out.splitlines()]


def test_verify_a_folder(bench: Bench) -> None:
    code, out, err = evidence(bench, "verify", str(bench.evidence))
    assert (code, err) == (0, "")
    assert "2 entries" in out
    assert "2 records verified: 1 FAIL, 1 PASS" in out
    kept = ["--checkpoint", str(bench.root / "kept.note")]
    assert evidence(bench, "verify", str(bench.evidence), *kept)[0] == 0


def test_verify_against_a_checkpoint_that_was_kept(bench: Bench) -> None:
    newer = bench.root / "newer.note"
    shutil.copy(ledger(bench) / CHECKPOINT, newer)
    shutil.copy(bench.root / "kept.note", ledger(bench) / CHECKPOINT)
    code, out, _ = evidence(bench, "verify", str(bench.evidence), "--checkpoint", str(newer))
    assert code == 6
    assert f"V07 {newer}" in out
    code, _, err = evidence(bench, "verify", str(bench.evidence), "--checkpoint", "none.note")
    assert code == 6
    assert "does not exist" in err


def test_a_record_is_held_against_the_ledger_beside_it(bench: Bench) -> None:
    paths = sorted(bench.evidence.glob("*.jsonl"))
    code, out, _ = evidence(bench, "verify", str(paths[1]))
    assert code == 0
    assert "entry 1 of the ledger" in out
    alone = bench.root / "alone"
    shutil.copytree(bench.evidence, alone)
    shutil.rmtree(alone / FOLDER)
    code, out, _ = evidence(bench, "verify", str(alone / paths[1].name))
    assert code == 0
    assert "not held against a ledger" in out
    kept = ["--checkpoint", str(bench.root / "kept.note")]
    assert evidence(bench, "verify", str(alone / paths[1].name), *kept)[0] == 2
    assert "V05" in evidence(bench, "verify", str(alone))[1]
    (ledger(bench) / CHECKPOINT).write_bytes((bench.root / "kept.note").read_bytes())
    code, out, _ = evidence(bench, "verify", str(paths[1]))
    assert code == 6
    assert "V22" in out


def test_list_and_its_filters(bench: Bench) -> None:
    first, second = runs(bench)
    assert runs(bench, "--verdict", "FAIL") == [second]
    assert runs(bench, "--since", "2026-11-10") == [second]
    assert runs(bench, "--subject", "example/app") == [first, second]
    assert runs(bench, "--subject", "other") == []
    record = bench.evidence / f"{first}.intoto.jsonl"
    record.write_bytes(record.read_bytes().replace(b"A", b"B", 1))
    code, out, _ = evidence(bench, "list", "--subject", "other")
    assert code == 6
    assert out.startswith(f"{record.name}  NOT VERIFIED (V01, ")


def test_show(bench: Bench) -> None:
    _, failed = runs(bench)
    code, out, err = evidence(bench, "show", failed)
    assert (code, err) == (0, "")
    for words in ("verdict     FAIL", "reason      patch-sla", "example/app:1 sha256:", "entry"):
        assert words in out
    code, out, _ = evidence(bench, "show", str(bench.evidence / f"{failed}.intoto.jsonl"), "--json")
    assert code == 0
    assert json.loads(out)["https://patchgate.dev/run/v1"]["run_id"] == failed
    code, out, err = evidence(bench, "show", "20200101T000000Z-0123456789abcdef")
    assert (code, out) == (6, "")
    assert "evidence list" in err


def test_show_says_nothing_that_no_trusted_key_has_signed(bench: Bench) -> None:
    other = bench.root / "other.pem"
    run(["evidence", "keygen", "--key", str(other)])
    name = str(min(bench.evidence.glob("*.jsonl")))
    trust = str(other.with_suffix(".pub.pem"))
    code, out, _ = run(["evidence", "show", name, "--trust", trust])
    assert code == 6
    assert "NOT VERIFIED" in out
    assert "example" not in out


def test_prove(bench: Bench) -> None:
    passed, failed = runs(bench)
    proof = str(bench.root / "run.tlog-proof")
    code, out, err = evidence(bench, "prove", failed, "--output", proof)
    assert (code, out, err) == (0, "", "")
    assert evidence(bench, "prove", failed)[1].startswith("c2sp.org/tlog-proof@v1\nindex 1\n")
    shutil.rmtree(ledger(bench))
    records = {
        run_id: str(bench.evidence / f"{run_id}.intoto.jsonl") for run_id in (passed, failed)
    }
    code, out, _ = evidence(bench, "verify", records[failed], "--proof", proof)
    assert code == 0
    assert "entry 1 of the ledger" in out
    code, out, _ = evidence(bench, "verify", records[passed], "--proof", proof)
    assert code == 6
    assert f"V25 {proof}" in out
    assert evidence(bench, "verify", str(bench.evidence), "--proof", proof)[0] == 2
    code, _, err = evidence(bench, "prove", failed)
    assert code == 6
    assert "nothing is proven" in err


def test_replay(bench: Bench) -> None:
    shutil.rmtree(bench.store)
    passed, failed = runs(bench)
    code, out, _ = evidence(bench, "replay", passed)
    assert (code, out) == (0, f"{passed}: PASS again, byte for byte; findings: 0\n")
    code, out, _ = evidence(bench, "replay", failed)
    assert (code, out) == (0, f"{failed}: FAIL again, byte for byte; findings: 2\n")


def test_what_if(bench: Bench) -> None:
    passed, failed = runs(bench)
    lax = bench.root / "lax.yaml"
    text = (bench.root / "policy.yaml").read_text(encoding="utf-8")
    lax.write_text(f"{text}rules: {{patch_sla: {{action: warn}}}}\n", encoding="utf-8")
    code, out, _ = evidence(bench, "replay", failed, "--with-policy", str(lax))
    assert code == 0
    assert out.startswith(f"{failed}: would have been PASS, was FAIL\n")
    assert "  - patch_sla: 2 of 2 findings are past their time to patch" in out
    assert "  patch_sla: failed → warned: " in out
    assert evidence(bench, "replay", failed, "--with-advisories", str(bench.store))[0] == 1
    store = ["--with-advisories", str(bench.root / "none")]
    assert evidence(bench, "replay", passed, *store)[0] == 4
    assert runs(bench) == [passed, failed]


def test_replay_shows_what_differs(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    _, failed = runs(bench)
    match = judging.match
    monkeypatch.setattr(
        judging, "match", lambda bom, asked, found: match(bom, asked, type(found)(snapshot=""))
    )
    code, out, _ = evidence(bench, "replay", failed)
    assert code == 6
    assert "NOT THE SAME VERDICT" in out
    assert "finding only in the record: DSA-1" in out


def test_what_does_not_verify_is_not_replayed(bench: Bench) -> None:
    passed, _ = runs(bench)
    blob = next(path for path in (bench.evidence / "blobs").rglob("*") if path.is_file())
    shutil.rmtree(bench.evidence / "blobs")
    code, out, _ = evidence(bench, "replay", passed)
    assert code == 6
    assert "V02" in out
    assert "not replayed" in out
    assert not blob.exists()


@pytest.mark.parametrize("damage", ["checkpoint", "tile/0/000.p/2", "tile/entries/000.p/2"])
def test_a_ledger_that_cannot_be_appended_to_is_no_pass(bench: Bench, damage: str) -> None:
    path = ledger(bench) / damage
    path.write_bytes(path.read_bytes()[:-5])
    bench.image(*DEBIAN)
    bench.arguments += ["--now", "2026-11-21"]
    code, _, err = check(bench)
    assert code == 5
    assert "INDETERMINATE" in err
    assert len(list(bench.evidence.glob("*.jsonl"))) == 2, "no record that the ledger lacks"
    result = json.loads((bench.root / "result.json").read_bytes())
    assert result["verdict"] == "INDETERMINATE"


def test_a_folder_in_the_place_of_the_lock_is_no_pass(tmp_path: Path) -> None:
    bench = sound(tmp_path)
    (ledger(bench) / "lock").mkdir(parents=True)
    code, _, err = check(bench)
    assert code == 5
    assert "cannot lock" in err
