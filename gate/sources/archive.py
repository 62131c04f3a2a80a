"""An archive file as a store of blobs: mapped when it is plain, streamed when not.

A plain archive in a file is mapped: its layers are read where they lie and in
parallel.  A compressed archive, a pipe or a daemon's answer passes by once;
then everything that can be a document or a layer is read as it comes, since
the manifest that names them may come last.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from gate.errors import BudgetError, InputError
from gate.sources.blobs import MappedBlobs, ScannedLayer, scan_streamed
from gate.sources.budget import Meter
from gate.sources.codecs import Codec, sniff
from gate.sources.layer import Content, LayerIndex, scan
from gate.sources.paths import clean, text
from gate.sources.streams import Chunk, ChunkReader, FileMap
from gate.sources.tar import BLOCK, Kind, Member, looks_like_tar
from gate.sources.tree import MissingError, follow
from gate.sources.wanted import NOTHING, Wanted

_LAYER_NAME = re.compile(
    rb"(?:.*/)?layer\.tar|blobs/sha256/[0-9a-f]{64}|(?:sha256:)?[0-9a-f]{64}(?:\.tar(?:\.gz)?)?"
)
_DOCUMENT_NAME = re.compile(rb"oci-layout|[^/]+\.json|blobs/sha256/[0-9a-f]{64}")


def map_file(path: Path) -> memoryview:
    """Return the bytes of a file, mapped; InputError where it cannot be opened."""
    try:
        with path.open("rb") as file:
            if not path.stat().st_size:
                return memoryview(b"")
            return memoryview(FileMap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(
            f"cannot be opened ({reason})",
            where=path.name,
            hint="check the path and its permissions",
        ) from error


class MappedArchive(MappedBlobs):
    """A plain tar archive that lies in `view`.  Implements `Blobs`."""

    def __init__(self, view: memoryview, wanted: Wanted, meter: Meter, where: str) -> None:
        """Index the archive by its headers; nothing else is read yet."""
        super().__init__(wanted, meter)
        self.where = where
        self._view = view
        index = scan(ChunkReader([view], where), NOTHING, meter, keep=False)
        self.content = Content(index, where, mapped=view)

    def _entry(self, name: str) -> Member | None:
        index = self.content.index
        entry = index.entries.get(resolved(name, index, self._meter, self.where))
        return entry if entry is not None and entry.kind is Kind.FILE else None

    def has(self, name: str) -> bool:
        """Return whether the archive holds a file of this name."""
        return self._entry(name) is not None

    def _bytes(self, name: str) -> memoryview:
        entry = self._entry(name)
        if entry is None:
            raise missing(name, self.where)
        return self._view[entry.offset : entry.offset + entry.size]


class StreamedArchive:
    """A tar archive that passes by once.  Implements `Blobs`.

    `reopen` yields the uncompressed archive again, for the rare content that
    was not kept; None where that is not possible.
    """

    def __init__(
        self,
        chunks: Iterator[Chunk],
        wanted: Wanted,
        meter: Meter,
        where: str,
        reopen: Callable[[], Iterator[Chunk]] | None,
    ) -> None:
        """Read the archive to its end."""
        self.where = where
        self._wanted = wanted
        self._meter = meter
        self._reopen = reopen
        self._documents: dict[bytes, bytes] = {}
        self._layers: dict[bytes, ScannedLayer | InputError] = {}
        reader = ChunkReader(chunks, where)
        index = scan(reader, wanted, meter, keep=True, visit=self._visit)
        self.content = Content(index, where, reopen=reopen)

    def _visit(self, path: bytes, member: Member, reader: ChunkReader) -> None:
        """Take a member that may be a document or a layer, as it passes."""
        if _LAYER_NAME.fullmatch(path):
            head = reader.take(min(member.size, BLOCK))
            if sniff(head) is not Codec.NONE or looks_like_tar(head):
                self._layers[path] = self._layer(path, member, head, reader)
                return
        elif _DOCUMENT_NAME.fullmatch(path):
            head = b""
        else:
            return
        if member.size <= self._meter.budget.document_bytes:
            self._meter.add_retained(member.size, self.where)
            self._documents[path] = head + reader.take(member.size - len(head))

    def _layer(
        self, path: bytes, member: Member, head: bytes, reader: ChunkReader
    ) -> ScannedLayer | InputError:
        where = f"{self.where}, {text(path)}"
        reopen = self._reopen

        def again() -> Iterator[Chunk]:
            second = ChunkReader(reopen() if reopen is not None else (), where)
            second.skip(member.offset)
            return second.pieces(member.size)

        rest = reader.pieces(member.size - len(head))
        try:
            return scan_streamed(
                chain([head], rest),
                self._wanted,
                self._meter,
                where,
                again if reopen is not None else None,
            )
        except BudgetError:
            raise
        except InputError as error:
            # Only the manifest says whether this is a layer of the image.
            return error

    def _path(self, name: str) -> bytes:
        return resolved(name, self.content.index, self._meter, self.where)

    def has(self, name: str) -> bool:
        """Return whether a document or layer of this name passed by."""
        path = self._path(name)
        return path in self._documents or path in self._layers

    def document(self, name: str) -> bytes:
        """Return a small document of the archive."""
        document = self._documents.get(self._path(name))
        if document is None:
            raise missing(name, self.where)
        return document

    def layer(self, name: str) -> ScannedLayer:
        """Return the layer of this name, which was read as it passed."""
        path = self._path(name)
        layer = self._layers.get(path)
        if isinstance(layer, InputError):
            raise layer
        if layer is None:
            if path in self._documents:
                raise InputError("is not a tar archive", where=f"{self.where}, {name}")
            raise missing(name, self.where)
        return layer


def resolved(name: str, index: LayerIndex, meter: Meter, where: str) -> bytes:
    """Return the path of a blob with links followed: `docker save` links equal layers."""

    def link_at(path: bytes) -> bytes | None:
        entry = index.entries.get(path)
        if entry is None or entry.kind is not Kind.SYMLINK:
            return None
        return entry.link

    return follow(clean(name.encode())[0], link_at, meter.budget.links, where)


def missing(name: str, where: str) -> MissingError:
    """Build the error for a blob that a manifest names and the archive lacks."""
    return MissingError(
        f"'{name}' is missing",
        where=where,
        hint="the archive is incomplete: save the image again",
    )
