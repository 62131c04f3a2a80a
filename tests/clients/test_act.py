"""The action and the reusable workflow, run by act without Docker.

GitHub's own actions are stood in for by ones that write down what they were given; what only
GitHub does (limits, permissions) is not seen here.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from tests.cli.bad_inputs import Bench
from tests.clients.conftest import find, git, run
from tests.conftest import REPOSITORY

USED = re.compile(r"uses: ((?:actions|github)/\S+@[0-9a-f]{40})")
RELEASE = "acme/patchgate@0123456789012345678901234567890123456789"
STAND_IN = """\
name: stand-in
description: Writes down what it was given.
inputs:
{inputs}
outputs:
  cache-matched-key:
    description: What actions/cache says.
    value: ""
runs:
  using: composite
  steps:
    - shell: bash
      env:
        GIVEN: ${{{{ toJSON(inputs) }}}}
        NAME: {name}
        LOG: {log}
      run: printf '%s %s\\n' "$NAME" "$(printf %s "$GIVEN" | tr -d '\\n')" >> "$LOG"
"""
CALLER = """\
on: [push, pull_request, merge_group, schedule]
permissions: {contents: read}
jobs:
  patch:
    runs-on: ubuntu-latest
    steps:
      - uses: CHECKOUT
        with: {persist-credentials: false}
      - id: gate
        uses: RELEASE
        with:
          target: TARGET
          base-target: BASE
          mirror: MIRROR
          upload-sarif: "true"
          arguments: |
            --now
            2026-11-20
          signing-key: ${{ secrets.KEY }}
      - if: ${{ !cancelled() }}
        env:
          SAID: ${{ steps.gate.outputs.verdict }} ${{ steps.gate.outputs.violations }}
        run: echo "the job was told $SAID"
"""


class Runner:
    """act in the bench's repository, with stand-ins for what the action uses."""

    def __init__(self, bench: Bench, mirror: str) -> None:
        self.bench = bench
        self.mirror = mirror
        self.work = bench.root / "work"
        self.log = bench.root / "log"
        self.act = find("act", "the GitHub action is")
        used: set[str] = set()
        for path in (REPOSITORY / "action.yml", REPOSITORY / "ci-templates/github/patchgate.yml"):
            used |= set(
                re.findall(r"uses: ((?:actions|github)/\S+@[0-9a-f]{40})", path.read_text())
            )
        self.checkout = next(name for name in used if "checkout" in name)
        self.repositories = {
            f"--local-repository={name}={self._stand_in(name)}" for name in map(self._root, used)
        }
        for name in used:
            self._write(name)
        source = bench.root / "patchgate"
        git(bench.root, "clone", "-q", "--shared", str(REPOSITORY), str(source))
        for name in ("action.yml", "scripts", "gate"):
            # What is being worked on, not what was committed.
            target = source / name
            shutil.rmtree(target) if target.is_dir() else target.unlink()
            origin = REPOSITORY / name
            if origin.is_dir():
                shutil.copytree(origin, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(origin, target)
        self.repositories.add(f"--local-repository={RELEASE}={source}")
        git(self.work, "remote", "add", "origin", "https://github.example/acme/app.git")

    @staticmethod
    def _root(name: str) -> str:
        path, _, commit = name.partition("@")
        return f"{'/'.join(path.split('/')[:2])}@{commit}"

    def _stand_in(self, name: str) -> Path:
        return self.bench.root / "stand-ins" / re.sub(r"\W", "-", self._root(name))

    def _write(self, name: str) -> None:
        below = "/".join(name.partition("@")[0].split("/")[2:])
        folder = self._stand_in(name) / below
        folder.mkdir(parents=True, exist_ok=True)
        given = [
            "path", "key", "restore-keys", "name", "if-no-files-found", "overwrite", "sarif_file",
            "persist-credentials", "python-version",
        ]  # fmt: skip
        inputs = "\n".join(f"  {one}: {{description: x}}" for one in given)
        short = name.partition("@")[0].replace("/", "-")
        text = STAND_IN.format(inputs=inputs, name=short, log=self.log)
        (folder / "action.yml").write_text(text)

    def run(self, workflow: str, event: str, payload: object) -> tuple[int, str, list[str]]:
        folder = self.work / ".github" / "workflows"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "test.yml").write_text(workflow.replace("CHECKOUT", self.checkout))
        (self.bench.root / "event.json").write_text(json.dumps(payload))
        git(self.work, "add", "--all")
        git(self.work, "commit", "-qm", "x", "--allow-empty")
        self.log.write_text("")
        code, said = run(
            [
                self.act, event, "--workflows", ".github/workflows/test.yml", "--no-cache-server",
                "--platform", "ubuntu-latest=-self-hosted", "--pull=false",
                "--secret", f"KEY={self.bench.key.read_text()}",
                "--eventpath", self.bench.root / "event.json", *sorted(self.repositories),
            ],
            self.work,
            HOME=str(self.bench.root),
            PATH=f"{Path(sys.executable).parent}:{Path('/usr/bin')}:/bin:{self._node()}",
        )  # fmt: skip
        return code, said, self.log.read_text().splitlines()

    def _node(self) -> str:
        return str(Path(find("node", "the GitHub action is")).parent)


