"""PHP packages: ``vendor/composer/installed.json``, which Composer keeps of what it installed.

Rules: Composer's class FilesystemRepository (version 1 of the file is a list, 2
has it under ``packages``) and ValidatingArrayLoader (names are lower case).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gate.catalog.document import listing, mapping, read_json, word
from gate.catalog.language import FileCataloger, Identity
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


COMPOSER = FileCataloger(
    what="Composer packages",
    wanted=Wanted(names=frozenset({Named(b"installed.json", rb"(?:\A|/)composer\Z")})),
    parse=parse_installed,
)
