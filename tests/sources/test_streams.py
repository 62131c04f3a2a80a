"""Reading forward through chunks, whatever their sizes."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.sources.budget import MIB
from gate.sources.streams import ChunkReader, TruncatedError, digest_of, let_go

DATA = bytes(range(256)) * 2


@given(st.lists(st.integers(0, 90), max_size=8), st.data())
def test_every_way_to_read_yields_the_same_bytes(sizes: list[int], data: st.DataObject) -> None:
    chunks, position = [], 0
    for size in sizes:
        chunks.append(DATA[position : position + size])
        position += size
    chunks.append(DATA[position:])
    reader = ChunkReader(chunks, "t")
    at = 0
    while at < len(DATA):
        count = data.draw(st.integers(1, 400))
        expected = DATA[at : at + count]
        way = data.draw(st.sampled_from(["take", "up_to", "view", "view_at", "whole", "peek"]))
        if way == "view_at":
            skipped = min(data.draw(st.integers(0, 50)), len(DATA) - at)
            at += skipped
            expected = DATA[at : at + count]
            assert bytes(reader.view_at(at, count)) == expected
        elif way == "view":
            expected = bytes(reader.view_up_to(count))
            assert expected
            assert expected == DATA[at : at + len(expected)]
        elif way == "up_to":
            assert reader.take_up_to(count) == expected
        elif way == "peek":
            assert reader.peek(count) == expected
            expected = b""
        elif len(expected) < count:
            with pytest.raises(TruncatedError):
                reader.take(count)
            break
        else:
            found = reader.take(count) if way == "take" else bytes(reader.whole(count))
            assert found == expected
        at += len(expected)
        assert reader.position == at


def test_what_was_put_together_is_not_let_go_of() -> None:
    """Only a file's pages come back by themselves."""
    data = bytes(range(1, 256)) * 20_000
    reader = ChunkReader([data[:MIB], data[MIB:]], "t")
    content = reader.whole(len(data))
    let_go(content)
    assert digest_of(content, "sha256") == hashlib.sha256(data).hexdigest()
    assert content == data
