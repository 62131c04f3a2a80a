"""Which files of a target somebody wants to read.

Catalogers declare them; the walk over the target is done once for all.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable

import msgspec

Reduce = Callable[[bytes, memoryview, bool], bytes]
"""From path and content of a file, and whether that content is gone afterwards, to what
is worth keeping of it; ``b""`` for nothing.  It may be called in any thread, and keeps
no reference to the content."""

EXECUTABLE = 0o111
"""Mode bits; a program has one of them."""


class Reduction(msgspec.Struct, frozen=True):
    """Files of which only what `reduce` makes of each is kept, since they are large and many."""

    reduce: Reduce
    magic: bytes = b""
    """What they begin with."""
    endings: tuple[bytes, ...] = ()
    """Of their names, in lower case; without any it is files that may be executed."""

    def takes(self, path: bytes, mode: int) -> bool:
        """Return whether a plain file is one of them, as far as name and mode tell."""
        return path.lower().endswith(self.endings) if self.endings else bool(mode & EXECUTABLE)


def ending_of(path: bytes) -> bytes:
    """Return the last dot of a path and what follows, in lower case; "" without a dot."""
    return path[path.rfind(b".") :].lower() if b"." in path else b""


class Named(msgspec.Struct, frozen=True, order=True):
    """Files of one name, wherever they lie."""

    name: bytes
    """A whole name (``METADATA``), or an ending that begins with the last dot (``.jar``)."""
    folder: bytes = b""
    """Regular expression that is searched in the path of the folder."""
    is_read: bool = True
    """False where it is enough to know that there is one."""


class Wanted(msgspec.Struct, frozen=True):
    """A set of clean paths, by rule."""

    paths: frozenset[bytes] = frozenset()
    """Exact paths."""
    folders: frozenset[bytes] = frozenset()
    """Folders whose direct files are wanted."""
    names: frozenset[Named] = frozenset()
    """Files anywhere in the tree."""
    reductions: frozenset[Reduction] = frozenset()
    """Each called once with each of its files; see `Tree.excerpts`."""

    def matcher(self, *, to_read: bool = False) -> Callable[[bytes], bool]:
        """Return the test whether a path is wanted; make it once, it is called for every file.

        With `to_read` only those match whose content is wanted.
        """
        paths, folders = self.paths, self.folders
        alternatives: dict[bytes, list[bytes]] = defaultdict(list)
        for rule in sorted(self.names):
            if rule.is_read or not to_read:
                alternatives[rule.name].append(b"(?:" + rule.folder + b")")
        rules = {name: re.compile(b"|".join(parts)) for name, parts in alternatives.items()}

        # Most paths end like none of them, and one look at their last bytes says so.
        length = min(map(len, rules), default=0)
        tails = frozenset(name[-length:] for name in rules)

        def matches(path: bytes) -> bool:
            if path[-length:] in tails:
                folder, _, name = path.rpartition(b"/")
                rule = rules.get(name) or rules.get(name[name.rfind(b".") :])
                if rule is not None and rule.search(folder) is not None:
                    return True
            return path in paths or path.rpartition(b"/")[0] in folders

        return matches

    def covers(self, other: Wanted) -> bool:
        """Return whether everything that `other` names is wanted here too."""
        return (
            other.paths <= self.paths
            and other.folders <= self.folders
            and other.names <= self.names
            and other.reductions <= self.reductions
        )

    def __or__(self, other: Wanted) -> Wanted:
        """Return what either wants."""
        return Wanted(
            self.paths | other.paths,
            self.folders | other.folders,
            self.names | other.names,
            self.reductions | other.reductions,
        )


NOTHING = Wanted()
