"""Node packages as installed: ``package.json`` of each folder in a ``node_modules``.

Rules: npm's documentation, "folders" and "package.json" (name, version,
scopes).  The ``package.json`` of an application's own sources is a wish, not a
package, and lies outside; so do the ones deeper inside a package.  Debian
installs into ``usr/share/nodejs``, which its Node searches too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from gate.catalog.document import read_json
from gate.catalog.language import FileCataloger, Identity
from gate.sources.budget import Meter
from gate.sources.paths import text
from gate.sources.streams import Chunk
from gate.sources.wanted import Named, Wanted

_PACKAGE = rb"(?:@[^/]+/)?[^/@.][^/]*"
_ROOTS = rb"(?:(?:\A|/)node_modules|\Ausr/(?:share|lib)/nodejs)/"
_INSTALLED = re.compile(_ROOTS + rb"(" + _PACKAGE + rb")\Z")
_STEP = re.compile(_PACKAGE + rb"|\.[^/]+/[^/]+")
"""What lies between one ``node_modules`` and the next; stores of pnpm begin with a dot."""
_NAME = re.compile(r"(?:@([^/@\s]+)/)?([^/@\s]+)")
_VERSION = re.compile(r"[!-~]+")


class _Manifest(msgspec.Struct, frozen=True):
    """The fields that matter, in whatever type an author wrote them."""

    name: Any = None
    version: Any = None
    license: Any = None


def parse_manifest(path: bytes, content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the package that a ``package.json`` describes, none where it is a test's fixture."""
    folder = path.rpartition(b"/")[0]
    installed = _INSTALLED.search(folder)
    try:
        manifest = read_json(content, _Manifest, meter)
        return [_identity(manifest, text(installed[1]) if installed else "")]
    except ValueError:
        if _is_fixture(folder):
            return []
        raise


def _identity(manifest: _Manifest, folder: str) -> Identity:
    # npm calls a package without a name by its folder.
    stated = manifest.name or folder
    name = _NAME.fullmatch(stated) if isinstance(stated, str) else None
    if name is None:
        raise ValueError("has no valid name")
    version = manifest.version.strip() if isinstance(manifest.version, str) else ""
    if not _VERSION.fullmatch(version):
        raise ValueError(f"has no valid version of '{name[0]}'")
    return Identity(
        type="npm",
        namespace=f"@{name[1]}" if name[1] else "",
        name=name[2],
        version=version.lstrip("=v"),
        licence=manifest.license if isinstance(manifest.license, str) else "",
    )


def _is_fixture(folder: bytes) -> bool:
    """Return whether a ``node_modules`` lies somewhere inside a package.

    Package managers nest it directly in one.  Deeper down are the examples of
    tests, which may be malformed on purpose.
    """
    steps = (b"/" + folder).split(b"/node_modules/")[1:]
    return not all(map(_STEP.fullmatch, steps))


NODE = FileCataloger(
    what="Node packages",
    wanted=Wanted(names=frozenset({Named(b"package.json", _INSTALLED.pattern)})),
    parse=parse_manifest,
)
