"""The GitHub action: what its step does, run as a runner would; and its file, read as data."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.bad_inputs import Bench, sound
from tests.cli.test_check import PATIENT, old_openssl
from tests.conftest import REPOSITORY

ACTION: dict[str, Any] = yaml.safe_load((REPOSITORY / "action.yml").read_text())
STEPS = ACTION["runs"]["steps"]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = sound(tmp_path)
    bench.policy(PATIENT)
    return bench


def outputs(path: Path) -> dict[str, str]:
    """Read GITHUB_OUTPUT by the rules of the runner: NAME<<DELIMITER, value, DELIMITER."""
    found = {}
    for match in re.finditer(
        r"^(\S+)<<(\S+)\n(.*?)\n\2$", path.read_text(), re.MULTILINE | re.DOTALL
    ):
        found[match[1]] = match[3]
    return found


def act(bench: Bench, **inputs: str) -> tuple[dict[str, str], str, str]:
    """Run the step in a repository's folder; return its outputs, its log and the summary."""
    root = bench.root
    python = root / "temp" / "patchgate-venv" / "bin" / "python"
    if not python.exists():
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        python.chmod(0o755)
    for name in ("output", "summary"):
        (root / name).write_text("")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(root),
        "PATCHGATE_CACHE": "off",
        "PG_TARGET": bench.target,
        "PG_POLICY": str(root / "policy.yaml"),
        "PG_DB": str(bench.store),
        "PG_UPDATE": "false",
        "PG_SIGNING_KEY": bench.key.read_text(),
        "PG_ARGUMENTS": "--now\n2026-11-20",
        "PG_TEMP": str(root / "temp"),
        "PG_ACTION": str(REPOSITORY),
        "GITHUB_OUTPUT": str(root / "output"),
        "GITHUB_STEP_SUMMARY": str(root / "summary"),
        **inputs,
    }
    done = subprocess.run(
        [REPOSITORY / "scripts" / "github-action"],
        cwd=root, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return outputs(root / "output"), done.stdout + done.stderr, (root / "summary").read_text()


def test_a_pass(bench: Bench) -> None:
    given, _, summary = act(bench)
    assert (given["verdict"], given["exit-code"]) == ("PASS", "0")
    assert "PASS" in summary
    for name in ("json", "sarif", "html"):
        assert (bench.root / given[name]).stat().st_size
    assert list((bench.root / given["evidence"]).glob("*.intoto.jsonl"))


def test_a_fail_is_annotated_and_its_evidence_kept(bench: Bench) -> None:
    old_openssl(bench)
    given, log, summary = act(bench)
    assert (given["verdict"], given["exit-code"]) == ("FAIL", "1")
    assert "::error" in log
    assert "FAIL" in summary
    assert list((bench.root / given["evidence"]).glob("*.intoto.jsonl"))


def test_without_a_key_it_is_no_pass(bench: Bench) -> None:
    given, _, _ = act(bench, PG_SIGNING_KEY="")
    assert (given["verdict"], given["exit-code"]) == ("INDETERMINATE", "5")


def test_the_key_does_not_stay(bench: Bench) -> None:
    act(bench)
    left = [path for path in bench.root.rglob("*") if path.is_file() and path != bench.key]
    assert not [path for path in left if b"PRIVATE KEY" in path.read_bytes()]


def test_wrong_usage_has_no_verdict(bench: Bench) -> None:
    given, log, _ = act(bench, PG_POLICY=str(bench.root / "none.yaml"))
    assert (given.get("verdict"), given["exit-code"]) == (None, "2")
    assert "none.yaml" in log


def test_inputs_are_never_commands(bench: Bench) -> None:
    marker = bench.root / "marker"
    hostile = f"$(touch {marker}); `touch {marker}`\n"
    given, _, _ = act(bench, PG_TARGET=hostile, PG_VEX=hostile, PG_LOCATED_AT="")
    assert given["exit-code"] != "0"
    assert not marker.exists()


def test_every_input_is_empty_by_default() -> None:
    for name, described in ACTION["inputs"].items():
        assert "default" not in described, name
        assert described["description"]


def test_nothing_from_outside_is_part_of_a_script() -> None:
    for step in STEPS:
        assert "${{" not in step.get("run", "")


def test_other_actions_are_pinned_by_commit() -> None:
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert used
    for name in used:
        assert re.fullmatch(r"actions/[a-z-]+(/[a-z]+)?@[0-9a-f]{40}", name)


def test_every_variable_of_the_script_is_given_to_it() -> None:
    script = (REPOSITORY / "scripts" / "github-action").read_text()
    asked = set(re.findall(r"\bPG_[A-Z_]+", script)) - {"PG_"}
    (environment,) = [step["env"] for step in STEPS if step.get("id") == "run"]
    assert asked <= set(environment)
    assert {name for name in environment if name.startswith("PG_")} <= asked


def test_the_gate_decides_the_job() -> None:
    last = STEPS[-1]
    assert last["env"]["PG_EXIT"] == "${{ steps.run.outputs.exit-code }}"
    for given, code in (("1", 1), ("0", 0), ("", 70)):
        done = subprocess.run(
            ["bash", "-c", last["run"]], env={**os.environ, "PG_EXIT": given}, check=False
        )
        assert done.returncode == code
