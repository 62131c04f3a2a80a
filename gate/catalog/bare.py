"""Images without a distribution: nothing but programs that say what they are made of.

An image ``FROM scratch`` with one Go program has no package database and needs
none.  It is told from an image whose database was deleted by its programs:
here each one names its parts, there are many that say nothing (shells, libc).
"""

from __future__ import annotations

import msgspec

from gate.catalog.programs import PROGRAM_FILES, READERS
from gate.catalog.reduced import what_is_kept
from gate.sources.tree import Tree


class Bare(msgspec.Struct, frozen=True):
    """The programs of a target."""

    telling: int
    """How many say what they are made of."""
    silent: tuple[bytes, ...]
    """Paths of those that do not, or that could not be looked at."""

    @property
    def is_bare(self) -> bool:
        """Whether everything that can run here is known by itself."""
        return self.telling > 0 and not self.silent


def look_at_programs(tree: Tree) -> Bare:
    """Return which programs of a target say what they are made of."""
    telling, silent = 0, []
    for path, data, _ in tree.excerpts(PROGRAM_FILES):
        if data and what_is_kept(data) in READERS:
            telling += 1
        else:
            silent.append(path)
    return Bare(telling, tuple(silent))
