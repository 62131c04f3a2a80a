"""Compose files: the images of services, and those that their builds begin with.

Rules: the Compose specification, "services", "build" and "Interpolation".  Variables
come from the ``.env`` file beside, as the repository holds it, never from the
environment of whoever looks.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from gate.references.dockerfiles import read_dockerfile
from gate.references.marked_yaml import Text, Value, items, mapping, read_documents
from gate.references.model import ImageReference, ReadFile
from gate.sources.dockerfile import replaced

_NAME = re.compile(r"(?:docker-|podman-|container-)?compose(?:[._-].*)?\.ya?ml", re.IGNORECASE)
_DOLLAR = "\x00"
"""Stands for ``$$`` while variables are filled in."""
_CONTEXT = "docker-image://"
_REMOTE = re.compile(r"[a-z][a-z0-9+.-]*://|git@", re.IGNORECASE)


def is_compose(name: str) -> bool:
    """Return whether a file of this name is a Compose file."""
    return _NAME.fullmatch(name) is not None


def read_compose(path: str, content: str, read: ReadFile) -> Iterator[ImageReference]:
    """Yield what the services of a Compose file run and are built from.

    ValueError where it is not YAML.
    """
    folder = posixpath.dirname(path)
    variables = _env(read(posixpath.join(folder, ".env")))
    for document in read_documents(content):
        for service in mapping(mapping(document).get("services")).values():
            build = mapping(service).get("build")
            image = mapping(service).get("image")
            if build is not None:
                yield from _build(path, build, variables, read)
            elif isinstance(image, Text):
                platform = mapping(service).get("platform")
                yield _named(path, image, variables, str(platform or ""))


def _named(
    path: str, image: Text, variables: Mapping[str, str], platform: str = ""
) -> ImageReference:
    filled = _filled(image, variables)
    return ImageReference(
        path=path,
        line=image.line,
        written=str(image),
        image=filled or "",
        platform="" if "$" in platform else platform,
        why="" if filled else "a variable without a value is part of it",
    )


def _build(
    path: str, build: Value, variables: Mapping[str, str], read: ReadFile
) -> Iterator[ImageReference]:
    """Yield what a service is built from: the product itself has no other source."""
    fields: dict[str, Value] = build if isinstance(build, dict) else {"context": build}
    for context in _contexts(fields.get("additional_contexts")):
        if context.startswith(_CONTEXT):
            yield _named(path, Text.at(context.removeprefix(_CONTEXT), context.line), variables)
    arguments = _arguments(fields.get("args"), variables)
    inline = fields.get("dockerfile_inline")
    if isinstance(inline, Text):
        for one in read_dockerfile(path, inline, arguments):
            yield ImageReference(
                path=path,
                line=inline.line,
                written=one.written,
                image=one.image,
                platform=one.platform,
                why=one.why,
            )
        return
    folder_at = fields.get("context") or Text.at(".", 1)
    file_at = fields.get("dockerfile") or Text.at("Dockerfile", 1)
    if not isinstance(folder_at, Text) or not isinstance(file_at, Text):
        return
    line, written = folder_at.line, f"{folder_at}/{file_at}"
    folder, file = _filled(folder_at, variables), _filled(file_at, variables)
    if not folder or not file or _REMOTE.match(folder):
        why = "its Dockerfile is not in this repository"
        yield ImageReference(path=path, line=line, written=written, why=why)
        return
    at = posixpath.normpath(posixpath.join(posixpath.dirname(path), folder, file))
    found = read(at)
    if found is None:
        why = f"there is no {at} in this revision"
        yield ImageReference(path=path, line=line, written=written, why=why)
        return
    yield from read_dockerfile(at, found.decode("utf-8", "replace"), arguments)


def _contexts(value: Value | None) -> Iterator[Text]:
    if isinstance(value, dict):
        yield from (one for one in value.values() if isinstance(one, Text))
    for one in items(value):
        if isinstance(one, Text):
            yield Text.at(one.partition("=")[2], one.line)


def _arguments(value: Value | None, variables: Mapping[str, str]) -> dict[str, str]:
    pairs: list[tuple[str, str]] = []
    if isinstance(value, dict):
        pairs = [(name, str(one)) for name, one in value.items() if isinstance(one, Text)]
    for one in items(value):
        if isinstance(one, Text) and "=" in one:
            name, _, given = one.partition("=")
            pairs.append((name, given))
    filled = ((name, _filled(given, variables)) for name, given in pairs)
    return {name: given for name, given in filled if given is not None}


def _filled(written: str, variables: Mapping[str, str]) -> str | None:
    value = replaced(written.replace("$$", _DOLLAR), variables)
    return None if value is None else value.replace(_DOLLAR, "$")


def _env(content: bytes | None) -> dict[str, str]:
    found = {}
    for line in (content or b"").decode("utf-8", "replace").splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and not name.startswith("#"):
            found[name.strip()] = value.strip().strip("'\"")
    return found
