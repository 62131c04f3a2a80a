"""`patchgate check` as its users meet it: verdicts, exit codes, files, and every bad input."""

from __future__ import annotations

import gc
import json
from pathlib import Path

import jsonschema
import pytest

from gate.report.document import json_schema
from tests.builders import DEBIAN, STATUS, file
from tests.cli.bad_inputs import CASES, HARMLESS, Bench, check, run, sound

SCHEMA = json.loads(json_schema())


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    monkeypatch.chdir(tmp_path)
    return sound(tmp_path)


def result(bench: Bench) -> dict[str, object]:
    document: dict[str, object] = json.loads((bench.root / "result.json").read_bytes())
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    return document


def records(bench: Bench) -> list[Path]:
    return sorted(bench.evidence.glob("*.intoto.jsonl")) if bench.evidence.is_dir() else []


def verify(bench: Bench) -> int:
    trust = str(bench.key.with_suffix(".pub.pem"))
    return run(["evidence", "verify", "--trust", trust, str(records(bench)[0])])[0]


def test_a_sound_image_passes(bench: Bench) -> None:
    code, out, err = check(bench)
    assert (code, out) == (0, "")
    assert "patchgate: PASS example/app:1" in err
    assert result(bench)["verdict"] == "PASS"
    assert result(bench)["exit_code"] == 0
    assert len(records(bench)) == 1
    assert verify(bench) == 0


PATIENT = """\
version: 1
name: patient
advisories: {fail_after: 52w}
"""


def old_openssl(bench: Bench) -> None:
    """An image with a version that DSA-1 of 2026-11-01 fixes; its severity is unknown: high."""
    bench.image(DEBIAN[0], file("var/lib/dpkg/status", STATUS.replace(b"3.0.9-1", b"3.0.7-1")))


@pytest.mark.parametrize(
    ("now", "expected"), [("2026-11-15T00:00:00Z", 0), ("2026-11-15T00:00:01Z", 1)]
)
def test_a_finding_fails_the_moment_after_it_is_due(bench: Bench, now: str, expected: int) -> None:
    old_openssl(bench)
    bench.policy(PATIENT)
    bench.arguments += ["--now", now]
    code, _, err = check(bench)
    assert code == expected, err
    finding = result(bench)["findings"][0]  # type: ignore[index]
    assert finding["id"] == "DSA-1"
    assert finding["fixed"] == "3.0.8-1"
    assert finding["due"] == "2026-11-15T00:00:00Z"
    assert finding["severity_assumed"] is True
    upgrade = result(bench)["upgrades"][0]  # type: ignore[index]
    assert (upgrade["packages"], upgrade["to"]) == (["libssl3", "openssl"], "3.0.8-1")


def test_the_same_inputs_give_the_same_bytes(bench: Bench) -> None:
    old_openssl(bench)
    bench.policy(PATIENT)
    bench.arguments += ["-o", f"cyclonedx={bench.root / 'bom.json'}"]
    seen = set()
    for _ in range(2):
        check(bench)
        seen.add(
            ((bench.root / "result.json").read_bytes(), (bench.root / "bom.json").read_bytes())
        )
    assert len(seen) == 1
    assert len(records(bench)) == 1


def test_the_evidence_can_be_switched_off_only_where_the_policy_says_so(bench: Bench) -> None:
    bench.arguments += ["--no-evidence"]
    assert check(bench)[0] == 5
    bench.policy("version: 1\nname: x\nevidence: optional\n")
    assert check(bench)[0] == 0
    assert not records(bench)


def test_the_table_on_standard_output(bench: Bench) -> None:
    old_openssl(bench)
    bench.policy(PATIENT)
    arguments = ["check", bench.target, "--db", str(bench.store), "--now", "2026-11-20"]
    arguments += ["--evidence", str(bench.evidence), "--key", str(bench.key), *bench.arguments]
    code, out, err = run(arguments)
    assert code == 1
    assert "FAIL" in out
    assert "3.0.8-1" in out
    assert "libssl3, openssl" in out
    assert "2026-11-15" in out
    assert "\x1b" not in out
    assert err == ""
    coloured = run([*arguments, "--color", "always"])[1]
    assert "\x1b[" in coloured


def test_an_output_that_cannot_be_written_is_no_pass(bench: Bench) -> None:
    bench.arguments += ["-o", "cyclonedx=/dev/full"]
    code, _, err = check(bench)
    assert code == 2
    assert "/dev/full" in err


def test_help_names_every_exit_code() -> None:
    _, out, _ = run(["--help"])
    for word in ("0 PASS", "1 FAIL", "2 usage", "3 input", "4 advisories", "5 evidence"):
        assert word in " ".join(out.split())


@pytest.mark.parametrize("command", ["check", "db", "evidence", "policy", "sbom", "schema"])
def test_every_command_has_help(command: str) -> None:
    code, out, _ = run([command, "--help"])
    assert code == 0
    assert "Usage: patchgate" in out


def test_a_defect_is_an_internal_error_and_no_failure_of_the_image(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> None:
        raise ZeroDivisionError("oops\x1b[31m")

    monkeypatch.setattr("gate.run.judging.match", broken)
    code, out, err = check(bench)
    assert (code, out) == (70, "")
    assert err.startswith("patchgate: internal error (ZeroDivisionError: oops")
    assert "\x1b" not in err
    assert not (bench.root / "result.json").exists()


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
@pytest.mark.parametrize("name", list(CASES))
def test_bad_input(bench: Bench, name: str) -> None:
    build, expected, said = CASES[name]
    build(bench)
    code, out, err = check(bench)
    gc.collect()  # the docker library leaves the socket it could not connect
    assert (code, out) == (expected, ""), err
    lines = [line for line in err.splitlines() if line.startswith("patchgate:")]
    assert len(lines) == 1, err
    assert said in lines[0]
    assert "Traceback" not in err
    if (bench.root / "result.json").exists():
        assert result(bench)["verdict"] == "INDETERMINATE"
        assert result(bench)["exit_code"] == expected
    # Whatever was recorded is whole, and says that this was no pass.
    for path in records(bench):
        assert verify(bench) == 0
        assert b"PASSED" not in path.read_bytes()
    assert not list(bench.root.rglob(".patchgate-tmp-*"))


@pytest.mark.parametrize("name", list(HARMLESS))
def test_odd_input_that_is_read_for_certain(bench: Bench, name: str) -> None:
    build, note = HARMLESS[name]
    build(bench)
    code, _, err = check(bench)
    assert code == 0, err
    notes = result(bench)["coverage"]["notes"]  # type: ignore[index]
    assert note in [found["code"] for found in notes]
