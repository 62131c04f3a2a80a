"""Compression: recognised by content, opened as a stream of bounded chunks.

The name or media type of a blob is a claim; its first bytes decide.  Every
decompressor puts out at most `_OUTPUT` bytes a step, so that a bomb is met by
the budget and never by the memory.
"""

from __future__ import annotations

import bz2
import lzma
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import Protocol, cast

from gate.errors import InputError
from gate.sources.budget import MIB, Meter
from gate.sources.streams import Chunk, ChunkReader, TruncatedError

_OUTPUT = 2 * MIB
_INPUT = 512 * 1024
_NO_DATA = memoryview(b"")
_ZSTD_INPUT = 4 * 1024
"""A zstd block of 4 bytes can stand for 128 KiB, and the library has no bound on
what one call puts out: small bites keep a bomb's largest bite at 128 MiB."""
_ZSTD_WINDOW = 128 * MIB
_XZ_MEMORY = 128 * MIB


class Codec(StrEnum):
    """How bytes are compressed."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"
    XZ = "xz"
    BZIP2 = "bzip2"


_MAGIC: tuple[tuple[bytes, Codec], ...] = (
    (b"\x1f\x8b\x08", Codec.GZIP),
    (b"\x28\xb5\x2f\xfd", Codec.ZSTD),
    (b"\xfd7zXZ\x00", Codec.XZ),
    (b"BZh", Codec.BZIP2),
)

_UNREAD: tuple[tuple[bytes, str], ...] = (
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\x02\x21\x4c\x18", "legacy lz4"),
    (b"\x1f\x9d", "compress (.Z)"),
    (b"\x5d\x00\x00", "lzma"),
    (b"LZIP", "lzip"),
    (b"PK\x03\x04", "zip"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"hsqs", "squashfs"),
)


class _Decompressor(Protocol):
    """What bz2, lzma and isal have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes | memoryview, max_length: int = -1) -> bytes: ...


def sniff(head: bytes) -> Codec:
    """Return the codec whose magic `head` begins with; NONE for anything else."""
    return next((codec for magic, codec in _MAGIC if head.startswith(magic)), Codec.NONE)


def unread_codec(head: bytes) -> str:
    """Return the name of a format that is known but not read, or ""."""
    return next((name for magic, name in _UNREAD if head.startswith(magic)), "")


def decompressed(
    codec: Codec, chunks: Iterable[Chunk], meter: Meter, where: str
) -> Iterator[Chunk]:
    """Yield what `chunks` expand to, in chunks of about 1 MiB.

    Raises TruncatedError when the stream ends early, InputError when it is
    corrupt, BudgetError when it expands too far.
    """
    if codec is Codec.NONE:
        return iter(chunks)
    if codec is Codec.ZSTD:
        return _zstd(chunks, meter, where)
    return _stepwise(codec, chunks, meter, where)


def _opener(codec: Codec) -> tuple[Callable[[], _Decompressor], tuple[type[Exception], ...]]:
    """Return what makes a decompressor for `codec`, and what it raises on bad input."""
    if codec is Codec.GZIP:
        from isal import igzip_lib  # noqa: PLC0415 - 11 ms, only where gzip is met

        # The library's stub declares its error class as an instance.
        failure = cast("type[Exception]", igzip_lib.error)
        return lambda: igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP), (failure,)
    if codec is Codec.XZ:
        return (
            lambda: lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_XZ_MEMORY),
            (lzma.LZMAError,),
        )
    return bz2.BZ2Decompressor, (OSError, ValueError)


class _Gauge:
    """Counts both sides of one stream against the budget."""

    def __init__(self, meter: Meter, where: str) -> None:
        self.meter = meter
        self.where = where
        self.taken = 0
        self.given = 0

    def add(self, data: bytes) -> bytes:
        self.given += len(data)
        self.meter.add_expanded(len(data), self.where)
        self.meter.check_time(self.where)
        budget = self.meter.budget
        if self.given > budget.ratio_floor and self.given > budget.ratio * max(self.taken, 1):
            raise self.meter.over("ratio", f"{budget.ratio}:1", self.where)
        return data


def _stepwise(codec: Codec, chunks: Iterable[Chunk], meter: Meter, where: str) -> Iterator[Chunk]:
    """Decompress with a library that bounds each step; members follow one another."""
    opener, failures = _opener(codec)
    gauge = _Gauge(meter, where)
    reader = ChunkReader(chunks, where)
    worker = opener()
    started = False
    while True:
        data = reader.view_up_to(_INPUT) if worker.needs_input and not worker.eof else _NO_DATA
        gauge.taken += len(data)
        if worker.needs_input and not worker.eof and not data:
            if not started:
                return
            raise TruncatedError(
                f"{codec} stream ends early",
                where=where,
                hint="it was cut short: fetch or save it again",
            )
        try:
            out = worker.decompress(data, _OUTPUT)
        except failures as error:
            raise corrupt(codec, error, where) from error
        started = True
        if out:
            yield gauge.add(out)
        if worker.eof:
            following = worker.unused_data or reader.take_up_to(_INPUT)
            gauge.taken += 0 if worker.unused_data else len(following)
            following = _past_padding(following, reader)
            if not following:
                return
            if sniff(following) is not codec:
                raise InputError(f"data follows the {codec} stream", where=where)
            reader = ChunkReader(_joined(following, reader), where)
            worker = opener()
            started = False


def _past_padding(data: bytes, reader: ChunkReader) -> bytes:
    """Return what follows zero padding between or after members (gzip(1), xz(1))."""
    while True:
        data = data.lstrip(b"\0")
        if data:
            return data + reader.take_up_to(8 - min(len(data), 8))
        data = reader.take_up_to(_INPUT)
        if not data:
            return b""


def _joined(head: bytes, reader: ChunkReader) -> Iterator[Chunk]:
    yield head
    yield from reader.rest()


def _zstd(chunks: Iterable[Chunk], meter: Meter, where: str) -> Iterator[Chunk]:
    import zstandard  # noqa: PLC0415 - 11 ms, only where zstd is met

    gauge = _Gauge(meter, where)
    reader = ChunkReader(chunks, where)
    library = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    frame = library.decompressobj()
    begun = False
    pending: list[bytes] = []
    size = 0
    data = reader.take_up_to(_ZSTD_INPUT)
    while data:
        gauge.taken += len(data)
        try:
            out = frame.decompress(data)
        except zstandard.ZstdError as error:
            raise corrupt(Codec.ZSTD, error, where) from error
        begun = True
        if out:
            pending.append(gauge.add(out))
            size += len(out)
        if size >= _OUTPUT:
            yield b"".join(pending)
            pending, size = [], 0
        data = b""
        if frame.eof:
            # Frames may follow one another (RFC 8878, section 3).
            data = frame.unused_data
            gauge.taken -= len(data)
            frame = library.decompressobj()
            begun = False
        data = data or reader.take_up_to(_ZSTD_INPUT)
    if begun:
        raise TruncatedError(
            "zstd stream ends early",
            where=where,
            hint="it was cut short: fetch or save it again",
        )
    if pending:
        yield b"".join(pending)


def corrupt(codec: Codec, error: Exception, where: str) -> InputError:
    """Build the error for a stream that its library refuses."""
    return InputError(
        f"{codec} stream is corrupt ({error})",
        where=where,
        hint="fetch or save it again; if it stays, the image was built broken",
    )
