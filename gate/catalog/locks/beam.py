"""Elixir: ``mix.lock``, a map of Elixir terms.  Rules: Hex's Hex.Utils.lock and Mix.SCM."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gate.catalog.language import Identity
from gate.catalog.locks.sources import locks_named, read_text
from gate.sources.budget import Meter
from gate.sources.streams import Chunk

_ENTRY = re.compile(r'\s*"([a-z0-9_]+)":\s*\{:(hex|git|path),\s*(.*)\},?\s*')
_HEX = re.compile(r':([a-z0-9_]+|"[^"]+"),\s*"([^"\s]+)",.*')


def parse_lock(path: bytes, content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the packages from Hex; ValueError where one comes from Git, without a version."""
    del path
    found = []
    for line in read_text(content, meter).splitlines():
        if line.strip() in {"", "%{", "}"}:
            continue
        entry = _ENTRY.fullmatch(line)
        stated = _HEX.fullmatch(entry[3]) if entry and entry[2] == "hex" else None
        if entry is None or (stated is None and entry[2] == "hex"):
            raise ValueError(f"has a line that is not understood: '{line.strip()[:80]}'")
        if entry[2] == "git":
            raise ValueError(f"takes '{entry[1]}' from Git, so its version is not known")
        if stated is not None:
            found.append(Identity(type="hex", name=stated[1].strip('"'), version=stated[2]))
    return found


MIX = locks_named("Mix lock files", parse_lock, b"mix.lock")
