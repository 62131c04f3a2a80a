"""One layer: its index of entries, what it hides, and the contents worth keeping.

A layer is read once, forward.  The index holds every entry; contents are kept
only for the paths that somebody asked for (`Wanted`), or found again later at
their offset when the layer is plain bytes in a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from gate.bom.model import Note
from gate.errors import InputError
from gate.sources.budget import Meter
from gate.sources.paths import clean, parent_of, text
from gate.sources.streams import Chunk, ChunkReader, let_go
from gate.sources.tar import Kind, Member, TarEnd, members
from gate.sources.wanted import Reduction, Wanted

WHITEOUT = b".wh."
OPAQUE = b".wh..wh..opq"
_WHITEOUT_META = b".wh..wh."
_NOTES_KEPT = 100
"""Notes of one kind; a hostile layer could ask for millions."""


class Entry(NamedTuple):
    """One path of a layer."""

    kind: Kind
    mode: int
    size: int
    offset: int
    """Of the content within the layer; -1 for what has none."""
    link: bytes
    mtime: int


_YEAR_9999 = 253_402_300_799


class LayerIndex(msgspec.Struct, kw_only=True):
    """What one layer adds and hides.  Paths are clean: relative, no dots."""

    entries: dict[bytes, Entry] = {}
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

    def read(self, entry: Entry, meter: Meter) -> Chunk:
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

    def excerpt(self, path: bytes, entry: Entry, reduction: Reduction, meter: Meter) -> bytes:
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
    builder = _Builder(LayerIndex(), reader.where)
    matches = wanted.matcher(to_read=True)
    # Of what is taken by its name nothing else is asked.
    reductions = sorted(wanted.reductions, key=lambda one: not one.endings)
    stream = members(reader, meter)
    while True:
        try:
            member = next(stream)
        except StopIteration as stop:
            builder.finish(stop.value)
            return builder.index
        builder.add(member, meter)
        if not keep or member.kind is not Kind.FILE:
            continue
        if matches(builder.path):
            if member.size <= meter.budget.file_bytes:
                builder.keep(reader, member, meter)
        elif (reduction := _reduction(reductions, builder.path, member, reader)) is not None:
            builder.excerpt(reader, member, reduction, meter)
        elif visit is not None:
            visit(builder.path, member, reader)


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

    def __init__(self, index: LayerIndex, where: str) -> None:
        self.index = index
        self.where = where
        self.path = b""
        """Clean path of the member added last."""
        self._note_counts: dict[str, int] = {}

    def add(self, member: Member, meter: Meter) -> None:
        path, oddity = clean(member.name)
        if len(path) > meter.budget.path_bytes:
            raise meter.over("path_bytes", f"{meter.budget.path_bytes:,} bytes", self.where)
        self.path = path
        if oddity:
            self._note(oddity, "the name was read as lying inside the root", path)
        if WHITEOUT in path:
            parent, name = parent_of(path)
            if name.startswith(WHITEOUT):
                self._whiteout(parent, name)
                return
        kind = member.kind
        if kind is Kind.HARDLINK:
            self._put(path, self._hard_link(member, path))
        elif path:
            self._put(path, Entry(*member[1:]))
        if kind is Kind.FILE and member.mtime > self.index.newest:
            self.index.newest = member.mtime

    def _hard_link(self, member: Member, path: bytes) -> Entry:
        """Return what the link names, or the link where its target lies in a lower layer."""
        target, oddity = clean(member.link)
        if oddity:
            self._note(oddity, "a hard link's target was read as lying inside the root", path)
        entry = self.index.entries.get(target)
        if entry is not None and entry.kind is not Kind.DIRECTORY and target != path:
            return entry
        return Entry(*member[1:])._replace(link=target)

    def _put(self, path: bytes, entry: Entry) -> None:
        entries = self.index.entries
        before = entries.get(path)
        if before is not None and not (
            before.kind is Kind.DIRECTORY and entry.kind is Kind.DIRECTORY
        ):
            self._note("duplicate-path", "is in the layer twice; the last one counts", path)
            if before.kind is Kind.DIRECTORY:
                under = path + b"/"
                for name in [name for name in entries if name.startswith(under)]:
                    del entries[name]
        entries[path] = entry

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

    def keep(self, reader: ChunkReader, member: Member, meter: Meter) -> None:
        meter.add_retained(member.size, self.where)
        self.index.retained[member.offset] = reader.take(member.size)

    def excerpt(
        self, reader: ChunkReader, member: Member, reduction: Reduction, meter: Meter
    ) -> None:
        """Hold a file in memory for as long as its reduction looks at it."""
        if member.size > meter.budget.file_bytes:
            self.index.too_large.add(member.offset)
            return
        content = bytearray(member.size)
        filled = 0
        for piece in reader.pieces(member.size):
            content[filled : filled + len(piece)] = piece
            filled += len(piece)
        if kept := reduction.reduce(self.path, memoryview(content), True):
            meter.add_retained(len(kept), self.where)
            self.index.excerpts[member.offset] = kept

    def finish(self, end: TarEnd) -> None:
        if not end.marked:
            self._note("no-end-of-archive", "the layer does not end with two zero blocks", b"")
        folders = {parent_of(path)[0] for path in self.index.entries}
        while folders:
            for folder in folders:
                entry = self.index.entries.get(folder)
                if entry is not None and entry.kind not in {Kind.DIRECTORY, Kind.SYMLINK}:
                    raise InputError(
                        "a file of the layer lies under a path that is not a folder",
                        where=f"{self.where}, {text(folder)}",
                        hint="no container runtime can unpack it",
                    )
            folders = {parent_of(folder)[0] for folder in folders if folder}

    def _note(self, code: str, message: str, path: bytes) -> None:
        count = self._note_counts.get(code, 0)
        self._note_counts[code] = count + 1
        if count < _NOTES_KEPT:
            self.index.notes.append(Note(code=code, message=message, path=text(path)))
