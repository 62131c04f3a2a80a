"""Reading forward through chunks of bytes, and hashing them on the way.

Everything a target yields passes here as an iterator of chunks: a mapped file
is one large chunk, a decompressor or a socket yields many small ones.  The
readers above need not know which.
"""

from __future__ import annotations

import hashlib
import mmap
import queue
import threading
from collections.abc import Iterable, Iterator

from gate.errors import InputError

Chunk = bytes | memoryview

_INLINE_HASH = 256 * 1024
_QUEUED_CHUNKS = 4
_RELEASED = 8 * 1024 * 1024


class TruncatedError(InputError):
    """The bytes ended before what they describe."""


class ChunkReader:
    """Reads forward through an iterator of chunks, without copying what is skipped."""

    def __init__(self, chunks: Iterable[Chunk], where: str) -> None:
        self.where = where
        self.position = 0
        """Bytes consumed so far."""
        self._chunks = iter(chunks)
        self._chunk: memoryview = memoryview(b"")
        self._offset = 0

    def _advance(self) -> bool:
        """Make the next non-empty chunk current; False at the end of the bytes."""
        for chunk in self._chunks:
            if len(chunk):
                self._chunk = memoryview(chunk)
                self._offset = 0
                return True
        self._chunk = memoryview(b"")
        self._offset = 0
        return False

    def take(self, count: int) -> bytes:
        """Return exactly `count` bytes; TruncatedError if there are fewer."""
        end = self._offset + count
        if end <= len(self._chunk):
            data = bytes(self._chunk[self._offset : end])
            self._offset = end
            self.position += count
            return data
        return b"".join(bytes(piece) for piece in self.pieces(count))

    def peek(self, count: int) -> bytes:
        """Return the next `count` bytes, fewer at the end, without passing over them."""
        if len(self._chunk) - self._offset < count:
            head = bytes(self._chunk[self._offset :])
            while len(head) < count and self._advance():
                head += bytes(self._chunk)
            self._chunk = memoryview(head)
            self._offset = 0
        return bytes(self._chunk[self._offset : self._offset + count])

    def take_up_to(self, count: int) -> bytes:
        """Return `count` bytes, or what is left of them at the end."""
        end = self._offset + count
        if end <= len(self._chunk):
            data = bytes(self._chunk[self._offset : end])
            self._offset = end
            self.position += count
            return data
        return b"".join(self._pieces_up_to(count))

    def _pieces_up_to(self, count: int) -> list[bytes]:
        data = []
        while count:
            available = len(self._chunk) - self._offset
            if not available:
                if not self._advance():
                    break
                continue
            step = min(count, available)
            data.append(bytes(self._chunk[self._offset : self._offset + step]))
            self._offset += step
            self.position += step
            count -= step
        return data

    def pieces(self, count: int) -> Iterator[memoryview]:
        """Yield the next `count` bytes as they lie; TruncatedError if there are fewer."""
        while count:
            available = len(self._chunk) - self._offset
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
            self.position += step
            count -= step
            yield piece

    def skip(self, count: int) -> None:
        """Pass over exactly `count` bytes; TruncatedError if there are fewer."""
        end = self._offset + count
        if end <= len(self._chunk):
            self._offset = end
            self.position += count
            return
        for _ in self.pieces(count):
            pass

    def rest(self) -> Iterator[memoryview]:
        """Yield all bytes that are left."""
        while True:
            piece = self._chunk[self._offset :]
            self._offset = len(self._chunk)
            self.position += len(piece)
            if len(piece):
                yield piece
            if not self._advance():
                return


class Digest:
    """SHA-256 of chunks as they pass, computed beside the reader.

    hashlib releases the interpreter for large buffers, so a thread of its own
    hides the cost behind decompression and parsing.  Small inputs are hashed
    in place: a thread costs more than they do.
    """

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._queue: queue.Queue[Chunk | None] | None = None
        self._thread: threading.Thread | None = None
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

    def _work(self, chunks: queue.Queue[Chunk | None]) -> None:
        while (chunk := chunks.get()) is not None:
            for piece in passing(chunk):
                self._hash.update(piece)

    def hexdigest(self) -> str:
        """Return the digest of everything added; ends the thread."""
        if self._queue is not None and self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._queue = self._thread = None
        return self._hash.hexdigest()


def passing(chunk: Chunk) -> Iterator[Chunk]:
    """Yield `chunk` in pieces; of a mapped file, let go of each that was seen."""
    if not isinstance(chunk, memoryview) or not isinstance(chunk.obj, mmap.mmap):
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
    if isinstance(view.obj, mmap.mmap):
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
