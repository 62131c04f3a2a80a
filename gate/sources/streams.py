"""Reading forward through chunks of bytes, and hashing them on the way.

Everything a target yields passes here as an iterator of chunks: a mapped file
is one large chunk, a decompressor or a socket yields many small ones.  The
readers above need not know which.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import queue
import threading
from collections.abc import Iterable, Iterator

from gate.errors import InputError

Chunk = bytes | memoryview

_INLINE_HASH = 256 * 1024
_QUEUED_CHUNKS = 4
_OWN_PAGES = 1024 * 1024
_RELEASED = 16 * 1024 * 1024
"""Bytes of a mapped file that are hashed in one go; each of them costs two turns at the
interpreter, and they count as memory."""


class FileMap(mmap.mmap):
    """A file in memory.  Its pages can be let go of, and come back from the file."""


class TruncatedError(InputError):
    """The bytes ended before what they describe."""


class ChunkReader:
    """Reads forward through an iterator of chunks, without copying what is skipped."""

    def __init__(self, chunks: Iterable[Chunk], where: str) -> None:
        self.where = where
        self._chunks = iter(chunks)
        self._chunk: memoryview = memoryview(b"")
        self._size = 0
        """Of the chunk."""
        self._base = 0
        """Bytes before the chunk."""
        self._offset = 0

    @property
    def position(self) -> int:
        """Bytes consumed so far."""
        return self._base + self._offset

    def _advance(self) -> bool:
        """Make the next non-empty chunk current; False at the end of the bytes."""
        self._base += self._size
        self._chunk = memoryview(b"")
        self._offset = self._size = 0
        for chunk in self._chunks:
            if len(chunk):
                self._chunk = memoryview(chunk)
                self._size = len(chunk)
                return True
        return False

    def take(self, count: int) -> bytes:
        """Return exactly `count` bytes; TruncatedError if there are fewer."""
        end = self._offset + count
        if end <= self._size:
            data = bytes(self._chunk[self._offset : end])
            self._offset = end
            return data
        return b"".join(bytes(piece) for piece in self.pieces(count))

    def peek(self, count: int) -> bytes:
        """Return the next `count` bytes, fewer at the end, without passing over them."""
        if self._size - self._offset < count:
            start = self.position
            head = bytes(self._chunk[self._offset :])
            while len(head) < count and self._advance():
                head += bytes(self._chunk)
            self._chunk = memoryview(head)
            self._size = len(head)
            self._base = start
            self._offset = 0
        return bytes(self._chunk[self._offset : self._offset + count])

    def take_up_to(self, count: int) -> bytes:
        """Return `count` bytes, or what is left of them at the end."""
        end = self._offset + count
        if end <= self._size:
            data = bytes(self._chunk[self._offset : end])
            self._offset = end
            return data
        return b"".join(self._pieces_up_to(count))

    def view_at(self, position: int, count: int) -> memoryview:
        """Pass on to `position` and return `count` bytes as they lie, fewer at the end.

        TruncatedError where the bytes end before `position`.
        """
        start = position - self._base
        end = start + count
        if end <= self._size:
            self._offset = end
            return self._chunk[start:end]
        self.skip(position - self.position)
        return memoryview(self.take_up_to(count))

    def view_up_to(self, count: int) -> memoryview:
        """Return at most `count` of the next bytes as they lie; none only at the end."""
        if self._offset == self._size and not self._advance():
            return memoryview(b"")
        piece = self._chunk[self._offset : self._offset + count]
        self._offset += len(piece)
        return piece

    def _pieces_up_to(self, count: int) -> list[bytes]:
        data = []
        while count:
            available = self._size - self._offset
            if not available:
                if not self._advance():
                    break
                continue
            step = min(count, available)
            data.append(bytes(self._chunk[self._offset : self._offset + step]))
            self._offset += step
            count -= step
        return data

    def whole(self, count: int) -> memoryview:
        """Return exactly `count` bytes, as they lie where they lie together."""
        end = self._offset + count
        if end <= self._size:
            piece = self._chunk[self._offset : end]
            self._offset = end
            return piece
        content = _buffer(count)
        filled = 0
        for piece in self.pieces(count):
            content[filled : filled + len(piece)] = piece
            filled += len(piece)
        return content

    def pieces(self, count: int) -> Iterator[memoryview]:
        """Yield the next `count` bytes as they lie; TruncatedError if there are fewer."""
        while count:
            available = self._size - self._offset
            if not available:
                if not self._advance():
                    raise TruncatedError(
                        f"ends {count:,} bytes early",
                        where=self.where,
                        hint="it was cut short: fetch or save it again",
                    )
                continue
            step = min(count, available)
            piece = self._chunk[self._offset : self._offset + step]
            self._offset += step
            count -= step
            yield piece

    def skip(self, count: int) -> None:
        """Pass over exactly `count` bytes; TruncatedError if there are fewer."""
        end = self._offset + count
        if end <= self._size:
            self._offset = end
            return
        for _ in self.pieces(count):
            pass

    def rest(self) -> Iterator[memoryview]:
        """Yield all bytes that are left."""
        while True:
            piece = self._chunk[self._offset :]
            self._offset = self._size
            if len(piece):
                yield piece
            if not self._advance():
                return


def _buffer(size: int) -> memoryview:
    """Return room for `size` bytes; a large one goes back to the system with its last view.

    What is taken from the heap by one of many threads stays with that thread: a hundred
    megabytes for the programs of one image.
    """
    if size < _OWN_PAGES:
        return memoryview(bytearray(size))
    return memoryview(mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))


_turns = threading.BoundedSemaphore(os.cpu_count() or 1)
"""Mapped files that are hashed at once; each is at work on pages of its own."""


class Digest:
    """SHA-256 of chunks as they pass, computed beside the reader.

    hashlib releases the interpreter for large buffers, so a thread of its own
    hides the cost behind decompression and parsing.  Small inputs are hashed
    in place: a thread costs more than they do.
    """

    def __init__(self, known: str = "") -> None:
        """Begin; with `known` it is the hex digest of bytes that were hashed before."""
        self._known = known
        self._hash = hashlib.sha256()
        self._queue: queue.Queue[Chunk | None] | None = None
        self._thread: threading.Thread | None = None
        self._pending: Chunk | None = None
        self.size = 0

    def update(self, chunk: Chunk) -> None:
        """Add `chunk`, which must not change afterwards."""
        self.size += len(chunk)
        if self._queue is None and len(chunk) < _INLINE_HASH:
            self._hash.update(chunk)
            return
        if self._queue is None:
            self._queue = queue.Queue(_QUEUED_CHUNKS)
            self._thread = threading.Thread(target=self._work, args=(self._queue,), daemon=True)
            self._thread.start()
        self._queue.put(chunk)

    def put_off(self, chunk: Chunk) -> None:
        """Add `chunk`, the only one, for when `begin` is called or the digest is asked for."""
        self._pending = chunk

    def begin(self) -> None:
        """Hash what was put off."""
        if self._pending is not None:
            self.update(self._pending)
            self._pending = None
            self.close()

    def _work(self, chunks: queue.Queue[Chunk | None]) -> None:
        while (chunk := chunks.get()) is not None:
            if not _is_mapped(chunk):
                self._hash.update(chunk)
                continue
            with _turns:
                for piece in passing(chunk):
                    self._hash.update(piece)

    def close(self) -> None:
        """Say that nothing more will be added, so that the work can end by itself."""
        if self._queue is not None:
            self._queue.put(None)
            self._queue = None

    def hexdigest(self) -> str:
        """Return the digest of everything added; waits for it."""
        self.begin()
        self.close()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        return self._known or self._hash.hexdigest()


def _is_mapped(chunk: Chunk) -> bool:
    return isinstance(chunk, memoryview) and isinstance(chunk.obj, FileMap)


def passing(chunk: Chunk) -> Iterator[Chunk]:
    """Yield `chunk` in pieces; of a mapped file, let go of each that was seen."""
    if not isinstance(chunk, memoryview) or not _is_mapped(chunk):
        yield chunk
        return
    for start in range(0, len(chunk), _RELEASED):
        piece = chunk[start : start + _RELEASED]
        yield piece
        let_go(piece)


def digest_of(content: Chunk, algorithm: str) -> str:
    """Return the hex digest of a content that is at hand, by a name that hashlib knows."""
    digest = hashlib.new(algorithm, usedforsecurity=False)
    for piece in passing(content):
        digest.update(piece)
    return digest.hexdigest()


def let_go(view: memoryview) -> None:
    """Let go of the pages of the mapped file that `view` is a part of, if it is one.

    Else all of a large archive would count as memory of this process.  Whoever
    looks at such a page again gets it from the page cache.
    """
    if isinstance(view.obj, FileMap):
        view.obj.madvise(mmap.MADV_DONTNEED)


def hashed(chunks: Iterable[Chunk], digest: Digest) -> Iterator[Chunk]:
    """Yield `chunks` unchanged while `digest` hashes them."""
    for chunk in chunks:
        digest.update(chunk)
        yield chunk


def ahead(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """Yield `chunks`, produced by a thread that runs a few of them ahead.

    What the producer raises is raised here.  A consumer that stops early stops
    the thread too.
    """
    items: queue.Queue[Chunk | BaseException | None] = queue.Queue(_QUEUED_CHUNKS)
    stopped = threading.Event()

    def produce() -> None:
        outcome: BaseException | None = None
        try:
            for chunk in chunks:
                if stopped.is_set():
                    return
                items.put(chunk)
        except BaseException as error:  # noqa: BLE001 - handed over to the consumer below
            outcome = error
        items.put(outcome)

    thread = threading.Thread(target=produce, daemon=True)
    thread.start()
    try:
        while (item := items.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        while thread.is_alive():
            # The producer may wait for a free place; give it one until it sees the flag.
            try:
                items.get(timeout=0.05)
            except queue.Empty:
                thread.join(timeout=0.05)
