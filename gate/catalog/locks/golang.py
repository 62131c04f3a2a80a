"""Go: ``go.mod``, which since Go 1.17 names every module of a build.

Rules: the Go Modules Reference, "go.mod files" (require, replace, exclude,
go, toolchain).  ``go.sum`` also holds what was only looked at, so it is not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gate.catalog.language import Identity
from gate.catalog.locks.sources import locks_named, read_text
from gate.sources.budget import Meter
from gate.sources.streams import Chunk

_COMMENT = re.compile(r"\s*//.*$")
_BLOCK = re.compile(r"(\w+)\s*\(")
_PRUNED = (1, 17)
"""Release of Go from which on go.mod names the indirect modules, too."""
_GO = re.compile(r"(\d+)\.(\d+)(?:\.\d+)?(?:(?:rc|beta)\d+)?")
_LOCAL = ("./", "../", "/")
_PARTS = {"require": (2,), "replace": (3, 4, 5), "go": (1,), "toolchain": (1,)}


def parse_mod(path: bytes, content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the modules a ``go.mod`` requires, replaced as it says, and the standard library."""
    del path
    required: dict[str, str] = {}
    replaced: dict[tuple[str, str], tuple[str, str]] = {}
    release, toolchain = "", ""
    for verb, words in _directives(read_text(content, meter)):
        if verb == "require":
            required[words[0]] = words[1]
        elif verb == "replace":
            arrow = words.index("=>") if "=>" in words else 0
            if arrow not in {1, 2} or not 1 <= len(words) - arrow - 1 <= 2:
                raise ValueError(
                    f"has a replacement that is not understood: '{' '.join(words)[:80]}'"
                )
            old, new = [*words[:arrow], ""], [*words[arrow + 1 :], ""]
            replaced[old[0], old[1]] = new[0], new[1]
        elif verb == "go":
            release = words[0]
        elif verb == "toolchain":
            toolchain = words[0].removeprefix("go")
    found = [Identity("golang", "stdlib", version) for version in [toolchain or release] if version]
    for module, version in required.items():
        new_module, new_version = replaced.get(
            (module, version), replaced.get((module, ""), (module, version))
        )
        if not new_module.startswith(_LOCAL):
            found.append(_module(new_module, new_version or version))
    match = _GO.fullmatch(release)
    if required and (match is None or (int(match[1]), int(match[2])) < _PRUNED):
        raise ValueError("is for Go before 1.17 and names no indirect modules (run go mod tidy)")
    return found


def _directives(text: str) -> Iterator[tuple[str, list[str]]]:
    block = ""
    for number, line in enumerate(text.splitlines(), 1):
        words = [part.strip('"`') for part in _COMMENT.sub("", line).split()]
        if not words:
            continue
        if block and words == [")"]:
            block = ""
            continue
        opened = _BLOCK.fullmatch(" ".join(words))
        if not block and opened:
            block = opened[1]
            continue
        verb, rest = (block, words) if block else (words[0], words[1:])
        if verb in _PARTS and len(rest) not in _PARTS[verb]:
            raise ValueError(f"has a line that is not understood: line {number}")
        yield verb, rest
    if block:
        raise ValueError(f"ends inside a block of '{block}'")


def _module(path: str, version: str) -> Identity:
    namespace, _, name = path.rpartition("/")
    return Identity(type="golang", namespace=namespace, name=name, version=version)


GO = locks_named("Go modules", parse_mod, b"go.mod")
