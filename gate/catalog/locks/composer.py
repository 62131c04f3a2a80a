"""PHP: ``composer.lock``.  Rules: Composer's documentation, "The lock file"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gate.catalog.composer import package
from gate.catalog.document import listing, mapping, read_json
from gate.catalog.language import Identity
from gate.catalog.locks.sources import locks_named
from gate.sources.budget import Meter
from gate.sources.streams import Chunk


def parse_lock(path: bytes, content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the packages of both lists, those for development too."""
    del path
    lock = mapping(read_json(content, dict[str, Any], meter), "the document")
    if "packages" not in lock:
        raise ValueError("has no packages")
    return [
        package(mapping(entry, "a package"))
        for key in ("packages", "packages-dev")
        for entry in listing(lock.get(key) or [], f"'{key}'")
    ]


COMPOSER = locks_named("Composer lock files", parse_lock, b"composer.lock")
