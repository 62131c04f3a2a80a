"""Packages of languages that are not read yet: known to be there, so never passed over.

An image whose packages nobody read is not free of flaws.  A line goes when the
language gets a cataloger of its own.
"""

from __future__ import annotations

import msgspec

from gate.catalog.language import Installed, Problem
from gate.errors import InputError
from gate.sources.budget import Meter
from gate.sources.tree import Tree
from gate.sources.wanted import Named, Wanted


class UnreadCataloger(msgspec.Struct, frozen=True, kw_only=True):
    """Reports files that stand for packages.  Implements `LanguageCataloger`."""

    what: str
    names: frozenset[Named]

    @property
    def wanted(self) -> Wanted:
        """The files, without their content."""
        return Wanted(names=self.names)

    def __call__(self, tree: Tree, meter: Meter) -> Installed:
        """Return a problem for each file."""
        del meter
        paths: set[bytes] = set()
        for path in tree.find(self.wanted):
            try:
                paths.add(tree.resolve(path))
            except InputError:
                paths.add(path)
        problems = tuple(Problem(path, "is not read yet") for path in sorted(paths))
        return Installed(problems=problems, by_path=True)


def _named(*names: tuple[bytes, bytes]) -> frozenset[Named]:
    return frozenset(Named(name, folder, is_read=False) for name, folder in names)


UNREAD = (
    UnreadCataloger(what="Ruby gems", names=_named((b".gemspec", rb"(?:\A|/)specifications\Z"))),
    UnreadCataloger(
        what="Composer packages", names=_named((b"installed.json", rb"(?:\A|/)composer\Z"))
    ),
)
