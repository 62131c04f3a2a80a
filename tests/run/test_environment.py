"""What a record says of the run it came from: an allow-list of the environment."""

from __future__ import annotations

import msgspec

from gate.run.environment import read_actor, read_ci

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
