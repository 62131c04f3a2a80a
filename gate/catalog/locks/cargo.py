"""Rust: ``Cargo.lock``, versions 1 to 4.  Rules: The Cargo Book; crate cargo-lock."""

from __future__ import annotations

from collections.abc import Sequence

from gate.catalog.document import listing, mapping, word
from gate.catalog.language import Identity
from gate.catalog.locks.sources import locks_named, read_toml
from gate.sources.budget import Meter
from gate.sources.streams import Chunk


def parse_lock(path: bytes, content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the crates a lock file names; one without a source is the workspace's own."""
    del path
    found = []
    for value in listing(read_toml(content, meter).get("package", []), "'package'"):
        entry = mapping(value, "a package")
        name = word(entry.get("name"), "the name of a package")
        version = word(entry.get("version"), f"the version of '{name}'")
        if "source" in entry:
            found.append(Identity(type="cargo", name=name, version=version))
    return found


CARGO = locks_named("Cargo lock files", parse_lock, b"Cargo.lock")
