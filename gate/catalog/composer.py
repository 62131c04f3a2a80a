"""PHP packages: ``vendor/composer/installed.json``, which Composer keeps of what it installed.

Rules: Composer's class FilesystemRepository (version 1 of the file is a list, 2
has it under ``packages``) and ValidatingArrayLoader (names are lower case).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gate.catalog.document import read_json
from gate.catalog.language import FileCataloger, Identity
from gate.catalog.locks.composer import package
from gate.catalog.locks.sources import listing, mapping
from gate.sources.budget import Meter
from gate.sources.streams import Chunk
from gate.sources.wanted import Named, Wanted


def parse_installed(path: bytes, content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the packages that an ``installed.json`` lists."""
    del path
    document: Any = read_json(content, object, meter)
    if isinstance(document, dict):
        document = document.get("packages")
    return [package(mapping(entry, "a package")) for entry in listing(document, "packages")]


COMPOSER = FileCataloger(
    what="Composer packages",
    wanted=Wanted(names=frozenset({Named(b"installed.json", rb"(?:\A|/)composer\Z")})),
    parse=parse_installed,
)
