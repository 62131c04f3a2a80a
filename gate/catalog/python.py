"""Python packages as installed: dist-info, egg-info and eggs.

Rules: PyPA specifications "Recording installed projects" (``METADATA``), "Core
metadata" (fields), "Names and normalization"; setuptools' formats of eggs
(``PKG-INFO`` in a folder ``*.egg-info`` or ``EGG-INFO``, or the file
``*.egg-info`` that distutils wrote).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gate.catalog.language import FileCataloger, Identity
from gate.sources.budget import Meter
from gate.sources.streams import Chunk
from gate.sources.wanted import Named, Wanted

_FIELD = re.compile(
    rb"(?i)^(Name|Version|License|License-Expression)[ \t]*:[ \t]*([^\r\n]*)", re.MULTILINE
)
_HEADERS_END = re.compile(rb"(?:\A|\n)\r?\n")
_NAME = re.compile(r"(?ai)[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")
_VERSION = re.compile(r"[!-~]+")
_PINNED = re.compile(r"([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==([!-:<-~]+)(?:\s*;.*)?", re.ASCII)
_VENDORED = (b"vendor.txt", b"vendored.txt")
"""As pip and as setuptools call the list."""
_RUNS = re.compile(r"[-_.]+")
_LICENCE_CHARACTERS = 100
"""Some projects put the whole text of their licence where its name belongs."""


def parse_metadata(path: bytes, content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the package that a ``METADATA`` or ``PKG-INFO`` describes."""
    del path
    # The description, which follows the fields, may be a book.
    head = bytes(content[: meter.budget.header_bytes])
    fields: dict[str, str] = {}
    for name, value in _FIELD.findall(_HEADERS_END.split(head, maxsplit=1)[0]):
        key = name.decode("ascii").lower()
        stated = value.decode("utf-8", "replace").strip()
        if fields.setdefault(key, stated) != stated and key in {"name", "version"}:
            raise ValueError(f"states two different values of '{key}'")
    name, version = fields.get("name", ""), fields.get("version", "")
    if not _NAME.fullmatch(name):
        raise ValueError("names no package")
    if not _VERSION.fullmatch(version):
        raise ValueError(f"has no valid version of '{name}'")
    licence = fields.get("license-expression") or fields.get("license", "")
    return [
        Identity(
            type="pypi",
            name=_RUNS.sub("-", name).lower(),
            version=version,
            licence=licence if len(licence) <= _LICENCE_CHARACTERS else "",
        )
    ]


def parse_vendored(path: bytes, content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the packages that a project copied into itself, from its ``_vendor/vendor.txt``.

    pip and the projects that took over its way list them there, each pinned;
    what else is installed of them is only their code.
    """
    del path
    if len(content) > meter.budget.document_bytes:
        raise meter.over("document_bytes", f"{meter.budget.document_bytes:,} bytes", "vendor.txt")
    found = []
    for line in bytes(content).decode("utf-8", "replace").splitlines():
        stated = line.partition("#")[0].strip()
        pinned = _PINNED.fullmatch(stated)
        if pinned is not None:
            name = _RUNS.sub("-", pinned[1]).lower()
            found.append(Identity(type="pypi", name=name, version=pinned[2]))
        elif stated:
            raise ValueError(f"does not pin '{stated[:80]}' to a version")
    return found


VENDORED = FileCataloger(
    what="vendored Python packages",
    wanted=Wanted(names=frozenset(Named(name, rb"(?:\A|/)_vendor\Z") for name in _VENDORED)),
    parse=parse_vendored,
)
PYTHON = FileCataloger(
    what="Python packages",
    wanted=Wanted(
        names=frozenset(
            {
                Named(b"METADATA", rb"\.dist-info\Z"),
                Named(b"PKG-INFO", rb"(?:\.egg-info|(?:\A|/)EGG-INFO)\Z"),
                Named(b".egg-info"),
            }
        )
    ),
    parse=parse_metadata,
    inside=b"PKG-INFO",
)
