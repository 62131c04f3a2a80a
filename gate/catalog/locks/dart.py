"""Dart: ``pubspec.lock``.  Rules: Dart's documentation, "The pubspec file"."""

from __future__ import annotations

from collections.abc import Sequence

from gate.catalog.document import mapping, word
from gate.catalog.language import Identity
from gate.catalog.locks.sources import locks_named, read_yaml
from gate.sources.budget import Meter
from gate.sources.streams import Chunk

_OWN_SOURCES = frozenset({"path", "sdk"})


def parse_lock(path: bytes, content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the packages a lock file names; those of the SDK come with the SDK."""
    del path
    found = []
    for name, value in mapping(read_yaml(content, meter).get("packages"), "packages").items():
        entry = mapping(value, f"'{name}'")
        if entry.get("source") not in _OWN_SOURCES:
            version = word(entry.get("version"), f"the version of '{name}'")
            found.append(Identity(type="pub", name=word(name, "a name"), version=version))
    return found


PUB = locks_named("pub lock files", parse_lock, b"pubspec.lock")
