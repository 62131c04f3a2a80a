"""Gradle: ``gradle.lockfile``.  Rules: Gradle's manual, "Locking versions"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gate.catalog.language import Identity
from gate.catalog.locks.sources import locks_named, read_text
from gate.sources.budget import Meter
from gate.sources.streams import Chunk

_LINE = re.compile(r"([^:=\s]+):([^:=\s]+):([^:=\s]+)=.*")


def parse_lock(path: bytes, content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the modules of all configurations."""
    del path
    found = []
    for line in read_text(content, meter).splitlines():
        if not line.strip() or line.startswith(("#", "empty=")):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"has a line that is not understood: '{line[:80]}'")
        found.append(Identity(type="maven", namespace=match[1], name=match[2], version=match[3]))
    return found


GRADLE = locks_named(
    "Gradle lock files", parse_lock, b"gradle.lockfile", b"buildscript-gradle.lockfile"
)
