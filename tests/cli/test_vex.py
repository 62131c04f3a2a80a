"""`check --vex`: what it changes, what is recorded, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.bad_inputs import Bench, check, run, sound
from tests.cli.test_check import PATIENT, old_openssl

STATEMENT = {
    "@context": "https://openvex.dev/ns/v0.2.0",
    "@id": "urn:x",
    "author": "Acme",
    "timestamp": "2026-11-10T00:00:00Z",
    "version": 1,
    "statements": [
        {
            "vulnerability": {"name": "DSA-1"},
            "products": [{"@id": "pkg:deb/debian/openssl"}, {"@id": "pkg:deb/debian/libssl3"}],
            "status": "not_affected",
            "justification": "vulnerable_code_not_present",
        }
    ],
}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = sound(tmp_path)
    old_openssl(bench)
    bench.policy(PATIENT)
    bench.arguments += ["--now", "2026-11-20"]
    return bench


def write(bench: Bench, document: object, name: str = "vex.json") -> str:
    path = bench.root / name
    path.write_text(json.dumps(document))
    return str(path)


def result(bench: Bench) -> dict[str, Any]:
    return json.loads((bench.root / "result.json").read_text())  # type: ignore[no-any-return]


def test_a_statement_clears_a_finding_and_stays_visible(bench: Bench) -> None:
    assert check(bench)[0] == 1
    bench.arguments += ["--vex", write(bench, STATEMENT)]
    code, _, err = check(bench)
    assert code == 0, err
    for finding in result(bench)["findings"]:
        assert finding["state"] == finding["status"] == "not-affected"
        assert finding["vex"] == {
            "status": "not_affected",
            "why": "vulnerable_code_not_present",
            "author": "Acme",
            "made": "2026-11-10T00:00:00Z",
            "document": "vex.json",
        }


def test_the_documents_are_part_of_the_record(bench: Bench) -> None:
    bench.arguments += ["--vex", write(bench, STATEMENT)]
    check(bench)
    Path(bench.arguments[-1]).unlink()
    record = next(bench.evidence.glob("*.intoto.jsonl"))
    trust = str(bench.key.with_suffix(".pub.pem"))
    code, out, err = run(["evidence", "replay", str(record), "--trust", trust])
    assert (code, "PASS again, byte for byte" in out) == (0, True), err


@pytest.mark.parametrize(("content", "said"), [("{}", "is no VEX document"), ("[", "is not JSON")])
def test_what_is_no_vex_document(bench: Bench, content: str, said: str) -> None:
    path = bench.root / "vex.json"
    path.write_text(content)
    bench.arguments += ["--vex", str(path)]
    code, _, err = check(bench)
    assert code == 3
    assert said in err


def test_a_file_that_is_not_there(bench: Bench) -> None:
    bench.arguments += ["--vex", str(bench.root / "none.json")]
    assert check(bench)[0] == 2


def test_documents_beside_the_target_count_only_when_asked_for(bench: Bench) -> None:
    target = Path(bench.target)
    target.with_name(target.name + ".openvex.json").write_text(json.dumps(STATEMENT))
    assert check(bench)[0] == 1
    bench.arguments += ["--vex", "beside"]
    assert check(bench)[0] == 0
    assert result(bench)["findings"][0]["vex"]["document"] == target.name + ".openvex.json"


def test_nothing_lies_beside_an_image_in_a_daemon(bench: Bench) -> None:
    bench.arguments += ["--vex", "beside"]
    bench.target = "daemon:example.org/a:1"
    code, _, err = check(bench)
    assert code == 2
    assert "is for files, folders and images in a registry" in err


def test_a_registry_that_cannot_be_asked_is_no_pass(bench: Bench) -> None:
    bench.arguments += ["--vex", "beside"]
    bench.target = "registry:localhost:1/team/a:1"
    code, _, err = check(bench)
    assert code == 7
    assert "localhost:1" in err
