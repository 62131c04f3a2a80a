"""One package of an rpm database: the header blob.

Rules: rpm's documentation, "RPM v4 header format" (index and store) and
"Header regions" (immutable region, dribble entries); tag numbers from
``rpmtag.h``.  Where the header carries the digest of its immutable region, the
region must match it, as rpm itself demands.
"""

from __future__ import annotations

import hashlib
import struct
from typing import NamedTuple

import msgspec

_INDEX = struct.Struct(">IIiI")
_COUNTS = struct.Struct(">II")
_MAGIC = bytes.fromhex("8eade80100000000")

MAX_ENTRIES = 0xFFFF
MAX_STORE = 0x0FFFFFFF
"""Limits rpm sets: index entries, and bytes of the store."""

_INT32, _STRING, _BINARY, _STRING_ARRAY, _I18N_STRING = 4, 6, 7, 8, 9

_IMMUTABLE = 63
_REGIONS = frozenset({61, 62, _IMMUTABLE})
_SHA1, _SHA256 = 269, 273
_NAME, _VERSION, _RELEASE, _EPOCH = 1000, 1001, 1002, 1003
_INSTALL_TIME, _VENDOR, _LICENSE, _ARCH = 1008, 1011, 1014, 1022
_SOURCE_RPM, _MODULARITY = 1044, 5096
_FILE_DIGESTS, _DIR_INDEXES, _BASE_NAMES, _DIR_NAMES = 1035, 1116, 1117, 1118
_DIGEST_ALGORITHM = 5011
_ALGORITHMS = {None: "md5", 1: "md5", 2: "sha1", 8: "sha256", 9: "sha384", 10: "sha512"}
"""OpenPGP's numbers (RFC 4880, 9.4); rpm leaves the tag out for MD5."""
_TAGS = {
    _SHA1: "SHA1HEADER",
    _SHA256: "SHA256HEADER",
    _NAME: "NAME",
    _VERSION: "VERSION",
    _RELEASE: "RELEASE",
    _EPOCH: "EPOCH",
    _INSTALL_TIME: "INSTALLTIME",
    _VENDOR: "VENDOR",
    _LICENSE: "LICENSE",
    _ARCH: "ARCH",
    _SOURCE_RPM: "SOURCERPM",
    _MODULARITY: "MODULARITYLABEL",
    _FILE_DIGESTS: "FILEDIGESTS",
    _DIR_INDEXES: "DIRINDEXES",
    _BASE_NAMES: "BASENAMES",
    _DIR_NAMES: "DIRNAMES",
    _DIGEST_ALGORITHM: "FILEDIGESTALGO",
}


class RpmPackage(msgspec.Struct, frozen=True, kw_only=True):
    """One package as rpm recorded it; "" and None for tags it does not have."""

    name: str
    version: str
    release: str
    epoch: int | None = None
    arch: str = ""
    source_rpm: str = ""
    """File name of the source package."""
    modularity_label: str = ""
    vendor: str = ""
    license: str = ""
    install_time: int | None = None
    """Seconds since 1970, UTC."""
    files: tuple[tuple[bytes, str], ...] = ()
    """Clean path and ``<algorithm>:<hex digest>`` of each file, where they were asked for."""

    @property
    def is_key(self) -> bool:
        """Whether this is no package but a public key that rpm keeps as one."""
        return self.name == "gpg-pubkey"


class _Entry(NamedTuple):
    kind: int
    offset: int
    values: int


class _Region(NamedTuple):
    tag: int
    entries: int
    """Index entries inside the region, its own included."""
    size: int
    """Bytes of the store inside the region, its trailer included."""


def parse(blob: bytes, *, files: bool = False) -> RpmPackage:
    """Decode one header blob, with its list of files if asked; ValueError says what is wrong."""
    if len(blob) < _COUNTS.size:
        raise ValueError("is shorter than a header")
    entries, size = _COUNTS.unpack_from(blob)
    if not 1 <= entries <= MAX_ENTRIES or size > MAX_STORE:
        raise ValueError(f"claims {entries} entries and {size} bytes")
    start = _COUNTS.size + entries * _INDEX.size
    if len(blob) != start + size:
        raise ValueError(f"has {len(blob)} bytes where {start + size} belong")
    region = _region(blob, entries, start)
    fields = _Fields(blob, start, _index(blob, start, region))
    if region is not None and region.tag == _IMMUTABLE:
        _check_digest(blob, start, region, fields)
    return RpmPackage(
        name=fields.required(_NAME),
        version=fields.required(_VERSION),
        release=fields.required(_RELEASE),
        epoch=fields.number(_EPOCH),
        arch=fields.string(_ARCH),
        source_rpm=fields.string(_SOURCE_RPM),
        modularity_label=fields.string(_MODULARITY),
        vendor=fields.string(_VENDOR),
        license=fields.string(_LICENSE),
        install_time=fields.number(_INSTALL_TIME),
        files=_files(fields) if files else (),
    )


def _region(blob: bytes, entries: int, start: int) -> _Region | None:
    """Return the region the header begins with; None where it has none.

    The trailer in the store repeats the region's entry, with minus the size of
    the region's index as its offset.
    """
    tag, kind, offset, count = _INDEX.unpack_from(blob, _COUNTS.size)
    if tag not in _REGIONS:
        return None
    end = offset + _INDEX.size
    if kind != _BINARY or count != _INDEX.size or offset < 0 or start + end > len(blob):
        raise ValueError("has a malformed region")
    trailer = _INDEX.unpack_from(blob, start + offset)
    inside, rest = divmod(-trailer[2], _INDEX.size)
    if trailer[1] != _BINARY or rest or not 1 <= inside <= entries:
        raise ValueError("has a malformed region trailer")
    return _Region(tag, inside, end)


