"""Lua rocks: the ``.rockspec`` in the tree that LuaRocks keeps of what it installed.

Rules: LuaRocks' documentation, "File locations": ``lib/luarocks/rocks-LUA/NAME/VERSION``.
No OSV ecosystem speaks of them, so each is a gap.
"""

from __future__ import annotations

from collections.abc import Sequence

from gate.catalog.language import FileCataloger, Identity
from gate.sources.budget import Meter
from gate.sources.paths import text
from gate.sources.streams import Chunk
from gate.sources.wanted import Named, Wanted


def parse_rockspec(path: bytes, content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the rock; its place names it, the file is a program in Lua."""
    del content, meter
    *_, name, version, _ = text(path).split("/")
    return [Identity(type="luarocks", name=name, version=version)]


LUA = FileCataloger(
    what="Lua rocks",
    wanted=Wanted(
        names=frozenset({Named(b".rockspec", rb"(?:\A|/)rocks(?:-[0-9.]+)?/[^/]+/[^/]+\Z")})
    ),
    parse=parse_rockspec,
)
