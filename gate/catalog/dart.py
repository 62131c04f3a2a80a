"""Dart packages: the folders of a pub cache.

Rules: Dart's documentation, "The system package cache":
``hosted/HOST/NAME-VERSION/pubspec.yaml``.  A program that was compiled says
nothing of what it was made from.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gate.catalog.language import FileCataloger, Identity
from gate.sources.budget import Meter
from gate.sources.paths import text
from gate.sources.streams import Chunk
from gate.sources.wanted import Named, Wanted

_FOLDER = re.compile(r"([A-Za-z0-9_]+)-([0-9].*)")


def parse_pubspec(path: bytes, content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the package that a folder of the cache is named after."""
    del content, meter
    folder = _FOLDER.fullmatch(text(path).split("/")[-2])
    if folder is None:
        raise ValueError("lies in a folder that is not NAME-VERSION")
    return [Identity(type="pub", name=folder[1], version=folder[2])]


DART = FileCataloger(
    what="Dart packages",
    wanted=Wanted(names=frozenset({Named(b"pubspec.yaml", rb"(?:\A|/)hosted/[^/]+/[^/]+\Z")})),
    parse=parse_pubspec,
)
