"""Who runs this, and in which CI: read from the environment, by an allow-list.

Whatever the environment says is a claim and is recorded as one.  Nothing is
read that is not named here, so that no secret gets into evidence.
"""

from __future__ import annotations

import getpass
from collections.abc import Mapping

from gate.evidence.extension import Actor, CiRun

_OTHERS: dict[str, tuple[str, str, str, str, str, str, str]] = {
    "azure": (
        "TF_BUILD", "BUILD_REPOSITORY_NAME", "BUILD_SOURCEBRANCH", "BUILD_SOURCEVERSION",
        "BUILD_BUILDID", "SYSTEM_JOBATTEMPT", "",
    ),
    "bitbucket": (
        "BITBUCKET_BUILD_NUMBER", "BITBUCKET_REPO_FULL_NAME", "BITBUCKET_BRANCH",
        "BITBUCKET_COMMIT", "BITBUCKET_BUILD_NUMBER", "", "",
    ),
    "buildkite": (
        "BUILDKITE", "BUILDKITE_PIPELINE_SLUG", "BUILDKITE_BRANCH", "BUILDKITE_COMMIT",
        "BUILDKITE_BUILD_NUMBER", "BUILDKITE_RETRY_COUNT", "BUILDKITE_BUILD_URL",
    ),
    "circleci": (
        "CIRCLECI", "CIRCLE_PROJECT_REPONAME", "CIRCLE_BRANCH", "CIRCLE_SHA1",
        "CIRCLE_BUILD_NUM", "", "CIRCLE_BUILD_URL",
    ),
    "jenkins": (
        "JENKINS_URL", "JOB_NAME", "BRANCH_NAME", "GIT_COMMIT", "BUILD_NUMBER", "", "BUILD_URL",
    ),
}  # fmt: skip
"""Mark of a system, and its names of repository, ref, commit, run, attempt and URL."""


def read_actor(environment: Mapping[str, str]) -> Actor:
    """Return who claims to have started the run."""
    for name in ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILD_REQUESTEDFOR", "CIRCLE_USERNAME"):
        if environment.get(name):
            return Actor(claimed=environment[name])
    try:
        return Actor(claimed=getpass.getuser())
    except (OSError, KeyError):
        # A container may run under a user id that nobody has a name for.
        return Actor()


def read_ci(environment: Mapping[str, str]) -> CiRun | None:
    """Return the CI run that the environment describes, or None outside of one."""

    def value(name: str) -> str:
        return environment.get(name, "")

    if value("GITHUB_ACTIONS") == "true":
        server, repository, run = (
            value(name) for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
        )
        return CiRun(
            system="github",
            repository=repository,
            ref=value("GITHUB_REF"),
            commit=value("GITHUB_SHA"),
            run=run,
            attempt=value("GITHUB_RUN_ATTEMPT"),
            url=f"{server}/{repository}/actions/runs/{run}" if server and run else "",
        )
    if value("GITLAB_CI") == "true":
        return CiRun(
            system="gitlab",
            repository=value("CI_PROJECT_PATH"),
            ref=value("CI_COMMIT_REF_NAME"),
            commit=value("CI_COMMIT_SHA"),
            run=value("CI_PIPELINE_ID"),
            attempt=value("CI_JOB_ID"),
            url=value("CI_JOB_URL"),
        )
    for system, (mark, *names) in _OTHERS.items():
        if value(mark):
            repository, ref, commit, run, attempt, url = (value(name) for name in names)
            return CiRun(
                system=system,
                repository=repository,
                ref=ref,
                commit=commit,
                run=run,
                attempt=attempt,
                url=url,
            )
    return None