@pytest.fixture
def runner(bench: Bench, mirror: str) -> Runner:
    return Runner(bench, mirror)


def caller(runner: Runner, target: str, base: str = "") -> str:
    filled = CALLER.replace("RELEASE", RELEASE).replace("TARGET", target)
    return filled.replace("BASE", base or '""').replace("MIRROR", runner.mirror)


def names(log: list[str]) -> list[str]:
    return [line.split(" ")[0] for line in log]


def test_a_push_of_a_good_image(runner: Runner) -> None:
    code, said, log = runner.run(caller(runner, "good.tar"), "push", {})
    assert code == 0, said
    assert "the job was told PASS 0" in said
    assert names(log) == [
        "actions-cache-restore", "actions-cache-save",
        "actions-upload-artifact", "github-codeql-action-upload-sarif",
    ]  # fmt: skip
    assert re.search(r"patchgate-db-1-[0-9a-f]{16}-\d{4}-\d\d-\d\d-[0-9a-f]{16}", log[1])


def test_a_failing_image_is_red_and_its_evidence_is_uploaded(runner: Runner) -> None:
    code, said, log = runner.run(caller(runner, "old.tar"), "push", {})
    assert code == 1
    assert "::error" in said or "❗" in said
    assert "the job was told FAIL" in said
    assert "actions-upload-artifact" in names(log)


def test_a_pull_request_of_a_fork(runner: Runner) -> None:
    git(runner.work, "add", "--all")
    git(runner.work, "commit", "-qm", "base")
    base = git(runner.work, "rev-parse", "HEAD").strip()
    fork = {
        "pull_request": {
            "base": {"sha": base},
            "head": {"repo": {"fork": True}},
            "user": {"type": "User"},
        }
    }
    (runner.work / "patchgate.yaml").write_text("not a policy")
    code, said, log = runner.run(caller(runner, "good.tar"), "pull_request", fork)
    # The policy is that of the base, and nothing that needs a token that may write is tried.
    assert code == 0, said
    assert "no SARIF upload" in said
    assert "github-codeql-action-upload-sarif" not in names(log)
    assert "this change edits the policy" in said


def test_the_reusable_workflow(runner: Runner) -> None:
    text = (REPOSITORY / "ci-templates/github/patchgate.yml").read_text()
    text = text.replace("OWNER/patchgate@COMMIT", RELEASE)
    text = text.replace(
        "          target: ${{ inputs.target }}",
        f"          mirror: {runner.mirror}\n          target: ${{{{ inputs.target }}}}",
    )
    (runner.work / ".github/workflows").mkdir(parents=True)
    (runner.work / ".github/workflows/patchgate.yml").write_text(text)
    use = {
        "on": "push",
        "jobs": {
            "gate": {
                "uses": "./.github/workflows/patchgate.yml",
                "with": {"target": "good.tar", "arguments": "--now\n2026-11-20"},
                "secrets": {"signing-key": "${{ secrets.KEY }}"},
            }
        },
    }
    code, said, log = runner.run(yaml.safe_dump(use, sort_keys=False), "push", {})
    assert code == 0, said
    assert "actions-upload-artifact" in names(log)
