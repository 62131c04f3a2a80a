"""Header blobs as rpm would store them, for tests."""

from __future__ import annotations

import hashlib
import struct

INT32, STRING, BINARY = 4, 6, 7

Field = tuple[int, int, int, bytes]
"""Tag, type, count, bytes in the store."""

TAGS = {"name": 1000, "version": 1001, "release": 1002, "vendor": 1011, "license": 1014}
TAGS |= {"arch": 1022, "source_rpm": 1044, "modularity_label": 5096}


def text(tag: int, value: str) -> Field:
    return (tag, STRING, 1, value.encode() + b"\0")


def number(tag: int, value: int) -> Field:
    return (tag, INT32, 1, struct.pack(">I", value))


def _laid_out(fields: list[Field], at: int) -> tuple[bytes, bytes]:
    index, store = b"", b""
    for tag, kind, count, value in fields:
        if kind == INT32:
            store += bytes(-(at + len(store)) % 4)
        index += struct.pack(">IIiI", tag, kind, at + len(store), count)
        store += value
    return index, store


def blob(inside: list[Field], after: list[Field], *, digest: str = "sha256") -> bytes:
    """Return a header: an immutable region with `inside`, its digest, then `after`."""
    index, store = _laid_out(inside, 0)
    entry = struct.pack(">IIiI", 63, BINARY, len(store), 16)
    index = entry + index
    store += struct.pack(">IIiI", 63, BINARY, -len(index), 16)
    if digest:
        counts = struct.pack(">II", len(index) // 16, len(store))
        signed = bytes.fromhex("8eade80100000000") + counts + index + store
        tag = {"sha1": 269, "sha256": 273}[digest]
        after = [text(tag, hashlib.new(digest, signed).hexdigest()), *after]
    more_index, more_store = _laid_out(after, len(store))
    index, store = index + more_index, store + more_store
    return struct.pack(">II", len(index) // 16, len(store)) + index + store


def package(
    name: str = "bash",
    version: str = "5.1",
    release: str = "6.el9",
    *,
    epoch: int | None = None,
    digest: str = "sha256",
    padding: bytes = b"",
    **strings: str,
) -> bytes:
    """Return the header of one package; `padding` is a tag nobody reads."""
    values = {"name": name, "version": version, "release": release}
    values |= {"arch": "x86_64", "source_rpm": f"{name}-{version}-{release}.src.rpm"} | strings
    fields = [text(TAGS[key], value) for key, value in values.items() if value]
    if epoch is not None:
        fields.append(number(1003, epoch))
    if padding:
        fields.append((1146, BINARY, len(padding), padding))
    return blob(fields, [number(1008, 1_667_313_909)], digest=digest)
