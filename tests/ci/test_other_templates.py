"""Templates of the other CI systems: read as data, and their scripts run by a shell.

pip is stood in for; patchgate, its store and its evidence are real.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.bad_inputs import sound
from tests.cli.test_check import PATIENT, old_openssl
from tests.conftest import REPOSITORY
from tests.serving import serving_on_a_free_port

TEMPLATES = REPOSITORY / "ci-templates"


def load(name: str) -> Any:
    return yaml.safe_load((TEMPLATES / name).read_text())


def azure() -> tuple[dict[str, str], str]:
    pipeline = load("azure/azure-pipelines.yml")
    (step,) = [one for one in pipeline["jobs"][0]["steps"] if "bash" in one]
    variables = {"PATCHGATE_VERSION": "0", "PATCHGATE_EVIDENCE": "patchgate-results/evidence"}
    return variables, step["bash"].replace("$(Agent.TempDirectory)", "tmp")


def circleci() -> tuple[dict[str, str], str]:
    steps = load("circleci/config.yml")["commands"]["patchgate"]["steps"]
    runs = [one["run"] for one in steps if "run" in one]
    script = "\n".join(one["command"] for one in runs if one["name"] != "Day")
    # The key is given as a variable here; the stand-in for /tmp keeps tests apart.
    return {"BASE": "origin/main"}, script.replace("/tmp/", "tmp/")


def buildkite() -> tuple[dict[str, str], str]:
    pipeline = load("buildkite/pipeline.yml")
    variables = {"PATCHGATE_VERSION": "0", "BUILDKITE_STEP_KEY": "patchgate"}
    return variables, pipeline["steps"][0]["command"].replace("$$", "$")


def bitbucket() -> tuple[dict[str, str], str]:
    step = load("bitbucket/bitbucket-pipelines.yml")["definitions"]["steps"][0]["step"]
    given = "export TARGET=registry.example/team/app:1.2"
    lines = [line.replace(given, "export") for line in step["script"]]
    return {}, "\n".join(lines)


def jenkins() -> tuple[dict[str, str], str]:
    text = (TEMPLATES / "jenkins/Jenkinsfile").read_text()
    scripts = re.findall(r"'''(.*?)'''", text, re.DOTALL)
    # A Groovy string of this kind keeps a backslash only where it is doubled: a single one at
    # the end of a line joins the lines, as the shell would.
    variables = {"PATCHGATE_VERSION": "0", "PATCHGATE_EVIDENCE": "patchgate-results/evidence"}
    return variables, "\n".join(script.replace("\\\n", "") for script in scripts)


def tekton() -> tuple[dict[str, str], str]:
    step = load("tekton/task.yaml")["spec"]["steps"][0]
    files = {f"{name}_FILE": name.lower() for name in ("VERDICT", "CODE", "DIGEST")}
    folders = {"RESULTS": "patchgate-results", "SOURCE": ".", "CACHE": "tmp", "KEYS": "keys"}
    return {"BASE_REV": "none", "DOCKER_CONFIG": "", **files, **folders}, step["script"]


SYSTEMS = [azure, circleci, buildkite, bitbucket, jenkins, tekton]


@pytest.mark.parametrize("old", [False, True], ids=["good", "old"])
@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.__name__)
def test_reports_and_evidence_are_left_whatever_the_verdict(
    tmp_path: Path, system: Callable[[], tuple[dict[str, str], str]], old: bool
) -> None:
    bench = sound(tmp_path)
    bench.policy(PATIENT)
    if old:
        old_openssl(bench)
    variables, script = system()
    work = tmp_path / "work"
    for folder in (work / "tmp", work / "patchgate-results", work / "keys", tmp_path / "bin"):
        folder.mkdir(parents=True)
    (work / "keys" / "key.pem").write_text(bench.key.read_text())
    (work / "keys" / "key.pem").chmod(0o600)
    patchgate = tmp_path / "bin" / "patchgate"
    _program(patchgate, f'exec "{sys.executable}" -m gate.cli "$@"')
    _program(tmp_path / "bin" / "pip", 'echo "$@" >>"$PIP_LOG"')
    _program(
        tmp_path / "bin" / "python3",
        f'mkdir -p "$3/bin" && cp "{patchgate}" "{tmp_path}/bin/pip" "$3/bin"',
    )
    _program(tmp_path / "bin" / "buildkite-agent", 'cat >"$ANNOTATION"')
    environment = {
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PYTHONPATH": str(REPOSITORY),
        "TARGET": bench.target,
        "PATCHGATE_POLICY": str(tmp_path / "policy.yaml"),
        "PATCHGATE_KEY": str(bench.key),
        "PATCHGATE_KEY_PEM": bench.key.read_text(),
        "PIP_LOG": str(tmp_path / "pip.log"),
        "ANNOTATION": str(tmp_path / "annotation"),
        **variables,
    }
    silent = type("Silent", (SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    with serving_on_a_free_port(partial(silent, directory=str(tmp_path / "osv"))) as port:
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=work,
            env={**environment, "PATCHGATE_OSV_URL": f"http://127.0.0.1:{port}"},
            capture_output=True,
            text=True,
            check=False,
        )
    said = done.stdout + done.stderr
    assert done.returncode == (1 if old else 0), said
    if system is not tekton:
        assert re.search(r"patchgate==\S", (tmp_path / "pip.log").read_text())
    assert list(work.glob("*results/*.xml")), said
    assert (work / "patchgate-results/report.html").is_file()
    assert list(work.glob("patchgate-results/evidence/*.intoto.jsonl")), said
    left = [path for path in work.rglob("*.pem") if path.parent.name != "keys"]
    assert not left


def _program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
