"""A few files of an image as they were after one of its lower layers.

A database that every layer writes anew says in the merged view only what is
there at the end; the versions below tell which layer brought what.
"""

from __future__ import annotations

from collections.abc import Sequence

from gate.bom.model import Note
from gate.sources.budget import Meter
from gate.sources.layer import Content
from gate.sources.paths import text
from gate.sources.streams import Chunk
from gate.sources.tar import Kind, Member
from gate.sources.tree import Excerpt, MissingError, Tree
from gate.sources.wanted import Reduction, Wanted


class LowerTree:
    """The view after one layer, for paths that the merged view has, too.  Implements `Tree`.

    Links are those of the merged view, which is what a package manager that
    runs later would follow.
    """

    notes: Sequence[Note] = ()
    unsearched: Sequence[bytes] = ()

    def __init__(
        self, merged: Tree, contents: Sequence[Content], diff_ids: Sequence[str], meter: Meter
    ) -> None:
        """Take the `contents` of the layers up to this one, lowest first."""
        self._merged = merged
        self._contents = contents
        self._diff_ids = diff_ids
        self._meter = meter
        self.diff_id = diff_ids[len(contents) - 1]

    def _entry(self, path: bytes) -> tuple[int, Member] | None:
        """Return the topmost plain file at `path`, and the number of its layer."""
        target = self._merged.resolve(path)
        for number in range(len(self._contents) - 1, -1, -1):
            index = self._contents[number].index
            entry = index.entries.get(target)
            if entry is not None:
                return (number, entry) if entry.kind is Kind.FILE else None
            if target in index.whiteouts:
                return None
        return None

    def find(self, wanted: Wanted) -> list[bytes]:
        """Return the wanted paths of the merged view that were there already."""
        return [path for path in self._merged.find(wanted) if self._entry(path) is not None]

    def excerpts(self, reduction: Reduction) -> list[Excerpt]:
        """Return nothing: programs are looked at in the merged view."""
        del reduction
        return []

    def resolve(self, path: bytes) -> bytes:
        """Return `path` with all links followed."""
        return self._merged.resolve(path)

    def exists(self, path: bytes) -> bool:
        """Return whether there was a plain file at `path`."""
        return self._entry(path) is not None

    def read(self, path: bytes) -> Chunk:
        """Return the content of the file at `path`."""
        found = self._entry(path)
        if found is None:
            raise MissingError("there is no such file", where=text(path))
        number, entry = found
        return self._contents[number].read(entry, self._meter)

    def modified(self, path: bytes) -> int:
        """Return when the file at `path` was last written."""
        found = self._entry(path)
        return found[1].mtime if found is not None else 0

    def layer_of(self, path: bytes) -> str:
        """Return the diff_id of the layer that holds the file at `path`."""
        found = self._entry(path)
        return self._diff_ids[found[0]] if found is not None else ""
