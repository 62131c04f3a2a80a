"""Dockerfiles: ``FROM``, what is copied or mounted from other images, and the syntax image.

Rules: the Dockerfile reference, "FROM", "COPY --from", "RUN --mount" and "Parser
directives".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from gate.references.model import ImageReference
from gate.sources.dockerfile import From, instructions, read_froms

_NAME = re.compile(
    r"(?:.*[./_-])?(?:Dockerfile|Containerfile)|(?:Dockerfile|Containerfile)[._-].*", re.IGNORECASE
)
_IGNORED = (".dockerignore", ".md", ".html", ".yml", ".yaml")
_DIRECTIVE = re.compile(r"#\s*([A-Za-z]+)\s*=\s*(\S+)\s*")
_COPIED = re.compile(r"--from=(\S+)")
_MOUNTED = re.compile(r"--mount=(\S+)")
_NO_VALUE = "an ARG without a value is part of it"


def is_dockerfile(name: str) -> bool:
    """Return whether a file of this name is a Dockerfile by its name."""
    return _NAME.fullmatch(name) is not None and not name.lower().endswith(_IGNORED)


def read_dockerfile(
    path: str, content: str, arguments: Mapping[str, str] | None = None
) -> list[ImageReference]:
    """Return every image that the build of a Dockerfile takes something from."""
    found = [*_syntax(path, content)]
    froms = read_froms(content, arguments)
    stages: set[str] = set()
    for one in froms:
        known = one.image.lower() in stages or one.image.lower() == "scratch"
        if not known:
            found.append(_of_from(path, one))
        if one.stage:
            stages.add(one.stage)
    for line, name in _others(content):
        if name.lower() not in stages and not name.isdecimal():
            unknown = "$" in name
            found.append(
                ImageReference(
                    path=path,
                    line=line,
                    written=name,
                    image="" if unknown else name,
                    why="it is named by a variable" if unknown else "",
                )
            )
    return found


def _of_from(path: str, one: From) -> ImageReference:
    return ImageReference(
        path=path,
        line=one.line,
        written=one.written,
        image=one.image,
        platform=one.platform,
        why="" if one.image else _NO_VALUE,
    )


def _syntax(path: str, content: str) -> Iterator[ImageReference]:
    for number, line in enumerate(content.splitlines(), start=1):
        directive = _DIRECTIVE.fullmatch(line.strip())
        if directive is None:
            return
        if directive[1].lower() == "syntax":
            image = directive[2]
            yield ImageReference(path=path, line=number, written=image, image=image)


def _others(content: str) -> Iterator[tuple[int, str]]:
    """Yield line and name of what is copied and mounted from."""
    for line, instruction in instructions(content):
        word = instruction.partition(" ")[0].upper()
        if word in {"COPY", "ADD"}:
            for match in _COPIED.finditer(instruction):
                yield line, match[1]
        elif word == "RUN":
            for match in _MOUNTED.finditer(instruction):
                for part in match[1].split(","):
                    name, _, value = part.partition("=")
                    if name == "from" and value:
                        yield line, value
