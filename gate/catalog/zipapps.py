"""Python programs that carry their packages with them in a zip archive: pex, shiv, zipapp.

Rules: PEP 441 (an archive, with or without a ``#!`` line before it); the folders
that pex (``.deps/``) and shiv (``site-packages/``) put packages into, each with its
``dist-info`` of "Recording installed projects"; pex's layouts with zipped wheels.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.catalog.language import Contents, Identity
from gate.catalog.python import parse_metadata
from gate.catalog.reduced import ReducedCataloger, keep
from gate.catalog.zipped import Allowance, Zip, has_end
from gate.errors import InputError
from gate.sources.budget import Meter
from gate.sources.wanted import Reduction

ENDINGS = (b".pex", b".pyz", b".pyzw", b".whl")
_NAMED = "zipped Python programs"
_SCRIPTS = "scripts with a zip archive"
_METADATA = re.compile(
    rb"(?:[^/]+/)*(?:[^/]+\.dist-info/METADATA|(?:[^/]+\.egg-info|EGG-INFO)/PKG-INFO)"
)
_WHEEL = re.compile(rb"(?:[^/]+/)*[^/]+\.whl")
_STORES = re.compile(rb"(?:\A|/)\.deps/[^/]+\Z")
"""Where wheels are that are imported from; elsewhere they only wait to be installed."""
_MIB = 1024 * 1024
_LARGEST = 16 * _MIB
_NESTED = 512 * _MIB
_UNPACKED = 1024 * _MIB


def reduce_named(path: bytes, content: memoryview, gone: bool) -> bytes:
    """Return what is to be kept of a file that is a zipped program by its name."""
    if path.lower().endswith(b".whl") and _STORES.search(path) is None:
        return b""
    return _reduced(_NAMED, path, content, gone)


def reduce_script(path: bytes, content: memoryview, gone: bool) -> bytes:
    """Return what is to be kept of an executable script, for most nothing."""
    if path.lower().endswith(ENDINGS) or not has_end(content):
        return b""
    return _reduced(_SCRIPTS, path, content, gone)


def _reduced(what: str, path: bytes, content: memoryview, gone: bool) -> bytes:
    packages: list[Identity] = []
    problem = ""
    try:
        packages.extend(_packages(content, Allowance(_UNPACKED), 0))
    except (ValueError, InputError) as error:
        problem = str(error)
    if not packages and (not problem or not has_end(content)):
        # Python does not run it either, or it is somebody's own program and nothing else.
        return b""
    return keep(what, Contents(tuple(sorted(set(packages))), problem), path, content, gone)


def _packages(content: memoryview, allowance: Allowance, depth: int) -> Iterator[Identity]:
    archive = Zip(content)
    for name in archive.names:
        if _METADATA.fullmatch(name):
            metadata = archive.read(name, _LARGEST, allowance)
            yield from parse_metadata(name, metadata, Meter())
        elif not depth and _WHEEL.fullmatch(name):
            yield from _packages(archive.read(name, _NESTED, allowance), allowance, depth + 1)


ZIPAPPS = (
    ReducedCataloger(what=_NAMED, reduction=Reduction(reduce_named, endings=ENDINGS)),
    # What is too large to be looked at is reported with the programs, of which it may be one.
    ReducedCataloger(what=_SCRIPTS, reduction=Reduction(reduce_script, magic=b"#!"), first=False),
)
