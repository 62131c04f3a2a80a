"""Our files for other programs, held against the checkers of these programs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.clients.conftest import CLIENTS, find, run
from tests.conftest import REPOSITORY

TEMPLATES = REPOSITORY / "ci-templates"
PINNED = "acme/patchgate@0123456789012345678901234567890123456789 # v0.1.0"


@pytest.fixture
def workflow(tmp_path: Path) -> Path:
    """The reusable workflow as somebody uses it: the release filled in."""
    path = tmp_path / ".github" / "workflows" / "patchgate.yml"
    path.parent.mkdir(parents=True)
    text = (TEMPLATES / "github/patchgate.yml").read_text()
    path.write_text(text.replace("OWNER/patchgate@COMMIT", PINNED))
    return path


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ("github-actions", REPOSITORY / "action.yml"),
        ("github-workflows", TEMPLATES / "github/patchgate.yml"),
        ("azure-pipelines", TEMPLATES / "azure/azure-pipelines.yml"),
        ("circle-ci", TEMPLATES / "circleci/config.yml"),
        ("buildkite", TEMPLATES / "buildkite/pipeline.yml"),
        ("bitbucket-pipelines", TEMPLATES / "bitbucket/bitbucket-pipelines.yml"),
    ],
)
def test_schemas(schema: str, path: Path) -> None:
    checker = find("check-jsonschema", "the schemas of CI files are")
    # The schema of Azure has expressions that only Python's dialect knows.
    command = [checker, "--regex-variant", "python", "--builtin-schema", f"vendor.{schema}", path]
    code, said = run(command, REPOSITORY)
    assert code == 0, said


def test_the_gitlab_template_without_its_inputs(tmp_path: Path) -> None:
    checker = find("check-jsonschema", "the schema of GitLab's template is")
    _, _, jobs = (TEMPLATES / "gitlab/templates/patchgate.yml").read_text().partition("\n---\n")
    jobs = jobs.replace("$[[ inputs.job-name ]]", "patchgate")
    path = tmp_path / "jobs.gitlab-ci.yml"
    path.write_text(re.sub(r"\$\[\[ inputs\.([a-z-]+) \]\]", r"\1", jobs))
    code, said = run([checker, "--builtin-schema", "vendor.gitlab-ci", path], tmp_path)
    assert code == 0, said


def test_actionlint(workflow: Path) -> None:
    code, said = run([find("actionlint", "workflows are"), workflow], workflow.parent)
    assert code == 0, said


def test_zizmor(workflow: Path) -> None:
    command = [find("zizmor", "the security of workflows is"), "--offline", "--no-progress"]
    code, said = run([*command, REPOSITORY / "action.yml", workflow], workflow.parent)
    assert code == 0, said


def test_shellcheck() -> None:
    checker = find("shellcheck", "shell scripts are")
    names = ("github-action", "github-cache-key", "github-comment", "install-test-clients")
    scripts = [REPOSITORY / "scripts" / name for name in names]
    code, said = run([checker, "--severity=warning", *scripts], REPOSITORY)
    assert code == 0, said


@pytest.mark.parametrize(
    ("right", "wrong", "answer"),
    [
        ("onError: continue", "onErrors: continue", "unknown field"),
        ("$(params.target)", "$(params.targets)", "non-existent variable"),
    ],
)
def test_tekton_takes_the_task(tmp_path: Path, right: str, wrong: str, answer: str) -> None:
    checker = find("tekton-check", "the Tekton task is")
    task = TEMPLATES / "tekton/task.yaml"
    assert run([checker, task], tmp_path) == (0, "")
    text = task.read_text()
    assert right in text
    broken = tmp_path / "task.yaml"
    broken.write_text(text.replace(right, wrong))
    code, said = run([checker, broken], tmp_path)
    assert code == 1
    assert answer in said


def test_the_jenkinsfile_is_groovy() -> None:
    java = find("java", "the Jenkinsfile is")
    jar = CLIENTS / "groovy.jar"
    if not jar.is_file():
        pytest.skip("no Groovy here (scripts/install-test-clients): the Jenkinsfile is not tested")
    program = "new GroovyShell().parse(new File(args[0]))"
    command = [java, "-cp", jar, "groovy.ui.GroovyMain", "-e", program]
    code, said = run([*command, TEMPLATES / "jenkins/Jenkinsfile"], REPOSITORY)
    assert code == 0, said
    broken = [*command, REPOSITORY / "README.md"]
    assert run(broken, REPOSITORY)[0] != 0


def test_pre_commit_takes_the_manifest() -> None:
    command = [find("pre-commit", "the pre-commit hook is"), "validate-manifest"]
    code, said = run([*command, REPOSITORY / ".pre-commit-hooks.yaml"], REPOSITORY)
    assert code == 0, said


def test_hadolint() -> None:
    files = [path for path in REPOSITORY.glob("release/**/*Dockerfile*") if path.is_file()]
    if not files:
        pytest.skip("there is no Dockerfile here")
    # Debian keeps no old versions of its packages, so there are none to pin (DL3008).
    command = [find("hadolint", "Dockerfiles are"), "--ignore", "DL3008"]
    code, said = run([*command, *files], REPOSITORY)
    assert code == 0, said
