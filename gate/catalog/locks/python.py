"""Python: lock files of Poetry, uv, PDM, pip (``pylock.toml``) and Pipenv, and requirements.

Rules: each tool's documentation; PEP 751 (``pylock.toml``); pip's "Requirements
File Format" and PEP 508 for requirements.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from gate.catalog.document import listing, mapping, read_json, word
from gate.catalog.language import FileCataloger, Identity
from gate.catalog.locks.sources import OWN, locks_named, read_text, read_toml
from gate.sources.budget import Meter
from gate.sources.streams import Chunk
from gate.sources.wanted import Named, Wanted

_RUNS = re.compile(r"[-_.]+")
_OWN_SOURCES = frozenset({"editable", "virtual", "directory", "path"})
_PINNED = re.compile(
    r"([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*={2,3}\s*([^\s;,*]+)\s*(?:;.*)?", re.ASCII
)
_OPTION = re.compile(r"-(?:-\S+|[a-zA-Z])(?:[\s=].*)?")
_INCLUDED = re.compile(r"(?:-r|--requirement|-c|--constraint)[\s=].*")
_HASHES = re.compile(r"\s+--hash[=\s]\S+")
_REST = re.compile(r"(?:\s|^)#.*$")


def parse_toml(path: bytes, content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the packages of a TOML lock file; all tools list them alike."""
    lock = read_toml(content, meter)
    named = "packages" if path.rpartition(b"/")[2].startswith(b"pylock") else "package"
    found = []
    for value in listing(lock.get(named, []), f"'{named}'"):
        entry = mapping(value, "a package")
        name = word(entry.get("name"), "the name of a package")
        source = entry.get("source")
        if isinstance(source, dict) and _OWN_SOURCES & source.keys() and "type" not in source:
            continue
        if _OWN_SOURCES & entry.keys() or (
            isinstance(source, dict) and source.get("type") == "directory"
        ):
            continue
        found.append(_package(name, word(entry.get("version"), f"the version of '{name}'")))
    return found


def parse_pipfile(path: bytes, content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the packages of a ``Pipfile.lock``."""
    del path
    lock = mapping(read_json(content, dict[str, Any], meter), "the document")
    found = []
    for section in lock.keys() - {"_meta"}:
        for name, value in mapping(lock[section], f"'{section}'").items():
            entry = mapping(value, f"'{name}'")
            if "path" in entry or "file" in entry:
                continue
            version = word(entry.get("version"), f"the version of '{name}'")
            found.append(_package(word(name, "a name"), version.removeprefix("==")))
    return sorted(set(found))


def parse_requirements(path: bytes, content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the packages of a requirements file, if it pins each; ValueError where it does not."""
    del path
    return list(_requirements(read_text(content, meter)))


def _requirements(text: str) -> Iterator[Identity]:
    joined = re.sub(r"\\\r?\n", " ", text)
    for number, line in enumerate(joined.splitlines(), 1):
        requirement = _HASHES.sub("", _REST.sub("", line)).strip()
        if not requirement or (_OPTION.fullmatch(requirement) and not _is_more(requirement)):
            continue
        pinned = _PINNED.fullmatch(requirement)
        if _INCLUDED.fullmatch(requirement):
            # The file it names is found by its own name, or is named here.
            continue
        if pinned is None:
            raise ValueError(f"does not pin '{requirement[:80]}' to a version (line {number})")
        yield _package(pinned[1], pinned[2])


def _is_more(option: str) -> bool:
    """Return whether an option brings packages: ``-e`` and what is included."""
    return option.startswith(("-e", "--editable")) or _INCLUDED.fullmatch(option) is not None


def _package(name: str, version: str) -> Identity:
    return Identity(type="pypi", name=_RUNS.sub("-", name).lower(), version=version)


TOML_LOCKS = tuple(
    locks_named(f"{tool} lock files", parse_toml, name)
    for tool, name in (
        ("Poetry", b"poetry.lock"),
        ("uv", b"uv.lock"),
        ("PDM", b"pdm.lock"),
        ("Python", b"pylock.toml"),
    )
)
PIPENV = locks_named("Pipenv lock files", parse_pipfile, b"Pipfile.lock")
REQUIREMENTS = FileCataloger(
    what="requirements files",
    wanted=Wanted(
        names=frozenset({Named(b"requirements.txt", OWN), Named(b"requirements.lock", OWN)})
    ),
    parse=parse_requirements,
)
