"""Layers, merged into the one view a container would see.

Rules: OCI image specification, layer.md (change types, whiteouts, opaque
whiteouts).  A whiteout acts on lower layers only; what a layer adds under a
path it also hides stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain

import msgspec

from gate.bom.model import Note
from gate.errors import InputError
from gate.sources.budget import Meter
from gate.sources.layer import Content
from gate.sources.lower import LowerTree
from gate.sources.paths import parent_of, text, with_parents
from gate.sources.streams import Chunk
from gate.sources.tar import Kind, Member
from gate.sources.tree import Excerpt, MissingError, follow
from gate.sources.wanted import EXECUTABLE, Reduction, Wanted, ending_of

_EXECUTABLES = b"*"
"""Stands for an ending, which begins with a dot."""


Node = tuple[int, Member]
"""A visible path: the number of the layer that holds it, and its entry.  A plain tuple, since
there are as many as files and it takes a quarter of the time to make."""


class OverlayTree:
    """The merged view over layers, lowest first.  Implements `Tree`."""

    unsearched: Sequence[bytes] = ()

    def __init__(self, layers: Sequence[tuple[str, Content]], meter: Meter, where: str) -> None:
        """Merge `layers`, pairs of diff_id and content."""
        self._contents = [content for _, content in layers]
        self._diff_ids = [diff_id for diff_id, _ in layers]
        self._meter = meter
        self._where = where
        self._nodes: dict[bytes, Node] = {}
        self.notes: list[Note] = [
            msgspec.structs.replace(note, layer=diff_id)
            for diff_id, content in layers
            for note in content.index.notes
        ]
        self._searches: list[tuple[Wanted, list[bytes]]] = []
        self._by_ending: dict[bytes, list[bytes]] | None = None
        self._merge()
        self._settle_parents()

    def _merge(self) -> None:
        """Fill the view from the top down: the first layer that has a path wins."""
        nodes = self._nodes
        removed: set[bytes] = set()
        opaque: set[bytes] = set()
        for number in reversed(range(len(self._contents))):
            index = self._contents[number].index
            hidden = _Hidden(number, nodes, removed, opaque)
            hidden_folders = {folder for folder in index.folders if hidden.folder(folder)}
            covered: set[bytes] = set()
            for path, entry in index.entries.items():
                if path in nodes:
                    if entry[1] is not Kind.DIRECTORY and nodes[path][0] != number:
                        # A file here hides the folder of the same name further
                        # down, although a folder further up hides the file.
                        covered.add(path)
                elif path not in removed and not (
                    hidden_folders and parent_of(path)[0] in hidden_folders
                ):
                    nodes[path] = number, entry
            self._note_empty_whiteouts(number)
            removed |= index.whiteouts | covered
            opaque |= index.opaque
        # Hard links that a layer itself resolves are gone already.
        links = [path for path, node in nodes.items() if node[1][1] is Kind.HARDLINK]
        for path in links:
            nodes[path] = self._hard_link(nodes[path])

    def _note_empty_whiteouts(self, number: int) -> None:
        lower = [content.index.entries for content in self._contents[:number]]
        absent = [
            path
            for path in self._contents[number].index.whiteouts
            if not any(path in entries for entries in lower)
        ]
        if absent:
            message = f"{len(absent)} whiteouts remove what no lower layer names"
            self._note("whiteout-of-nothing", message, min(absent), number)

    def _note(self, code: str, message: str, path: bytes, number: int) -> None:
        layer = self._diff_ids[number]
        self.notes.append(Note(code=code, message=message, path=text(path), layer=layer))

    def _hard_link(self, node: Node) -> Node:
        """Find a hard link's target in the layers below, as they were when it was made."""
        layer, link = node
        for number in range(layer, -1, -1):
            index = self._contents[number].index
            target = index.entries.get(link.link)
            if target is not None and target.kind is not Kind.HARDLINK:
                return number, target
            if link.link in index.whiteouts:
                break
        return node

    def _settle_parents(self) -> None:
        """Put what lies under a linked folder where the link leads.

        A builder that writes ``lib/x`` over a lower ``lib -> usr/lib`` means
        the file behind the link; container runtimes follow it.
        """
        folders = frozenset[bytes]().union(*(one.index.folders for one in self._contents))
        awkward = self._awkward(folders)
        if awkward:
            # Of what the layers have in them something may be gone.
            still = with_parents({parent_of(path)[0] for path in self._nodes})
            awkward = awkward & still
        for folder in sorted(awkward):
            if self._nodes[folder][1].kind is not Kind.SYMLINK:
                raise InputError(
                    "a file of one layer lies under a file of a lower layer",
                    where=f"{self._where}, {text(folder)}",
                    hint="no container runtime can unpack it",
                )
            self._move_behind_link(folder)

    def _awkward(self, folders: Iterable[bytes]) -> set[bytes]:
        """Return which of `folders` are no folders in the merged view."""
        nodes = self._nodes
        return {
            folder
            for folder in folders
            if folder in nodes and nodes[folder][1].kind is not Kind.DIRECTORY
        }

    def _move_behind_link(self, folder: bytes) -> None:
        under = folder + b"/"
        behind = self.resolve(folder)
        moved = [path for path in self._nodes if path.startswith(under)]
        top = 0
        for path in moved:
            node = self._nodes.pop(path)
            top = max(top, node[0])
            target = behind + b"/" + path[len(under) :] if behind else path[len(under) :]
            there = self._nodes.get(target)
            if there is None or there[0] < node[0]:
                self._nodes[target] = node
        message = f"{len(moved)} paths were written through this link and lie behind it"
        self._note("through-link", message, folder, top)

    def _link_at(self, path: bytes) -> bytes | None:
        node = self._nodes.get(path)
        if node is None or node[1].kind is not Kind.SYMLINK:
            return None
        return node[1].link

    def resolve(self, path: bytes) -> bytes:
        """Return `path` with all links followed."""
        return follow(path, self._link_at, self._meter.budget.links, self._where)

    def exists(self, path: bytes) -> bool:
        """Return whether there is anything at `path`, links followed."""
        target = self.resolve(path)
        if target in self._nodes:
            return True
        under = target + b"/"
        return any(other.startswith(under) for other in self._nodes)

    def find(self, wanted: Wanted) -> list[bytes]:
        """Return the wanted paths that exist and are not folders, sorted."""
        for searched, known in self._searches:
            if searched.covers(wanted):
                return list(filter(wanted.matcher(), known))
        found = self._find(wanted)
        self._searches.append((wanted, found))
        return found

    def _find(self, wanted: Wanted) -> list[bytes]:
        matches = wanted.matcher()
        nodes = self._nodes
        found = {
            path for path in nodes if matches(path) and nodes[path][1][1] is not Kind.DIRECTORY
        }
        for path in wanted.paths - found:
            # A path through a linked folder has no entry of its own.
            target = self._nodes.get(self.resolve(path))
            if target is not None and target[1].kind is not Kind.DIRECTORY:
                found.add(path)
        for folder in wanted.folders:
            behind = self.resolve(folder)
            if behind != folder:
                inside = self._find(Wanted(folders=frozenset({behind})))
                found.update(folder + path[len(behind) :] for path in inside)
        return sorted(found)

    def excerpts(self, reduction: Reduction) -> list[Excerpt]:
        """Return the files of which `reduction` keeps anything, sorted."""
        found = []
        for path in self._candidates(reduction):
            layer, entry = self._nodes[path]
            if not reduction.takes(path, entry.mode):
                continue
            try:
                kept = self._contents[layer].excerpt(path, entry, reduction, self._meter)
            except InputError as error:
                found.append(Excerpt(path, b"", error.what))
            else:
                if kept:
                    found.append(Excerpt(path, kept))
        return sorted(found)

    def _candidates(self, reduction: Reduction) -> Iterable[bytes]:
        """Return the plain files a reduction may take: one look at all for all reductions."""
        if self._by_ending is None:
            as_written = defaultdict[bytes, list[bytes]](list)
            executables = as_written[_EXECUTABLES]
            plain = Kind.FILE
            for path, (_, entry) in self._nodes.items():
                if entry[1] is plain:
                    as_written[path[path.rfind(b".") :]].append(path)
                    if entry[2] & EXECUTABLE:
                        executables.append(path)
            by_ending = defaultdict[bytes, list[bytes]](list)
            for ending, paths in as_written.items():
                by_ending[ending.lower()] += paths
            self._by_ending = by_ending
        endings = {ending_of(ending) for ending in reduction.endings} or {_EXECUTABLES}
        return chain.from_iterable(self._by_ending.get(ending, ()) for ending in sorted(endings))

    def read(self, path: bytes) -> Chunk:
        """Return the content of the file at `path`, links followed."""
        target = self.resolve(path)
        node = self._nodes.get(target)
        where = f"{self._where}, {text(path)}"
        if node is None:
            behind = "" if target == path else f" (it links to '{text(target)}')"
            raise MissingError(f"there is no such file{behind}", where=where)
        layer, entry = node
        if entry.kind is not Kind.FILE:
            raise InputError(f"is a {_KIND_NAMES[entry.kind]}, not a plain file", where=where)
        return self._contents[layer].read(entry, self._meter)

    def modified(self, path: bytes) -> int:
        """Return when the file at `path` was last written, as its layer says."""
        node = self._nodes.get(self.resolve(path))
        return node[1].mtime if node is not None else 0

    def levels(self, paths: Iterable[bytes]) -> list[LowerTree]:
        """Return the view after each layer that wrote or removed one of `paths`, lowest first."""
        targets = {self.resolve(path) for path in paths}
        return [
            LowerTree(self, self._contents[: number + 1], self._diff_ids, self._meter)
            for number, content in enumerate(self._contents)
            if not targets.isdisjoint(content.index.entries)
            or not targets.isdisjoint(content.index.whiteouts)
        ]

    def layer_of(self, path: bytes) -> str:
        """Return the diff_id of the layer that holds the file at `path`."""
        node = self._nodes.get(self.resolve(path))
        return self._diff_ids[node[0]] if node is not None else ""


