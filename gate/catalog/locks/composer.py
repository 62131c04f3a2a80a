"""PHP: ``composer.lock``.  Rules: Composer's documentation, "The lock file"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    return [
        package(mapping(entry, "a package"))
        for key in ("packages", "packages-dev")
        for entry in listing(lock.get(key) or [], f"'{key}'")
    ]


def package(entry: Mapping[str, Any]) -> Identity:
    """Return the package of an entry; versions of branches stay as they are (``dev-main``)."""
    full = word(entry.get("name"), "the name of a package")
    vendor, _, name = full.rpartition("/")
    version = word(entry.get("version"), f"the version of '{full}'")
    return Identity(
        type="composer",
        namespace=vendor.lower(),
        name=name.lower(),
        version=version.removeprefix("v") if version[1:2].isdigit() else version,
    )


COMPOSER = locks_named("Composer lock files", parse_lock, b"composer.lock")
