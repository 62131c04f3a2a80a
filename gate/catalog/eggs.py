"""Zipped Python eggs.  Rules: setuptools' "The Internal Structure of Python Eggs"."""

from __future__ import annotations

from gate.catalog.language import Contents, Identity
from gate.catalog.python import parse_metadata
from gate.catalog.reduced import ReducedCataloger, keep
from gate.catalog.zipped import Allowance, Zip
from gate.errors import InputError
from gate.sources.budget import Meter
from gate.sources.wanted import Reduction

_WHAT = "zipped Python eggs"
_METADATA = b"EGG-INFO/PKG-INFO"
_LARGEST = 16 * 1024 * 1024


def reduce_egg(path: bytes, content: memoryview, gone: bool) -> bytes:
    """Return what is to be kept of an egg."""
    try:
        found = Contents((_read(path, content),))
    except (ValueError, InputError) as error:
        found = Contents((), str(error))
    return keep(_WHAT, found, path, content, gone)


def _read(path: bytes, content: memoryview) -> Identity:
    metadata = Zip(content).read(_METADATA, _LARGEST, Allowance(_LARGEST))
    (package,) = parse_metadata(path, metadata, Meter())
    return package


EGGS = ReducedCataloger(what=_WHAT, reduction=Reduction(reduce_egg, endings=(b".egg",)))
