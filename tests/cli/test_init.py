"""`patchgate init` in repositories of each kind."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from gate.cli.init_files import SYSTEMS, beside
from tests.cli.bad_inputs import run
from tests.conftest import REPOSITORY


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    top = tmp_path / "work"
    (top / "below").mkdir(parents=True)
    monkeypatch.chdir(top / "below")
    subprocess.run(["git", "init", "-q", "-b", "trunk"], cwd=top, check=True)
    return top


def init(*arguments: str) -> str:
    code, out, err = run(["init", *arguments])
    assert (code, out) == (0, "")
    return err


def remote(address: str) -> None:
    subprocess.run(["git", "remote", "add", "origin", address], check=True)


def test_github_by_its_remote(top: Path) -> None:
    remote("git@github.com:acme/app.git")
    (top / "Dockerfile").write_text("FROM debian:12\n")
    said = init()
    workflow = (top / ".github/workflows/patchgate.yml").read_text()
    steps = yaml.safe_load(workflow)["jobs"]["patchgate"]["steps"]
    assert steps[1]["run"].startswith("docker build")
    assert steps[2]["with"]["target"] == "daemon:patchgate-target"
    assert "branches: [trunk]" in workflow
    assert "name the action's repository and commit" in said
    assert "evidence keygen" in said
    assert run(["policy", "check", str(top / "patchgate.yaml")])[0] == 0
    assert (top / ".git/hooks/pre-push").is_file()


def test_github_without_a_dockerfile(top: Path) -> None:
    said = init("--ci", "github", "--action", "acme/patchgate@" + "0" * 40, "--no-hook")
    (checkout, gate) = yaml.safe_load((top / ".github/workflows/patchgate.yml").read_text())[
        "jobs"
    ]["patchgate"]["steps"]
    assert checkout["with"] == {"persist-credentials": False}
    assert gate["uses"] == "acme/patchgate@" + "0" * 40
    assert gate["with"].keys() == {"target", "signing-key"}
    assert "name the action" not in said
    assert not (top / ".git/hooks/pre-push").exists()


def test_gitlab_beside_a_pipeline_that_is_there(top: Path) -> None:
    (top / ".gitlab-ci.yml").write_text("stages: [test]\n")
    said = init("--target", "acme/app:1")
    assert (top / ".gitlab-ci.yml").read_text() == "stages: [test]\n"
    (include,) = yaml.safe_load((top / ".gitlab-ci.patchgate.yml").read_text())["include"]
    assert include["inputs"]["target"] == "acme/app:1"
    template = (REPOSITORY / "ci-templates/gitlab/templates/patchgate.yml").read_text()
    assert (top / include["local"]).read_text() == template
    assert "join .gitlab-ci.patchgate.yml into .gitlab-ci.yml" in said


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_every_system_twice(top: Path, system: object) -> None:
    name = system.name  # type: ignore[attr-defined]
    init("--ci", name, "--target", "acme/app:1")
    written = {
        path: (top / path).read_bytes()
        for _, path in system.files  # type: ignore[attr-defined]
    }
    assert all(written.values())
    # A second time nothing changes, and nothing is written beside.
    before = sorted(path for path in top.rglob("*") if ".git/" not in str(path))
    init("--target", "acme/app:1")
    assert sorted(path for path in top.rglob("*") if ".git/" not in str(path)) == before
    assert {path: (top / path).read_bytes() for path in written} == written


def test_files_that_are_there_are_left_alone_without_force(top: Path) -> None:
    (top / "patchgate.yaml").write_text("mine")
    (top / "Jenkinsfile").write_text("mine")
    said = init()
    assert (top / "patchgate.yaml").read_text() == (top / "Jenkinsfile").read_text() == "mine"
    assert (top / "Jenkinsfile.patchgate").is_file()
    assert "left as is  patchgate.yaml" in said
    init("--force", "--preset", "soc2")
    assert "soc2" in (top / "patchgate.yaml").read_text()
    assert (top / "Jenkinsfile").read_text() != "mine"


def test_nothing_is_recognised(top: Path) -> None:
    remote("https://git.example/acme/app.git")
    said = init("--no-hook")
    assert "no CI system is recognised" in said
    assert sorted(path.name for path in top.iterdir()) == [".git", "below", "patchgate.yaml"]


def test_a_hook_that_cannot_be_is_said(top: Path) -> None:
    subprocess.run(["git", "config", "core.hooksPath", "../../shared"], check=True)
    assert "left out  the hook" in init()


def test_outside_of_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["init"])[0] == 2


def test_names_beside() -> None:
    assert beside("Jenkinsfile") == "Jenkinsfile.patchgate"
    assert beside(".gitlab-ci.yml") == ".gitlab-ci.patchgate.yml"
    assert beside(".circleci/config.yml") == ".circleci/config.patchgate.yml"
