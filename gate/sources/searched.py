"""One search of a tree for all who want something of it."""

from __future__ import annotations

from collections.abc import Sequence

from gate.bom.model import Note
from gate.errors import InputError
from gate.sources.streams import Chunk
from gate.sources.tree import Excerpt, Tree
from gate.sources.wanted import NOTHING, Reduction, Wanted


class SearchedTree:
    """A tree that was searched once for all who want something of it.  Implements `Tree`."""

    def __init__(self, tree: Tree, wanted: Wanted) -> None:
        """Search `tree` for everything in `wanted`."""
        self._tree = tree
        self._wanted = wanted
        self._found: list[bytes] = []
        self._excerpts: dict[Reduction, list[Excerpt]] = {}
        try:
            self._found = tree.find(wanted)
        except InputError:
            # Each who asks is told on its own, since it is about one of their paths.
            self._wanted = NOTHING

    @property
    def notes(self) -> Sequence[Note]:
        """What was odd about the target, so far."""
        return self._tree.notes

    @property
    def unsearched(self) -> Sequence[bytes]:
        """Folders that could not be entered."""
        return self._tree.unsearched

    def find(self, wanted: Wanted) -> list[bytes]:
        """Return the wanted paths that exist and are not folders, sorted."""
        if not self._wanted.covers(wanted):
            return self._tree.find(wanted)
        matches = wanted.matcher()
        return [path for path in self._found if matches(path)]

    def excerpts(self, reduction: Reduction) -> list[Excerpt]:
        """Return the files of which `reduction` keeps anything."""
        if reduction not in self._excerpts:
            self._excerpts[reduction] = self._tree.excerpts(reduction)
        return self._excerpts[reduction]

    def resolve(self, path: bytes) -> bytes:
        """Return `path` with all links followed."""
        return self._tree.resolve(path)

    def exists(self, path: bytes) -> bool:
        """Return whether there is anything at `path`, links followed."""
        return self._tree.exists(path)

    def read(self, path: bytes) -> Chunk:
        """Return the content of the file at `path`, links followed."""
        return self._tree.read(path)

    def modified(self, path: bytes) -> int:
        """Return when the file was last written, in seconds since 1970."""
        return self._tree.modified(path)

    def layer_of(self, path: bytes) -> str:
        """Return the diff_id of the layer that holds the file."""
        return self._tree.layer_of(path)
