"""Which paths of a target somebody wants to read.

Catalogers declare them; the walk over the target is done once for all.
"""

from __future__ import annotations

import msgspec

from gate.sources.paths import parent_of


class Wanted(msgspec.Struct, frozen=True):
    """A set of clean paths, by rule."""

    paths: frozenset[bytes] = frozenset()
    """Exact paths."""
    folders: frozenset[bytes] = frozenset()
    """Folders whose direct files are wanted."""

    def matches(self, path: bytes) -> bool:
        """Return whether `path` is wanted."""
        return path in self.paths or parent_of(path)[0] in self.folders

    def __or__(self, other: Wanted) -> Wanted:
        """Return what either wants."""
        return Wanted(self.paths | other.paths, self.folders | other.folders)


NOTHING = Wanted()
