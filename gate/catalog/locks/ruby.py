"""Ruby: ``Gemfile.lock``.  Rules: Bundler's lockfile_parser (sections, indentation)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gate.catalog.language import Identity
from gate.catalog.locks.sources import locks_named, read_text
from gate.sources.budget import Meter
from gate.sources.streams import Chunk

_SECTION = re.compile(r"[A-Z][A-Z ]*")
_SPEC = re.compile(r"    ([A-Za-z0-9_][\w.-]*) \(([0-9][0-9A-Za-z.]*)(?:-([^)]+))?\)")
_OF_OTHERS = frozenset({"GEM", "GIT", "PLUGIN SOURCE"})
"""Sections of packages that are not the project's own (PATH)."""


def parse_lock(path: bytes, content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the gems a lock file names, one for all its platforms."""
    del path
    section, found = "", set[Identity]()
    seen = False
    for line in read_text(content, meter).splitlines():
        if _SECTION.fullmatch(line):
            section = line
            seen = seen or line in _OF_OTHERS or line == "DEPENDENCIES"
        elif section in _OF_OTHERS and line.startswith("    ") and line[4:5] != " ":
            spec = _SPEC.fullmatch(line)
            if spec is None:
                raise ValueError(f"has a gem that is not understood: '{line.strip()[:80]}'")
            found.add(Identity(type="gem", name=spec[1], version=spec[2]))
        elif line.startswith(("<<<<<<<", "=======", ">>>>>>>")):
            raise ValueError("holds the marks of a merge that was not finished")
    if not seen:
        raise ValueError("is no lock file of Bundler")
    return sorted(found)


BUNDLER = locks_named("Bundler lock files", parse_lock, b"Gemfile.lock", b"gems.locked")
