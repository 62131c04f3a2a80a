"""What `patchgate init` writes for the CI system of a repository."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import msgspec

import gate

_TARGET = "registry.example/team/app:1.2"
"""What the templates name as their target."""
_BUILD = "      - run: docker build --tag patchgate-target .\n"
_HERE = "source:."


class CiSystem(msgspec.Struct, frozen=True, kw_only=True):
    """A CI system, and how a repository shows that it uses it."""

    name: str
    marks: tuple[str, ...]
    """Files and folders, from the top."""
    hosts: str = ""
    """Regular expression of hosts of remotes."""
    files: tuple[tuple[str, str], ...]
    """Template and the path it is written to."""


SYSTEMS = (
    CiSystem(
        name="github",
        marks=(".github/workflows", ".github"),
        hosts=r"github\.",
        files=(("github/caller.yml", ".github/workflows/patchgate.yml"),),
    ),
    CiSystem(
        name="gitlab",
        marks=(".gitlab-ci.yml", ".gitlab"),
        hosts=r"gitlab\.",
        files=(
            ("gitlab/templates/patchgate.yml", ".gitlab/patchgate.yml"),
            ("gitlab/caller.yml", ".gitlab-ci.yml"),
        ),
    ),
    CiSystem(
        name="jenkins", marks=("Jenkinsfile",), files=(("jenkins/Jenkinsfile", "Jenkinsfile"),)
    ),
    CiSystem(
        name="azure",
        marks=("azure-pipelines.yml", ".azure-pipelines"),
        hosts=r"dev\.azure\.com|visualstudio\.com",
        files=(("azure/azure-pipelines.yml", "azure-pipelines.yml"),),
    ),
    CiSystem(
        name="circleci",
        marks=(".circleci",),
        files=(("circleci/config.yml", ".circleci/config.yml"),),
    ),
    CiSystem(
        name="bitbucket",
        marks=("bitbucket-pipelines.yml",),
        hosts=r"bitbucket\.",
        files=(("bitbucket/bitbucket-pipelines.yml", "bitbucket-pipelines.yml"),),
    ),
    CiSystem(
        name="buildkite",
        marks=(".buildkite",),
        files=(("buildkite/pipeline.yml", ".buildkite/pipeline.yml"),),
    ),
    CiSystem(name="tekton", marks=(".tekton",), files=(("tekton/task.yaml", ".tekton/task.yaml"),)),
)
"""In the order in which they are looked for."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is filled into a template."""

    target: str
    """"" where none is given."""
    action: str
    """``OWNER/REPOSITORY@COMMIT`` of the GitHub action; "" where it is not known."""
    version: str
    branch: str
    has_dockerfile: bool


def find_system(top: Path, remotes: str) -> CiSystem | None:
    """Return the CI system that a repository uses, by its files, else by where it is pushed to."""
    for system in SYSTEMS:
        if any((top / mark).exists() for mark in system.marks):
            return system
    for system in SYSTEMS:
        if system.hosts and re.search(rf"(?:@|//)(?:[^/\s]*\.)?(?:{system.hosts})", remotes):
            return system
    return None


def filled(template: str, wanted: Wanted) -> str:
    """Return the text of `template` for a repository."""
    text = _read(template)
    target = wanted.target
    if template == "github/caller.yml":
        builds = wanted.has_dockerfile and not target
        target = target or ("daemon:patchgate-target" if builds else _HERE)
        text = text if builds else text.replace(_BUILD, "")
        if not wanted.has_dockerfile:
            text = text.replace("          located-at: Dockerfile\n", "")
        text = text.replace("OWNER/patchgate@COMMIT", wanted.action or "OWNER/patchgate@COMMIT")
        return text.replace("BRANCH", wanted.branch).replace("TARGET", target)
    if template == "gitlab/caller.yml":
        image = "$CI_REGISTRY_IMAGE:$CI_COMMIT_SHA" if wanted.has_dockerfile else _HERE
        return text.replace("TARGET", target or image).replace("VERSION", wanted.version)
    text = text.replace(gate.__version__, wanted.version)
    return text.replace(_TARGET, target) if target else text


def beside(path: str) -> str:
    """Return the name that a file is written to where there is one at `path` already."""
    folder, slash, name = path.rpartition("/")
    stem, dot, ending = name.rpartition(".")
    other = f"{stem}.patchgate.{ending}" if stem else f"patchgate.{ending}"
    return f"{folder}{slash}{other if dot else f'{name}.patchgate'}"


def _read(template: str) -> str:
    shipped = resources.files("gate").joinpath("ci_templates").joinpath(template)
    if shipped.is_file():
        return shipped.read_text(encoding="utf-8")
    # In a clone they lie where everybody looks for them.
    return (Path(gate.__file__).parent.parent / "ci-templates" / template).read_text("utf-8")
