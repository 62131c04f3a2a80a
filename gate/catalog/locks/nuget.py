""".NET: ``packages.lock.json``.  Rules: NuGet's documentation, "Locking dependencies"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gate.catalog.document import mapping, read_json, word
from gate.catalog.language import Identity
from gate.catalog.locks.sources import locks_named
from gate.sources.budget import Meter
from gate.sources.streams import Chunk


def parse_lock(path: bytes, content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the packages for all target frameworks, without the solution's own projects."""
    del path
    lock = mapping(read_json(content, dict[str, Any], meter), "the document")
    if "dependencies" not in lock:
        raise ValueError("has no dependencies")
    found = set[Identity]()
    for framework, packages in mapping(lock["dependencies"], "dependencies").items():
        for name, value in mapping(packages, f"'{framework}'").items():
            entry = mapping(value, f"'{name}'")
            if entry.get("type") != "Project":
                version = word(entry.get("resolved"), f"the version of '{name}'")
                found.add(Identity(type="nuget", name=word(name, "a name"), version=version))
    return sorted(found)


NUGET = locks_named("NuGet lock files", parse_lock, b"packages.lock.json")
