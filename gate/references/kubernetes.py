"""Kubernetes manifests, kustomizations, Tekton and Argo workflows, and Helm values."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from gate.references.marked_yaml import Text, Value, items, mapping, read_documents, walk
from gate.references.model import ImageReference, ReadFile

_LISTS = (
    "containers",
    "initContainers",
    "ephemeralContainers",
    "steps",
    "sidecars",
    "containerTemplates",
)
_TEMPLATED = "it is filled in by a template"


def is_manifest(document: Value) -> bool:
    """Return whether a YAML document is an object of Kubernetes, or of what extends it."""
    here = mapping(document)
    return "apiVersion" in here and "kind" in here


def read_manifests(path: str, documents: list[Value]) -> Iterator[ImageReference]:
    """Yield every image in the objects of a manifest, of whatever kind they are."""
    for document in filter(is_manifest, documents):
        for here in walk(document):
            for name in _LISTS:
                for container in items(here.get(name)):
                    image = mapping(container).get("image")
                    if isinstance(image, Text):
                        yield reference(path, image)
            for single in ("container", "script", "stepTemplate"):
                image = mapping(here.get(single)).get("image")
                if isinstance(image, Text):
                    yield reference(path, image)
            for volume in items(here.get("volumes")):
                image = mapping(mapping(volume).get("image")).get("reference")
                if isinstance(image, Text):
                    yield reference(path, image)


def is_kustomization(name: str) -> bool:
    """Return whether a file of this name is a kustomization."""
    return name.lower() in {"kustomization.yaml", "kustomization.yml", "kustomization"}


def read_kustomization(path: str, documents: list[Value]) -> Iterator[ImageReference]:
    """Yield the images that a kustomization puts in the place of others."""
    for document in documents:
        for item in items(mapping(document).get("images")):
            here = mapping(item)
            name = here.get("newName", here.get("name"))
            tag, digest = here.get("newTag"), here.get("digest")
            if not isinstance(name, Text):
                continue
            if isinstance(digest, Text):
                yield _made(path, name, f"{name}@{digest}")
            elif isinstance(tag, Text):
                yield _made(path, tag, f"{name}:{tag}")
            elif "newName" in here:
                why = "the tag is that of another file"
                yield ImageReference(path=path, line=name.line, written=str(name), why=why)


def is_values(name: str) -> bool:
    """Return whether a file of this name holds values of a Helm chart."""
    lower = name.lower()
    return lower.startswith("values") and lower.endswith((".yaml", ".yml"))


def read_values(path: str, documents: list[Value], read: ReadFile) -> Iterator[ImageReference]:
    """Yield the images in values of a Helm chart; its version is the tag where none is given.

    The usual shapes: ``image: name:tag``, and a mapping with ``repository`` and ``tag``,
    ``registry`` or ``digest`` beside.
    """
    for document in documents:
        for here in walk(document):
            image = here.get("image")
            if isinstance(image, Text) and image and "tag" not in here:
                yield reference(path, image)
            elif isinstance(image, Text) and image:
                yield _value(path, {**here, "repository": image}, read)
            repository = here.get("repository")
            # Charts also call the place of a chart or of source code a repository.
            shaped = "tag" in here or "digest" in here or "pullPolicy" in here
            if isinstance(repository, Text) and repository and shaped:
                yield _value(path, here, read)


def _value(path: str, here: dict[str, Value], read: ReadFile) -> ImageReference:
    repository = here["repository"]
    assert isinstance(repository, Text)  # noqa: S101 - both callers looked
    registry, tag, digest = here.get("registry"), here.get("tag"), here.get("digest")
    name = f"{registry}/{repository}" if isinstance(registry, Text) and registry else repository
    if isinstance(digest, Text) and digest:
        return _made(path, repository, f"{name}@{digest}")
    if not isinstance(tag, Text) or not tag:
        tag = _app_version(path, read)
    if not tag:
        why = "neither a tag nor a Chart.yaml with an appVersion is there"
        return ImageReference(path=path, line=repository.line, written=str(name), why=why)
    return _made(path, repository, f"{name}:{tag}")


def _app_version(path: str, read: ReadFile) -> Text | None:
    content = read(posixpath.join(posixpath.dirname(path), "Chart.yaml"))
    try:
        documents = read_documents((content or b"").decode("utf-8", "replace"))
    except ValueError:
        return None
    version = mapping(documents[0]).get("appVersion") if documents else None
    return version if isinstance(version, Text) else None


def reference(path: str, image: Text) -> ImageReference:
    """Return what `image` names, if it is not filled in by somebody else."""
    return _made(path, image, str(image))


def _made(path: str, at: Text, image: str) -> ImageReference:
    known = bool(image) and not any(mark in image for mark in ("{{", "$", "<%"))
    return ImageReference(
        path=path,
        line=at.line,
        written=image,
        image=image if known else "",
        why="" if known else _TEMPLATED,
    )
