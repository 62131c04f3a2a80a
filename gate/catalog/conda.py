"""Conda packages: ``conda-meta/<name>-<version>-<build>.json`` of each environment.

Rules: conda's documentation, "conda-meta".  What conda installs for Python has
its dist-info as well and is found there; a conda package itself is of another
ecosystem, so it keeps its own purl type.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from gate.catalog.document import read_json
from gate.catalog.language import FileCataloger, Identity
from gate.sources.budget import Meter
from gate.sources.streams import Chunk
from gate.sources.wanted import Named, Wanted

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_VERSION = re.compile(r"[!-~]+")


class _Record(msgspec.Struct, frozen=True):
    name: str
    version: str
    license: str | None = None


def parse_record(path: bytes, content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the package of one record."""
    del path
    record = read_json(content, _Record, meter)
    if not _NAME.fullmatch(record.name) or not _VERSION.fullmatch(record.version):
        raise ValueError("has no valid name and version")
    return [Identity("conda", record.name, record.version, licence=record.license or "")]


CONDA = FileCataloger(
    what="conda packages",
    wanted=Wanted(names=frozenset({Named(b".json", rb"(?:\A|/)conda-meta\Z")})),
    parse=parse_record,
)
