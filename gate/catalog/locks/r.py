"""R: ``renv.lock``.  Rules: renv's documentation, "lockfiles"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gate.catalog.document import mapping, read_json, word
from gate.catalog.language import Identity
from gate.catalog.locks.sources import locks_named
from gate.sources.budget import Meter
from gate.sources.streams import Chunk


def parse_lock(path: bytes, content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the packages a lock file names."""
    del path
    lock = mapping(read_json(content, dict[str, Any], meter), "the document")
    found = []
    for name, value in mapping(lock.get("Packages"), "'Packages'").items():
        version = word(mapping(value, f"'{name}'").get("Version"), f"the version of '{name}'")
        found.append(Identity(type="cran", name=word(name, "a name"), version=version))
    return found


RENV = locks_named("renv lock files", parse_lock, b"renv.lock")
