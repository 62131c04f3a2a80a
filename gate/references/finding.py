"""From a file of a repository to the images it names.

A new kind of file is a reader, and a line in `_read`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

import msgspec

from gate.references import pipelines
from gate.references.compose import is_compose, read_compose
from gate.references.dockerfiles import is_dockerfile, read_dockerfile
from gate.references.kubernetes import (
    is_kustomization,
    is_values,
    read_kustomization,
    read_manifests,
    read_values,
)
from gate.references.marked_yaml import read_documents
from gate.references.model import ImageReference, ReadFile

LARGEST = 4 * 1024 * 1024
"""Bytes of a file that is looked into."""
_YAML = (".yaml", ".yml")
_TEMPLATE = (b"{{", b"image")


class Unread(msgspec.Struct, frozen=True, order=True):
    """A file that may name images, and could not be read."""

    path: str
    why: str


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a file names."""

    references: tuple[ImageReference, ...] = ()
    """By line; each once."""
    unread: tuple[Unread, ...] = ()


def may_name_images(path: str) -> bool:
    """Return whether a file is worth looking into, by its path alone."""
    name = posixpath.basename(path)
    return (
        is_dockerfile(name)
        or name.endswith(_YAML)
        or is_kustomization(name)
        or pipelines.is_jenkinsfile(name)
        or pipelines.is_devcontainer(path)
    )


def find_references(path: str, content: bytes, read: ReadFile) -> Found:
    """Return the images that the file `path` names; `read` gives other files of the revision."""
    if len(content) > LARGEST:
        return Found(unread=(Unread(path, f"is larger than {LARGEST:,} bytes"),))
    try:
        found = _read(path, content, read)
        # "scratch" is no image, whoever names it.
        references = {one for one in found if one.image.lower() != "scratch"}
    except ValueError as error:
        if path.endswith(_YAML) and not _expected(path):
            # A chart's template, or YAML that is none: only worth a word if it names images.
            if not all(mark in content for mark in _TEMPLATE):
                return Found()
            return Found(unread=(Unread(path, "is a template; `helm template` fills it in"),))
        return Found(unread=(Unread(path, str(error)),))
    return Found(references=tuple(sorted(references)))


def _expected(path: str) -> bool:
    """Return whether a file of this path must be YAML."""
    name = posixpath.basename(path)
    named = is_compose(name) or is_kustomization(name) or is_values(name)
    return named or pipelines.is_pipeline(path)


def _read(path: str, content: bytes, read: ReadFile) -> Iterator[ImageReference]:
    name = posixpath.basename(path)
    text = content.decode("utf-8-sig", "replace")
    if is_dockerfile(name):
        yield from read_dockerfile(path, text)
    elif is_compose(name):
        yield from read_compose(path, text, read)
    elif pipelines.is_jenkinsfile(name):
        yield from pipelines.read_jenkinsfile(path, text)
    elif pipelines.is_devcontainer(path):
        yield from pipelines.read_devcontainer(path, text, read)
    elif name.endswith(_YAML) or is_kustomization(name):
        documents = read_documents(text)
        if pipelines.is_pipeline(path):
            yield from pipelines.read_pipeline(path, documents)
        elif is_kustomization(name):
            yield from read_kustomization(path, documents)
        elif is_values(name):
            yield from read_values(path, documents, read)
        else:
            yield from read_manifests(path, documents)