def _index(blob: bytes, start: int, region: _Region | None) -> dict[int, _Entry]:
    """Return the entries that are of use; those after the region replace those inside."""
    replaceable = region.entries if region is not None else 0
    found: dict[int, _Entry] = {}
    places: dict[int, int] = {}
    index = memoryview(blob)[_COUNTS.size : start]
    for place, (tag, kind, offset, count) in enumerate(_INDEX.iter_unpack(index)):
        if tag not in _TAGS:
            continue
        if tag in found and not places[tag] < replaceable <= place:
            raise ValueError(f"has {_TAGS[tag]} twice")
        found[tag] = _Entry(kind, offset, count)
        places[tag] = place
    return found


class _Fields:
    """The values of a header's entries, each checked against the store."""

    def __init__(self, blob: bytes, start: int, index: dict[int, _Entry]) -> None:
        self._blob = blob
        self._start = start
        self._index = index

    def string(self, tag: int) -> str:
        """Return a text value, "" where there is none."""
        entry = self._index.get(tag)
        if entry is None:
            return ""
        # A translated string lists one text for each locale, "C" first.
        if not (entry.kind == _STRING and entry.values == 1) and entry.kind != _I18N_STRING:
            raise ValueError(f"has a {_TAGS[tag]} that is not one string")
        begin = self._start + entry.offset
        end = self._blob.find(b"\0", begin) if entry.offset >= 0 else -1
        if end < 0:
            raise ValueError(f"has a {_TAGS[tag]} outside its store")
        return self._blob[begin:end].decode("utf-8", "replace")

    def required(self, tag: int) -> str:
        """Return a text value that every package has."""
        value = self.string(tag)
        if not value:
            raise ValueError(f"has no {_TAGS[tag]}")
        return value

    def strings(self, tag: int) -> list[bytes]:
        """Return a list of texts, empty where there is none."""
        entry = self._index.get(tag)
        if entry is None:
            return []
        begin = self._start + entry.offset
        if entry.kind != _STRING_ARRAY or entry.offset < 0:
            raise ValueError(f"has a {_TAGS[tag]} that is not a list of strings")
        found = self._blob[begin:].split(b"\0", entry.values)
        if len(found) <= entry.values:
            raise ValueError(f"has a {_TAGS[tag]} outside its store")
        return found[:-1]

    def numbers(self, tag: int) -> tuple[int, ...]:
        """Return a list of unsigned 32-bit values, empty where there is none."""
        entry = self._index.get(tag)
        if entry is None:
            return ()
        begin = self._start + entry.offset
        if entry.kind != _INT32 or entry.offset < 0:
            raise ValueError(f"has a {_TAGS[tag]} that is not a list of numbers")
        if begin + 4 * entry.values > len(self._blob):
            raise ValueError(f"has a {_TAGS[tag]} outside its store")
        return struct.unpack_from(f">{entry.values}I", self._blob, begin)

    def number(self, tag: int) -> int | None:
        """Return an unsigned 32-bit value, None where there is none."""
        entry = self._index.get(tag)
        if entry is None:
            return None
        if entry.kind != _INT32 or entry.values != 1:
            raise ValueError(f"has a {_TAGS[tag]} that is not one number")
        begin = self._start + entry.offset
        if entry.offset < 0 or begin + 4 > len(self._blob):
            raise ValueError(f"has a {_TAGS[tag]} outside its store")
        return int.from_bytes(self._blob[begin : begin + 4], "big")


def _files(fields: _Fields) -> tuple[tuple[bytes, str], ...]:
    names, folders = fields.strings(_BASE_NAMES), fields.strings(_DIR_NAMES)
    indexes, digests = fields.numbers(_DIR_INDEXES), fields.strings(_FILE_DIGESTS)
    if len(indexes) != len(names) or any(index >= len(folders) for index in indexes):
        raise ValueError("has a list of files that does not fit together")
    algorithm = _ALGORITHMS.get(fields.number(_DIGEST_ALGORITHM), "unknown")
    digests = digests or [b""] * len(names)
    return tuple(
        ((folders[index] + name).lstrip(b"/"), f"{algorithm}:{digest.decode('latin-1')}")
        for index, name, digest in zip(indexes, names, digests, strict=False)
    )


def _check_digest(blob: bytes, start: int, region: _Region, fields: _Fields) -> None:
    """Raise ValueError where the immutable region is not what was packaged.

    The stronger digest decides where a header has both.
    """
    expected, algorithm = fields.string(_SHA256), "sha256"
    if not expected:
        expected, algorithm = fields.string(_SHA1), "sha1"
    if not expected:
        return
    view = memoryview(blob)
    digest = hashlib.new(algorithm, _MAGIC, usedforsecurity=False)
    digest.update(_COUNTS.pack(region.entries, region.size))
    digest.update(view[_COUNTS.size : _COUNTS.size + region.entries * _INDEX.size])
    digest.update(view[start : start + region.size])
    if digest.hexdigest() != expected:
        raise ValueError(f"does not match its own {algorithm} digest")
