"""The GitLab template: read as data, and its script run by a shell as a runner would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.bad_inputs import Bench, sound
from tests.cli.test_check import PATIENT, old_openssl
from tests.conftest import REPOSITORY

TEXT = (REPOSITORY / "ci-templates/gitlab/templates/patchgate.yml").read_text()
SPEC, JOBS = yaml.safe_load_all(TEXT)
INPUTS: dict[str, Any] = SPEC["spec"]["inputs"]
(JOB,) = JOBS.values()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = sound(tmp_path)
    bench.policy(PATIENT)
    return bench


def filled(text: str, **inputs: str) -> str:
    """Put inputs in their places, as GitLab does before it reads the jobs."""
    for name, described in INPUTS.items():
        value = inputs.get(name.replace("-", "_"), described.get("default", ""))
        text = text.replace(
            f"$[[ inputs.{name} ]]", str(value).lower() if value in {True, False} else str(value)
        )
    assert "$[[" not in text
    return text


def run_job(bench: Bench, **inputs: str) -> int:
    """Run the steps after the installation; the venv is a stand-in for this one."""
    program = bench.root / ".patchgate" / "venv-7" / "bin" / "patchgate"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gate.cli "$@"\n')
    program.chmod(0o755)
    variables = {name: filled(str(value), **inputs) for name, value in JOB["variables"].items()}
    environment = {
        **os.environ,
        **{name: value.replace("$CI_JOB_ID", "7") for name, value in variables.items()},
        "PATCHGATE_DB": str(bench.store),
        "PATCHGATE_KEY": str(bench.key),
        "PYTHONPATH": str(REPOSITORY),
    }
    script = "\n".join(filled(step, **inputs) for step in JOB["script"][2:])
    return subprocess.run(
        ["sh", "-e", "-c", script],
        cwd=bench.root,
        env=environment,
        capture_output=True,
        check=False,
    ).returncode


@pytest.mark.parametrize("old", [False, True])
def test_the_job_leaves_every_report_whatever_the_verdict(bench: Bench, old: bool) -> None:
    if old:
        old_openssl(bench)
    code = run_job(
        bench,
        target=bench.target,
        policy=str(bench.root / "policy.yaml"),
        update="false",
        arguments="--now 2026-11-20",
    )
    assert code == (1 if old else 0)
    for pattern in JOB["artifacts"]["reports"].values():
        (report,) = bench.root.glob(pattern)
        assert report.stat().st_size
    quality = json.loads((bench.root / JOB["artifacts"]["reports"]["codequality"]).read_text())
    assert bool(quality) is old
    assert list((bench.root / "patchgate-results/evidence").glob("*.intoto.jsonl"))


def test_every_input_is_described_and_used() -> None:
    for name, described in INPUTS.items():
        assert f"$[[ inputs.{name} ]]" in TEXT
        assert "description" in described or name == "stage"


def test_a_warning_does_not_block() -> None:
    assert JOB["allow_failure"] == {"exit_codes": [10, 11]}
    assert JOB["artifacts"]["when"] == "always"
