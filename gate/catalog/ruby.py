"""Ruby gems: the ``.gemspec`` that RubyGems writes for each gem it installs.

Rules: RubyGems' Gem::Specification#to_ruby, which writes the file (it is code,
and only these lines of it are read), and Gem::BasicSpecification#full_name,
which names it (``name-version[-platform]``).  A ``.gemspec`` elsewhere belongs to
the sources of a gem.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gate.catalog.language import FileCataloger, Identity
from gate.sources.budget import Meter
from gate.sources.paths import text
from gate.sources.streams import Chunk
from gate.sources.wanted import Named, Wanted

_FIELD = re.compile(
    r"""^[ ]*\w+\.(name|version)[ ]*=[ ]*(?:Gem::Version\.new[ (])?["']([^"'\s]+)["']""",
    re.MULTILINE,
)
_STUB = re.compile(r"^# stub: (\S+) (\S+)", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_VERSION = re.compile(r"[0-9]+(?:\.[0-9A-Za-z]+)*")


def parse_gemspec(path: bytes, content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the gem that a file describes, if its name says the same."""
    head = bytes(content[: meter.budget.header_bytes]).decode("utf-8", "replace")
    fields: dict[str, str] = {}
    for field, value in _FIELD.findall(head):
        fields.setdefault(field, value)
    stub = _STUB.search(head)
    name = fields.get("name") or (stub[1] if stub else "")
    version = fields.get("version") or (stub[2] if stub else "")
    if not _NAME.fullmatch(name) or not _VERSION.fullmatch(version):
        raise ValueError("names no gem and version")
    stem = text(path.rpartition(b"/")[2]).removesuffix(".gemspec")
    if not f"{stem}-".startswith(f"{name}-{version}-"):
        raise ValueError(f"describes '{name}-{version}', which is not its own name")
    return [Identity(type="gem", name=name, version=version)]


RUBY = FileCataloger(
    what="Ruby gems",
    wanted=Wanted(names=frozenset({Named(b".gemspec", rb"(?:\A|/)specifications(?:/default)?\Z")})),
    parse=parse_gemspec,
)
