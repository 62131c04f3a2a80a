"""PHP: ``composer.lock``.  Rules: Composer's documentation, "The lock file"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gate.catalog.document import read_json
from gate.catalog.language import Identity
from gate.catalog.locks.sources import listing, locks_named, mapping, word
from gate.sources.budget import Meter
from gate.sources.streams import Chunk


def parse_lock(path: bytes, content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the packages of both lists, those for development too."""
    del path
    lock = mapping(read_json(content, dict[str, Any], meter), "the document")
    if "packages" not in lock:
        raise ValueError("has no packages")
    found = []
    for key in ("packages", "packages-dev"):
        for value in listing(lock.get(key) or [], f"'{key}'"):
            entry = mapping(value, "a package")
            full = word(entry.get("name"), "the name of a package")
            vendor, _, name = full.rpartition("/")
            version = word(entry.get("version"), f"the version of '{full}'")
            found.append(
                Identity(
                    type="composer",
                    namespace=vendor.lower(),
                    name=name.lower(),
                    version=version.removeprefix("v") if version[1:2].isdigit() else version,
                )
            )
    return found


COMPOSER = locks_named("Composer lock files", parse_lock, b"composer.lock")
