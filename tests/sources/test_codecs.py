"""Decompression: every codec round trips, ends early loudly, and cannot be made to explode."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import BudgetError, InputError
from gate.sources.budget import MIB, Budget, Meter
from gate.sources.codecs import Codec, decompressed, sniff, unread_codec
from gate.sources.streams import Chunk, Digest, TruncatedError, ahead, hashed

COMPRESS: dict[Codec, Callable[[bytes], bytes]] = {
    Codec.GZIP: gzip.compress,
    Codec.ZSTD: zstandard.ZstdCompressor(write_checksum=True).compress,
    Codec.XZ: lzma.compress,
    Codec.BZIP2: bz2.compress,
}
every_codec = pytest.mark.parametrize("codec", list(COMPRESS))


def expand(codec: Codec, *chunks: Chunk, meter: Meter | None = None) -> bytes:
    return b"".join(bytes(c) for c in decompressed(codec, chunks, meter or Meter(), "test"))


@every_codec
@given(data=st.binary(max_size=5000), sizes=st.lists(st.integers(1, 400), max_size=20))
def test_round_trip_in_chunks_of_any_size(codec: Codec, data: bytes, sizes: list[int]) -> None:
    packed = COMPRESS[codec](data)
    assert sniff(packed) is codec
    chunks, position = [], 0
    for size in sizes:
        chunks.append(packed[position : position + size])
        position += size
    assert expand(codec, *chunks, packed[position:]) == data


@every_codec
def test_several_members(codec: Codec) -> None:
    pack = COMPRESS[codec]
    assert expand(codec, pack(b"one"), pack(b""), pack(b"two")) == b"onetwo"


@every_codec
@given(data=st.binary(min_size=1, max_size=500), cut=st.integers(1, 10_000))
def test_every_cut_is_noticed(codec: Codec, data: bytes, cut: int) -> None:
    packed = COMPRESS[codec](data)
    end = cut % len(packed)
    if end == 0:
        return
    with pytest.raises(InputError):
        expand(codec, packed[:end])


@every_codec
@given(data=st.binary(min_size=1, max_size=300), position=st.integers(0, 10_000))
def test_a_damaged_byte_never_yields_other_content(
    codec: Codec, data: bytes, position: int
) -> None:
    packed = bytearray(COMPRESS[codec](data))
    packed[position % len(packed)] ^= 0x55
    try:
        found = expand(codec, bytes(packed))
    except InputError:
        return
    assert found == data


@every_codec
def test_what_follows_a_stream_is_refused(codec: Codec) -> None:
    with pytest.raises(InputError):
        expand(codec, COMPRESS[codec](b"x"), b"something else entirely")


@pytest.mark.parametrize("codec", [Codec.GZIP, Codec.XZ, Codec.BZIP2])
def test_zero_padding_is_allowed(codec: Codec) -> None:
    assert expand(codec, COMPRESS[codec](b"x"), bytes(1000)) == b"x"


@every_codec
def test_a_bomb_meets_the_ratio(codec: Codec) -> None:
    packed = COMPRESS[codec](bytes(32 * MIB))
    meter = Meter(Budget(ratio=100, ratio_floor=MIB))
    with pytest.raises(BudgetError, match="ratio"):
        expand(codec, packed, meter=meter)
    # zstd's library has no bound on one step; see _ZSTD_INPUT.
    assert meter.expanded < (128 if codec is Codec.ZSTD else 32) * MIB


@every_codec
def test_the_sum_of_what_comes_out_is_limited(codec: Codec) -> None:
    meter = Meter(Budget(expanded_bytes=1000))
    expand(codec, COMPRESS[codec](b"x" * 600), meter=meter)
    with pytest.raises(BudgetError, match="expanded_bytes"):
        expand(codec, COMPRESS[codec](b"x" * 600), meter=meter)


def test_a_zstd_window_of_a_gigabyte_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters.from_level(1, window_log=30)
    writer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    with pytest.raises(InputError, match="zstd"):
        expand(Codec.ZSTD, writer.compress(b"x" * 100) + writer.flush())


def test_time_is_limited() -> None:
    with pytest.raises(BudgetError, match="seconds"):
        expand(Codec.GZIP, gzip.compress(b"x"), meter=Meter(Budget(seconds=-1)))


def test_what_is_known_and_not_read_has_a_name() -> None:
    assert unread_codec(b"\x04\x22\x4d\x18rest") == "lz4"
    assert unread_codec(b"\x1f\x8b\x08") == ""
    assert sniff(b"plain text") is Codec.NONE


def test_the_producer_thread_hands_on_what_it_raises() -> None:
    def chunks() -> object:
        yield b"one"
        raise TruncatedError("early", where="here")

    stream = ahead(chunks())  # type: ignore[arg-type]
    assert next(stream) == b"one"
    with pytest.raises(TruncatedError):
        next(stream)


def test_a_consumer_may_stop_early() -> None:
    stream = ahead(b"x" for _ in range(10_000))
    assert next(stream) == b"x"
    stream.close()  # type: ignore[attr-defined]


@given(st.lists(st.binary(max_size=300_000), max_size=4))
def test_the_digest_is_that_of_all_chunks(chunks: list[bytes]) -> None:
    digest = Digest()
    assert b"".join(bytes(c) for c in hashed(chunks, digest)) == b"".join(chunks)
    assert digest.hexdigest() == hashlib.sha256(b"".join(chunks)).hexdigest()
    assert digest.size == sum(map(len, chunks))