_KIND_NAMES: dict[Kind, str] = {
    Kind.FILE: "file",
    Kind.DIRECTORY: "folder",
    Kind.SYMLINK: "link",
    Kind.HARDLINK: "hard link whose target is in no layer",
    Kind.SPECIAL: "device, fifo or socket",
    Kind.SPARSE: "sparse file",
}


class _Hidden:
    """Says of a folder whether upper layers hide what lower layers have in it."""

    def __init__(
        self, number: int, nodes: dict[bytes, Node], removed: set[bytes], opaque: set[bytes]
    ) -> None:
        self._number = number
        self._nodes = nodes
        self._removed = removed
        self._opaque = opaque
        self._known: dict[bytes, bool] = {}
        self._top = not nodes and not removed and not opaque

    def folder(self, path: bytes) -> bool:
        if self._top:
            return False
        known = self._known
        chain: list[bytes] = []
        current = path
        while current not in known:
            chain.append(current)
            if current in self._removed or current in self._opaque or self._covered(current):
                known[current] = True
                break
            if not current:
                known[current] = False
                break
            current = parent_of(current)[0]
        answer = known[current]
        for folder in chain:
            known[folder] = answer or known.get(folder, False)
        return known[path]

    def _covered(self, path: bytes) -> bool:
        node = self._nodes.get(path)
        return node is not None and node[0] > self._number and node[1].kind is not Kind.DIRECTORY
