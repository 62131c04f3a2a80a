"""One layer: its index of entries, what it hides, and the contents worth keeping.

A layer is read once, forward.  The index holds every entry; contents are kept
only for the paths that somebody asked for (`Wanted`), or found again later at
their offset when the layer is plain bytes in a file.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from gate.bom.model import Note
from gate.errors import BudgetError, InputError
from gate.sources.budget import Meter
from gate.sources.paths import clean, parent_of, text, with_parents
from gate.sources.streams import Chunk, ChunkReader, let_go
from gate.sources.tar import Kind, Member, TarEnd, members
from gate.sources.wanted import Reduction, Wanted

WHITEOUT = b".wh."
OPAQUE = b".wh..wh..opq"
_WHITEOUT_META = b".wh..wh."
_DOTS = frozenset({b"", b".", b".."})
_MAY_HOLD = frozenset({Kind.DIRECTORY, Kind.SYMLINK})
_NOTES_KEPT = 100
"""Notes of one kind; a hostile layer could ask for millions."""


_YEAR_9999 = 253_402_300_799


class LayerIndex(msgspec.Struct, kw_only=True):
    """What one layer adds and hides.  Paths are clean: relative, no dots."""

    entries: dict[bytes, Member] = {}
    folders: frozenset[bytes] = frozenset()
    """All that an entry lies in, at whatever depth."""
    whiteouts: set[bytes] = set()
    """Paths of lower layers that this one removes."""
    opaque: set[bytes] = set()
    """Folders whose content in lower layers this one hides."""
    retained: dict[int, bytes] = {}
    """Offset to content."""
    excerpts: dict[int, bytes] = {}
    """Offset to what was kept of a file that passed by."""
    too_large: set[int] = set()
    """Offsets of such files that were over budget."""
    notes: list[Note] = []
    newest: int = 0
    """Greatest modification time of a file, seconds since the epoch."""

    @property
    def newest_file(self) -> datetime | None:
        """When the newest file was changed, UTC; None where no time is a real one."""
        real = 0 < self.newest < _YEAR_9999
        return datetime.fromtimestamp(self.newest, UTC) if real else None


class Content(msgspec.Struct, frozen=True):
    """Finds contents that the first reading did not keep.

    `reopen` yields the layer's uncompressed bytes again, or is None where they
    are gone (a pipe that was read).
    """

    index: LayerIndex
    where: str
    mapped: memoryview | None = None
    reopen: Callable[[], Iterator[Chunk]] | None = None

    def read(self, entry: Member, meter: Meter) -> Chunk:
        """Return the content of `entry`; InputError where it cannot be had."""
        if entry.size > meter.budget.file_bytes:
            raise meter.over("file_bytes", f"{meter.budget.file_bytes:,} bytes", self.where)
        if entry.offset in self.index.retained:
            return self.index.retained[entry.offset]
        if self.mapped is not None:
            return self.mapped[entry.offset : entry.offset + entry.size]
        if self.reopen is None:
            raise InputError(
                "content was passed over and the input cannot be read twice",
                where=self.where,
                hint="save the input to a file first",
            )
        reader = ChunkReader(self.reopen(), self.where)
        reader.skip(entry.offset)
        meter.add_retained(entry.size, self.where)
        content = reader.take(entry.size)
        self.index.retained[entry.offset] = content
        return content

    def excerpt(self, path: bytes, entry: Member, reduction: Reduction, meter: Meter) -> bytes:
        """Return what `reduction` keeps of a file; ``b""`` for one that begins otherwise.

        Raises BudgetError where the file was too large to be held in memory.
        """
        if entry.offset in self.index.excerpts:
            return self.index.excerpts[entry.offset]
        if entry.offset in self.index.too_large:
            raise meter.over("file_bytes", f"{meter.budget.file_bytes:,} bytes", self.where)
        if self.mapped is not None:
            content = self.mapped[entry.offset : entry.offset + entry.size]
        else:
            # What is wanted for its name as well is held whole.
            content = memoryview(self.index.retained.get(entry.offset, b""))
        magic = reduction.magic
        try:
            if not content or content[: len(magic)] != magic:
                return b""
            return reduction.reduce(path, content, False)
        finally:
            let_go(content)


Visit = Callable[[bytes, Member, ChunkReader], None]
"""Called with the clean path of a file and the reader that stands at its content."""


def scan(
    reader: ChunkReader,
    wanted: Wanted,
    meter: Meter,
    *,
    keep: bool,
    visit: Visit | None = None,
) -> LayerIndex:
    """Read a layer's tar from `reader` to its end and index it.

    `keep` says whether the contents that `wanted` names are to be held in
    memory, and what its reductions keep; `visit` sees every other file as it
    passes.  Raises InputError for
    a tar that is not well-formed, for a whiteout that names nothing, and for a
    member that lies under a file.
    """
    builder = _Builder(LayerIndex(), reader.where, meter)
    matches = wanted.matcher(to_read=True)
    # Of what is taken by its name nothing else is asked.
    reductions = sorted(wanted.reductions, key=lambda one: not one.endings)
    add, plain = builder.add, Kind.FILE
    for member in builder.all_of(members(reader, meter)):
        path = add(member)
        if not keep or member.kind is not plain:
            continue
        if matches(path):
            if member.size <= meter.budget.file_bytes:
                builder.keep(reader, member)
        elif (reduction := _reduction(reductions, path, member, reader)) is not None:
            builder.excerpt(reader, member, path, reduction)
        elif visit is not None:
            visit(path, member, reader)
    return builder.index


def _reduction(
    reductions: Sequence[Reduction], path: bytes, member: Member, reader: ChunkReader
) -> Reduction | None:
    for reduction in reductions:
        if reduction.takes(path, member.mode) and member.size:
            magic = reduction.magic
            if reader.peek(len(magic)) == magic:
                return reduction
    return None


class _Builder:
    """Collects members into an index, in archive order."""

    def __init__(self, index: LayerIndex, where: str, meter: Meter) -> None:
        self.index = index
        self.where = where
        self._meter = meter
        self._longest = meter.budget.path_bytes
        self._entries = index.entries
        self._clean: dict[bytes, bytes] = {}
        """Folders as stored, of names without oddities, to their clean paths."""
        self._folders: set[bytes] = set()
        self._replaced = False
        """Whether a folder was replaced by a file, with all that lay in it."""
        self._note_counts: dict[str, int] = {}

    def all_of(self, stream: Generator[Member, None, TarEnd]) -> Iterator[Member]:
        """Yield the members, and judge the whole when there are no more."""
        self._finish((yield from stream))

    def add(self, member: Member) -> bytes:
        """Take a member and return its clean path.

        Most lie in a folder of which the name was looked at before; then only
        the last part of their own is new.
        """
        name, kind = member[0], member[1]
        if kind is Kind.DIRECTORY and name[-1:] == b"/":
            name = name[:-1]
        stored, _, last = name.rpartition(b"/")
        folder = self._clean.get(stored)
        if folder is None or last in _DOTS or last[:4] == WHITEOUT or kind is Kind.HARDLINK:
            return self._add_unusual(member)
        path = name if folder is stored or folder == stored else folder + b"/" + last
        if len(path) > self._longest:
            raise self._too_long()
        if self._entries.setdefault(path, member) is not member:
            self._put_again(path, member)
            self._entries[path] = member
        if kind is Kind.FILE and member[6] > self.index.newest:
            self.index.newest = member[6]
        return path

    def _add_unusual(self, member: Member) -> bytes:
        path, oddity = clean(member.name)
        if len(path) > self._longest:
            raise self._too_long()
        if oddity:
            self._note(oddity, "the name was read as lying inside the root", path)
        folder, name = parent_of(path)
        if name.startswith(WHITEOUT):
            self._whiteout(folder, name)
            return path
        if path:
            entry = self._hard_link(member, path) if member.kind is Kind.HARDLINK else member
            if path in self._entries:
                self._put_again(path, entry)
            self._entries[path] = entry
            self._folders.add(folder)
            stored, _, last = member.name.rstrip(b"/").rpartition(b"/")
            if folder and not oddity and last == name:
                self._clean[stored] = folder
        if member.kind is Kind.FILE and member.mtime > self.index.newest:
            self.index.newest = member.mtime
        return path

    def _too_long(self) -> BudgetError:
        return self._meter.over("path_bytes", f"{self._longest:,} bytes", self.where)

    def _hard_link(self, member: Member, path: bytes) -> Member:
        """Return what the link names, or the link where its target lies in a lower layer."""
        target, oddity = clean(member.link)
        if oddity:
            self._note(oddity, "a hard link's target was read as lying inside the root", path)
        entry = self._entries.get(target)
        if entry is not None and entry.kind is not Kind.DIRECTORY and target != path:
            return entry
        return member._replace(link=target)

    def _put_again(self, path: bytes, entry: Member) -> None:
        """Make way for another entry at `path`."""
        before = self._entries[path]
        if not (before.kind is Kind.DIRECTORY and entry.kind is Kind.DIRECTORY):
            self._note("duplicate-path", "is in the layer twice; the last one counts", path)
            if before.kind is Kind.DIRECTORY:
                under = path + b"/"
                for name in [name for name in self._entries if name.startswith(under)]:
                    del self._entries[name]
                self._replaced = True

    def _whiteout(self, parent: bytes, name: bytes) -> None:
        if name == OPAQUE:
            self.index.opaque.add(parent)
        elif name.startswith(_WHITEOUT_META):
            # Bookkeeping of aufs (.wh..wh.aufs, .wh..wh.plnk), not a removal.
            self._note("aufs-metadata", "aufs bookkeeping was passed over", parent + b"/" + name)
        else:
            target = name[len(WHITEOUT) :]
            if target in {b"", b".", b".."}:
                raise InputError(
                    f"invalid whiteout '{name.decode('latin-1')}'",
                    where=self.where,
                    hint="no image builder writes it; the image may be built to hide files",
                )
            self.index.whiteouts.add(parent + b"/" + target if parent else target)

    def keep(self, reader: ChunkReader, member: Member) -> None:
        self._meter.add_retained(member.size, self.where)
        self.index.retained[member.offset] = reader.take(member.size)

    def excerpt(
        self, reader: ChunkReader, member: Member, path: bytes, reduction: Reduction
    ) -> None:
        """Hold a file in memory for as long as its reduction looks at it."""
        if member.size > self._meter.budget.file_bytes:
            self.index.too_large.add(member.offset)
            return
        content = reader.whole(member.size)
        if kept := reduction.reduce(path, content, True):
            self._meter.add_retained(len(kept), self.where)
            self.index.excerpts[member.offset] = kept

    def _finish(self, end: TarEnd) -> None:
        if not end.marked:
            self._note("no-end-of-archive", "the layer does not end with two zero blocks", b"")
        if self._replaced:
            self._folders = {parent_of(path)[0] for path in self._entries}
        self.index.folders = folders = with_parents(self._folders)
        for folder in folders:
            entry = self._entries.get(folder)
            if entry is not None and entry.kind not in _MAY_HOLD:
                raise InputError(
                    "a file of the layer lies under a path that is not a folder",
                    where=f"{self.where}, {text(folder)}",
                    hint="no container runtime can unpack it",
                )

    def _note(self, code: str, message: str, path: bytes) -> None:
        count = self._note_counts.get(code, 0)
        self._note_counts[code] = count + 1
        if count < _NOTES_KEPT:
            self.index.notes.append(Note(code=code, message=message, path=text(path)))
