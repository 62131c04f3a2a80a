"""The stored parts of an image: documents and layers, wherever they lie.

`Blobs` is what an archive, a layout folder and later a registry have in
common; `gate.sources.dockerarchive` and `gate.sources.oci` read images from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Protocol

import msgspec

from gate.errors import InputError
from gate.sources.budget import Meter
from gate.sources.codecs import Codec, decompressed, sniff, unread_codec
from gate.sources.kept import KeptLayer
from gate.sources.layer import Content, scan
from gate.sources.streams import Chunk, ChunkReader, Digest, ahead, hashed, passing
from gate.sources.tar import BLOCK, looks_like_tar
from gate.sources.wanted import Wanted


class ScannedLayer(msgspec.Struct, frozen=True, kw_only=True):
    """A layer that was read to its end, with the digests of what was read."""

    content: Content
    stored: Digest
    """Of the stored bytes; may still be at work, as `expanded` may."""
    expanded: Digest
    """Of the uncompressed bytes; the same one where nothing is compressed."""
    size: int
    """Stored bytes."""

    @property
    def is_plain(self) -> bool:
        """Whether the layer is stored as it is."""
        return self.stored is self.expanded

    @property
    def digest(self) -> str:
        """``sha256:…`` of the stored bytes; waits until they are hashed."""
        return f"sha256:{self.stored.hexdigest()}"

    @property
    def diff_id(self) -> str:
        """``sha256:…`` of the uncompressed bytes; waits until they are hashed."""
        return f"sha256:{self.expanded.hexdigest()}"


class Blobs(Protocol):
    """Where an image's documents and layers are fetched from, by name."""

    @property
    def where(self) -> str:
        """Name of the source, for messages."""
        ...

    def has(self, name: str) -> bool:
        """Return whether there is a blob of this name."""
        ...

    def document(self, name: str) -> bytes:
        """Return a small document; InputError where it is missing or too large."""
        ...

    def layer(self, name: str) -> ScannedLayer:
        """Read a layer to its end; InputError where it is missing or not well-formed."""
        ...


class MappedBlobs:
    """Blobs that lie in memory-mapped files.  Implements `Blobs` but for where they lie."""

    where: str

    def __init__(self, wanted: Wanted, meter: Meter) -> None:
        """Take what layers are read for, and the meter that counts it."""
        self._wanted = wanted
        self._meter = meter

    def _bytes(self, name: str) -> memoryview:
        """Return a blob; InputError where it is missing."""
        raise NotImplementedError

    def document(self, name: str) -> bytes:
        """Return a small document."""
        view = self._bytes(name)
        limit = self._meter.budget.document_bytes
        if len(view) > limit:
            raise self._meter.over("document_bytes", f"{limit:,} bytes", f"{self.where}, {name}")
        return bytes(view)

    def layer(self, name: str) -> ScannedLayer:
        """Read the layer of this name to its end."""
        return scan_mapped(self._bytes(name), self._wanted, self._meter, f"{self.where}, {name}")


def codec_of(head: bytes, where: str) -> Codec:
    """Return how a layer that begins with `head` is compressed; InputError if unknown."""
    codec = sniff(head)
    if codec is Codec.NONE and head and not looks_like_tar(head):
        named = unread_codec(head)
        raise InputError(
            f"is compressed with {named}, which is not read"
            if named
            else "is neither a tar archive nor compressed in a known way",
            where=where,
            hint="layers may be plain tar, gzip, zstd, xz or bzip2",
        )
    return codec


def scan_mapped(view: memoryview, wanted: Wanted, meter: Meter, where: str) -> ScannedLayer:
    """Index a layer that lies whole in `view`, which must outlive the result."""
    codec = codec_of(bytes(view[:BLOCK]), where)
    stored = Digest()
    if codec is Codec.NONE:
        stored.update(view)
        stored.close()
        index = scan(ChunkReader([view], where), wanted, meter, keep=False)
        content = Content(index, where, mapped=view)
        return ScannedLayer(content=content, stored=stored, expanded=stored, size=len(view))

    def expand() -> Iterator[Chunk]:
        return decompressed(codec, passing(view), meter, where)

    expanded = Digest()
    chunks = ahead(expand())
    reader = ChunkReader(hashed(chunks, expanded), where)
    index = scan(reader, wanted, meter, keep=True)
    expanded.close()
    stored.put_off(view)
    content = Content(index, where, reopen=expand)
    return ScannedLayer(content=content, stored=stored, expanded=expanded, size=len(view))


def scan_streamed(
    chunks: Iterator[Chunk],
    wanted: Wanted,
    meter: Meter,
    where: str,
    again: Callable[[], Iterator[Chunk]] | None,
) -> ScannedLayer:
    """Index a layer that passes by only once.

    `again` yields its stored bytes a second time, where that is possible.
    """
    reader = ChunkReader(chunks, where)
    head = reader.take_up_to(BLOCK)
    codec = codec_of(head, where)
    stored = Digest()
    raw = hashed(chain([head], reader.rest()), stored)
    expanded = Digest()
    plain = hashed(decompressed(codec, raw, meter, where), expanded)
    index = scan(ChunkReader(plain, where), wanted, meter, keep=True)
    stored.close()
    expanded.close()

    def reopen() -> Iterator[Chunk]:
        return decompressed(codec, again() if again is not None else (), meter, where)

    return ScannedLayer(
        content=Content(index, where, reopen=reopen if again is not None else None),
        stored=stored,
        expanded=expanded,
        size=stored.size,
    )


def scanned_before(
    kept: KeptLayer,
    digest: str,
    meter: Meter,
    where: str,
    again: Callable[[], Iterator[Chunk]],
) -> ScannedLayer:
    """Return a layer that was read in an earlier run; `again` yields its stored bytes.

    It counts against the budget as if it had been read now.
    """
    index = kept.index
    meter.add_entries(len(index.entries), where)
    for content in (*index.retained.values(), *index.excerpts.values()):
        meter.add_retained(len(content), where)

    def reopen() -> Iterator[Chunk]:
        reader = ChunkReader(again(), where)
        codec = codec_of(reader.peek(BLOCK), where)
        return decompressed(codec, reader.rest(), meter, where)

    return ScannedLayer(
        content=Content(index, where, reopen=reopen),
        stored=Digest(digest.removeprefix("sha256:")),
        expanded=Digest(kept.diff_id.removeprefix("sha256:")),
        size=kept.size,
    )
