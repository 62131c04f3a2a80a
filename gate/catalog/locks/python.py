"""Python: lock files of Poetry, uv, PDM, pip (``pylock.toml``) and Pipenv.

Rules: each tool's documentation; PEP 751 (``pylock.toml``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gate.catalog.document import listing, mapping, read_json, word
from gate.catalog.language import Identity
from gate.catalog.locks.sources import locks_named, python_package, read_toml
from gate.sources.budget import Meter
from gate.sources.streams import Chunk

_OWN_SOURCES = frozenset({"editable", "virtual", "directory", "path"})


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
        found.append(python_package(name, word(entry.get("version"), f"the version of '{name}'")))
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
            found.append(python_package(word(name, "a name"), version.removeprefix("==")))
    return sorted(set(found))


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
