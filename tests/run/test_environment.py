"""What a record says of the run it came from: an allow-list of the environment."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from gate.errors import UsageError
from gate.run.environment import read_actor, read_ci
from gate.run.revisions import base_of_change

GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_ACTOR": "octocat",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/app",
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_SHA": "0123456789abcdef",
    "GITHUB_RUN_ID": "42",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_TOKEN": "a-secret",
    "ACTIONS_RUNTIME_TOKEN": "a-secret",
}
GITLAB = {
    "GITLAB_CI": "true",
    "GITLAB_USER_LOGIN": "tanuki",
    "CI_PROJECT_PATH": "acme/app",
    "CI_COMMIT_REF_NAME": "main",
    "CI_COMMIT_SHA": "0123456789abcdef",
    "CI_PIPELINE_ID": "7",
    "CI_JOB_ID": "8",
    "CI_JOB_URL": "https://gitlab.com/acme/app/-/jobs/8",
    "CI_JOB_TOKEN": "a-secret",
}


def test_github() -> None:
    ci = read_ci(GITHUB)
    assert ci is not None
    assert (ci.system, ci.repository, ci.run, ci.attempt) == ("github", "acme/app", "42", "2")
    assert ci.url == "https://github.com/acme/app/actions/runs/42"
    assert read_actor(GITHUB).claimed == "octocat"
    assert b"secret" not in msgspec.json.encode((ci, read_actor(GITHUB)))


def test_gitlab() -> None:
    ci = read_ci(GITLAB)
    assert ci is not None
    assert (ci.system, ci.repository, ci.run) == ("gitlab", "acme/app", "7")
    assert read_actor(GITLAB).claimed == "tanuki"
    assert b"secret" not in msgspec.json.encode((ci, read_actor(GITLAB)))


def test_elsewhere() -> None:
    assert read_ci({"GITHUB_ACTIONS": "1", "CI_JOB_TOKEN": "a-secret"}) is None


@pytest.mark.parametrize(
    ("mark", "name", "value", "base"),
    [
        ("GITHUB_ACTIONS=true", "GITHUB_BASE_REF", "main", "origin/main"),
        ("GITLAB_CI=true", "CI_MERGE_REQUEST_DIFF_BASE_SHA", "0123", "0123"),
        ("TF_BUILD=True", "SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main", "origin/main"),
        ("BUILDKITE=true", "BUILDKITE_PULL_REQUEST_BASE_BRANCH", "main", "origin/main"),
        ("BITBUCKET_BUILD_NUMBER=1", "BITBUCKET_PR_DESTINATION_BRANCH", "main", "origin/main"),
        ("JENKINS_URL=http://ci", "CHANGE_TARGET", "release/1", "origin/release/1"),
    ],
)
def test_what_a_change_is_based_on(mark: str, name: str, value: str, base: str) -> None:
    system = dict([mark.split("=")])
    assert base_of_change({**system, name: value}) == base
    # No change, or another system's variable: the files as they are.
    assert base_of_change(system) == base_of_change({**system, name: ""}) == ""
    assert base_of_change({name: value}) == ""


def test_what_a_merge_group_is_based_on(tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text('{"merge_group": {"base_sha": "0123", "head_sha": "4567"}}')
    environment = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "merge_group",
        "GITHUB_EVENT_PATH": str(event),
    }
    assert base_of_change(environment) == "0123"
    event.write_text("{}")
    with pytest.raises(UsageError, match="merge group"):
        base_of_change(environment)


@pytest.mark.parametrize(
    ("environment", "system", "run"),
    [
        ({"TF_BUILD": "True", "BUILD_BUILDID": "3"}, "azure", "3"),
        ({"BITBUCKET_BUILD_NUMBER": "4"}, "bitbucket", "4"),
        ({"BUILDKITE": "true", "BUILDKITE_BUILD_NUMBER": "5"}, "buildkite", "5"),
        ({"CIRCLECI": "true", "CIRCLE_BUILD_NUM": "6"}, "circleci", "6"),
        ({"JENKINS_URL": "http://ci", "BUILD_NUMBER": "7"}, "jenkins", "7"),
    ],
)
def test_other_systems(environment: dict[str, str], system: str, run: str) -> None:
    ci = read_ci({**environment, "BUILD_TOKEN": "a-secret"})
    assert ci is not None
    assert (ci.system, ci.run) == (system, run)
    assert b"secret" not in msgspec.json.encode(ci)
