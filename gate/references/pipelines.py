"""Files of CI systems: what jobs run in, and beside.

GitHub workflows and actions, GitLab, CircleCI, Azure Pipelines, Bitbucket, Buildkite,
Drone, Woodpecker; dev containers, and Jenkinsfiles as far as they name images in quotes.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping

from gate.references.dockerfiles import read_dockerfile
from gate.references.marked_yaml import Text, Value, items, mapping, walk
from gate.references.model import ImageReference, ReadFile
from gate.sources.dockerfile import replaced

_DOCKER = "docker://"
_PATHS = re.compile(
    r"""(?:.*/)?(?:
      \.github/workflows/[^/]+\.ya?ml | action\.ya?ml
    | [^/]*\.gitlab-ci\.ya?ml | \.gitlab/.*\.ya?ml
    | \.circleci/.*\.ya?ml
    | azure-pipelines[^/]*\.ya?ml | \.azure-pipelines/.*\.ya?ml
    | bitbucket-pipelines\.ya?ml | \.buildkite/.*\.ya?ml
    | \.drone\.ya?ml | \.woodpecker(?:\.ya?ml|/.*\.ya?ml)
    )""",
    re.VERBOSE,
)
_JENKINS = re.compile(
    r"""\bimage\s*\(?\s*(?P<quote>['"])(?P<image>[^'"\n]+)(?P=quote)""", re.VERBOSE
)


def is_pipeline(path: str) -> bool:
    """Return whether the file is one of a CI system, by its path."""
    return _PATHS.fullmatch(path) is not None


def read_pipeline(path: str, documents: list[Value]) -> Iterator[ImageReference]:
    """Yield the images of a pipeline: of jobs, services and steps."""
    for document in documents:
        variables = _variables(document)
        aliases = _azure_names(document)
        for here in walk(document):
            for image in _images(here):
                if image not in aliases:
                    yield _reference(path, image, variables)


def _images(here: Mapping[str, Value]) -> Iterator[Text]:
    image, container, uses = here.get("image"), here.get("container"), here.get("uses")
    for value in (image, mapping(image).get("name"), container):
        if isinstance(value, Text) and value:
            yield value
    for service in items(here.get("services")):
        name = service if isinstance(service, Text) else mapping(service).get("name")
        if isinstance(name, Text):
            yield name
    for value in (uses, here.get("pipe")):
        if isinstance(value, Text) and value.startswith(_DOCKER):
            yield Text.at(value.removeprefix(_DOCKER), value.line)


def _variables(document: Value) -> dict[str, str]:
    """Return the variables of the whole pipeline, where it sets them itself."""
    found = {}
    for name, value in mapping(mapping(document).get("variables")).items():
        given = value if isinstance(value, Text) else mapping(value).get("value")
        if isinstance(given, Text) and "$" not in given:
            found[name] = str(given)
    return found


def _azure_names(document: Value) -> set[str]:
    """Return the names by which an Azure pipeline refers to its own containers."""
    containers = mapping(mapping(document).get("resources")).get("containers")
    return {str(mapping(one).get("container", "")) for one in items(containers)}


def _reference(path: str, image: Text, variables: Mapping[str, str]) -> ImageReference:
    name = str(image).removeprefix(_DOCKER)
    filled = None if "$" in name and ("${{" in name or "$(" in name) else replaced(name, variables)
    # GitHub's actions, GitLab's inputs, Bitbucket's and Drone's own ways to fill in.
    if filled is not None and any(mark in filled for mark in ("{{", "$", "<<")):
        filled = None
    if filled and (filled.startswith((".", "/")) or filled.endswith("Dockerfile")):
        # The Dockerfile of an action is a file of its own.
        return ImageReference(path=path, line=image.line, written=name, image="scratch")
    return ImageReference(
        path=path,
        line=image.line,
        written=name,
        image=filled or "",
        why="" if filled else "the CI system fills it in",
    )


def is_jenkinsfile(name: str) -> bool:
    """Return whether a file of this name is a Jenkinsfile."""
    return name.startswith("Jenkinsfile") or name.endswith(".Jenkinsfile")


def read_jenkinsfile(path: str, content: str) -> Iterator[ImageReference]:
    """Yield the images that a Jenkinsfile names in quotes."""
    for number, line in enumerate(content.splitlines(), start=1):
        for match in _JENKINS.finditer(line):
            known = "$" not in match["image"]
            yield ImageReference(
                path=path,
                line=number,
                written=match["image"],
                image=match["image"] if known else "",
                why="" if known else "the CI system fills it in",
            )


def is_devcontainer(path: str) -> bool:
    """Return whether the file describes a dev container."""
    return posixpath.basename(path) in {"devcontainer.json", ".devcontainer.json"}


def read_devcontainer(path: str, content: str, read: ReadFile) -> Iterator[ImageReference]:
    """Yield the image of a dev container, or what it is built from; ValueError for no JSON."""
    try:
        described = json.loads(_without_comments(content))
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError("is not valid JSON") from error
    if not isinstance(described, dict):
        return
    image = described.get("image")
    if isinstance(image, str) and image:
        line = 1 + content[: max(0, content.find(image))].count("\n")
        yield ImageReference(
            path=path,
            line=line,
            written=image,
            image="" if "$" in image else image,
            why="it is named by a variable" if "$" in image else "",
        )
    build = described.get("build")
    name = build.get("dockerfile") if isinstance(build, dict) else described.get("dockerFile")
    if isinstance(name, str):
        at = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
        found = read(at)
        if found is None:
            why = f"there is no {at} in this revision"
            yield ImageReference(path=path, line=1, written=name, why=why)
        else:
            yield from read_dockerfile(at, found.decode("utf-8", "replace"))


_JSON_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/|,(?=\s*[}\]])', re.DOTALL)


def _without_comments(content: str) -> str:
    """Return JSON with comments as JSON: what is taken out leaves its line breaks."""
    return _JSON_TOKEN.sub(
        lambda match: match[0] if match[0].startswith('"') else "\n" * match[0].count("\n"), content
    )
