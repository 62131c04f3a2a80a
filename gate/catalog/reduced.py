"""Packages in files that are looked at once, wherever their bytes are at hand.

A program or an archive is large, and in a compressed layer it is there only
while it passes.  So a `Reduction` keeps what catalogers need as a small
document: the packages, what is wrong, and, where the content is gone
afterwards, the digests by which an unchanged file of the distribution is known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from gate.bom.model import Location
from gate.catalog.language import Contents, Identity, Installed, Problem, package_of
from gate.catalog.package import Package
from gate.sources.budget import Meter
from gate.sources.paths import text
from gate.sources.streams import digest_of
from gate.sources.tree import Tree
from gate.sources.wanted import Reduction, Wanted

_ADD_ON = re.compile(rb"(?:usr/local|opt|srv|home|root|tmp|app)/|[^/]*\Z")
"""Where a distribution's packages put nothing (FHS 3.0, sections 3 and 4)."""
_ALGORITHMS = ("md5", "sha1", "sha256")
"""Those of dpkg, apk and rpm."""


class _Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    what: str
    packages: tuple[Identity, ...] = ()
    problem: str = ""
    digests: dict[str, str] = {}


SILENT = msgspec.json.encode(_Kept(""))
"""Kept of a file that was looked at and says nothing of itself."""


def what_is_kept(data: bytes) -> str:
    """Return the name of the cataloger that a kept document is for, "" for none."""
    return msgspec.json.decode(data, type=_Kept).what


def keep(what: str, contents: Contents, path: bytes, content: memoryview, gone: bool) -> bytes:
    """Return the document that a `ReducedCataloger` of this name reads."""
    may_be_owned = gone and not _ADD_ON.match(path)
    digests = {name: digest_of(content, name) for name in _ALGORITHMS} if may_be_owned else {}
    return msgspec.json.encode(_Kept(what, contents.packages, contents.problem, digests))


class ReducedCataloger(msgspec.Struct, frozen=True, kw_only=True):
    """The packages in files of one kind.  Implements `LanguageCataloger`."""

    what: str
    reduction: Reduction
    first: bool = True
    """Whether a file that could not be looked at at all is reported here: one of all
    catalogers that share a reduction."""

    @property
    def wanted(self) -> Wanted:
        """The files, which are looked at once for all who share the reduction."""
        return Wanted(reductions=frozenset({self.reduction}))

    def __call__(self, tree: Tree, meter: Meter) -> Installed:
        """Return the packages of every file of this kind."""
        del meter
        packages: list[tuple[bytes, Package]] = []
        problems: list[Problem] = []
        digests: dict[bytes, Mapping[str, str]] = {}
        for path, data, problem in tree.excerpts(self.reduction):
            if not data:
                if self.first:
                    problems.append(Problem(path, problem))
                continue
            kept = msgspec.json.decode(data, type=_Kept)
            if kept.what != self.what:
                continue
            layer = tree.layer_of(path)
            for found in kept.packages:
                place = f"{text(path)}!/{found.inside}" if found.inside else text(path)
                location = Location(path=place, layer=layer)
                packages.append((path, package_of(found, location)))
            digests[path] = kept.digests
            if kept.problem:
                problems.append(Problem(path, kept.problem))
        return Installed(packages=tuple(packages), problems=tuple(problems), digests=digests)
