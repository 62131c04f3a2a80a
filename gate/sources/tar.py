"""Our own tar reader: ustar, GNU and PAX headers, read forward, never unpacked.

Rules: POSIX.1-2017 pax(1) (ustar and pax interchange formats) and the GNU tar
manual (long names, base-256 numbers).  Where implementations differ we follow
Go's archive/tar, because it is what container runtimes unpack layers with.

Whatever does not fit a rule is an error with its offset: a reader that skips
what it does not understand loses files quietly, and a lost package database
reads as a clean image.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Generator
from enum import IntEnum
from typing import NamedTuple
from zlib import adler32

from gate.errors import InputError
from gate.sources.budget import MIB, Meter
from gate.sources.streams import ChunkReader

BLOCK = 512
_BATCH = 1024
"""Members between two looks at the budget."""
_ZEROS = bytes(BLOCK)
_HEADER = struct.Struct("100s8s16x12s12s8sc100s6s82x155s12x")
_PAX_RECORD = re.compile(rb"([1-9][0-9]{0,8}) ([^=\0\n]+)=")
_ADLER_PRIME = 65521
_SPARSE_BLOCKS = 2048
"""Blocks of sparse maps that one member may have: 1 MiB, as Go caps them (CVE-2025-58183)."""


class Kind(IntEnum):
    """What a tree entry is."""

    FILE = 0
    DIRECTORY = 1
    SYMLINK = 2
    HARDLINK = 3
    SPECIAL = 4
    """Device, fifo or socket."""
    SPARSE = 5
    """A file with holes; its stored bytes are not its content."""


_KINDS: dict[bytes, Kind] = {
    b"0": Kind.FILE,
    b"\0": Kind.FILE,
    b"7": Kind.FILE,
    b"1": Kind.HARDLINK,
    b"2": Kind.SYMLINK,
    b"3": Kind.SPECIAL,
    b"4": Kind.SPECIAL,
    b"5": Kind.DIRECTORY,
    b"6": Kind.SPECIAL,
    b"S": Kind.SPARSE,
}
_NUMBER_ENDS = b"\0 "
_EXTENSIONS = frozenset({b"x", b"g", b"L", b"K"})
_WITH_DATA = frozenset({Kind.FILE, Kind.SPARSE})
_PAX_FIELDS = frozenset({b"path", b"linkpath", b"size", b"mtime"})


class Member(NamedTuple):
    """One archive member.  `reader.take(member.size)` right after it yields its bytes."""

    name: bytes
    """As stored, from whichever header carries it."""
    kind: Kind
    mode: int
    size: int
    """Bytes of data that follow in the archive."""
    offset: int
    """Where they begin."""
    link: bytes
    mtime: int
    """Seconds since the epoch, UTC."""


class TarEnd(NamedTuple):
    """How an archive ended."""

    marked: bool
    """False where the bytes end without the two zero blocks that close an archive."""
    members: int


def members(reader: ChunkReader, meter: Meter) -> Generator[Member, None, TarEnd]:
    """Yield the members of the archive that `reader` stands at the beginning of.

    A consumer may take up to `size` bytes from `reader` before it asks for the
    next member; the rest is passed over.  The generator's return value is a
    `TarEnd`.  Raises InputError (with the offset) for anything that is not a
    well-formed archive, TruncatedError for one that is cut short.
    """
    extended: dict[bytes, bytes] = {}
    count = 0
    while True:
        start = reader.position
        block = reader.take_up_to(BLOCK)
        if len(block) < BLOCK or block == _ZEROS:
            _refuse_pending(extended, reader.where, start)
            meter.add_entries(count % _BATCH, reader.where)
            return TarEnd(marked=_ends(block, reader, start), members=count)
        count += 1
        if not count % _BATCH:
            meter.add_entries(_BATCH, reader.where)
        header = _parse(block, reader.where, start)
        kind = _KINDS.get(header.flag)
        if kind is None:
            _extend(extended, header, reader, meter, start)
            continue
        if extended or kind is Kind.SPARSE:
            header, kind = _override(header, kind, extended, reader.where, start)
            if header.more_maps:
                _skip_sparse_maps(reader, start)
            extended.clear()
        if kind is Kind.FILE and header.name.endswith(b"/"):
            # Before POSIX knew a type for it, a directory was a name with a slash.
            kind = Kind.DIRECTORY
        size = header.size if kind in _WITH_DATA else 0
        offset = reader.position
        yield Member(header.name, kind, header.mode, size, offset, header.link, header.mtime)
        reader.skip(offset + (size + BLOCK - 1) // BLOCK * BLOCK - reader.position)


def looks_like_tar(head: bytes) -> bool:
    """Return whether `head`, at least one block, begins a tar archive."""
    block = head[:BLOCK]
    if len(block) < BLOCK:
        return False
    if block == _ZEROS:
        return True
    try:
        _parse(block, "", 0)
    except InputError:
        return False
    return True


def _ends(block: bytes, reader: ChunkReader, start: int) -> bool:
    """Judge the end of an archive; return whether it is marked by zero blocks."""
    if not block:
        return False
    if len(block) < BLOCK:
        raise InputError(
            f"ends inside a tar header at offset {start:,}",
            where=reader.where,
            hint="it was cut short: fetch or save it again",
        )
    _expect_padding(reader)
    return True


class _Header(NamedTuple):
    name: bytes
    mode: int
    size: int
    mtime: int
    flag: bytes
    link: bytes
    more_maps: bool
    """An old GNU sparse header whose map goes on in further blocks."""


def _parse(block: bytes, where: str, start: int) -> _Header:
    name, mode, size, mtime, checksum, flag, link, magic, prefix = _HEADER.unpack(block)
    # The checksum is the sum of all bytes with its own field read as spaces.
    # The low half of Adler-32 is that sum modulo a prime, in C: seven times
    # faster than sum(), and no single damaged byte can change it by the prime.
    total = (adler32(block[156:], adler32(block[:148])) & 0xFFFF) - 1 + 8 * 0x20
    if (total - _number(checksum, "checksum", where, start)) % _ADLER_PRIME:
        raise InputError(
            f"not a tar header at offset {start:,} (its checksum does not match)",
            where=where,
            hint="the archive is corrupt, or it is not a tar archive",
        )
    name = name.partition(b"\0")[0]
    if magic == b"ustar\0" and prefix[0]:
        name = prefix.partition(b"\0")[0] + b"/" + name
    return _Header(
        name,
        _number(mode, "mode", where, start),
        _number(size, "size", where, start),
        _number(mtime, "mtime", where, start),
        flag,
        link.partition(b"\0")[0] if link[0] else b"",
        flag == b"S" and bool(block[482]),
    )


def _number(field: bytes, what: str, where: str, start: int) -> int:
    """Read an octal or base-256 header number; only a time may be negative."""
    digits = field[:-1]
    try:
        if digits.isdigit() and field[-1] in _NUMBER_ENDS:
            return int(digits, 8)
        digits = field.rstrip(b"\0 ")
        if digits.isdigit():
            return int(digits, 8)
        digits = digits.lstrip(b" ")
        if not digits or digits.isdigit():
            return int(digits or b"0", 8)
        if field[0] & 0x80:
            value = int.from_bytes(field, "big", signed=True)
            # The top bit marks the encoding, the next one is the sign.
            value = value if field[0] == 0xFF else value & ((1 << (8 * len(field) - 1)) - 1)
            if -(1 << 62) < value < 1 << 62 and (value >= 0 or what == "mtime"):
                return value
    except ValueError:
        pass
    raise InputError(
        f"the {what} in the tar header at offset {start:,} is not a valid number", where=where
    )


def _extend(
    extended: dict[bytes, bytes], header: _Header, reader: ChunkReader, meter: Meter, start: int
) -> None:
    """Read the data of a PAX or GNU extension header into `extended`."""
    if header.flag not in _EXTENSIONS:
        shown = header.flag.decode("latin-1").encode("unicode_escape").decode()
        raise InputError(
            f"a tar member of unknown type '{shown}' at offset {start:,}", where=reader.where
        )
    budget = meter.budget
    limit = budget.header_bytes if header.flag in {b"x", b"g"} else budget.path_bytes
    name = "header_bytes" if header.flag in {b"x", b"g"} else "path_bytes"
    if header.size > limit:
        raise meter.over(name, f"{limit:,} bytes", f"{reader.where}, offset {start:,}")
    data = reader.take(header.size)
    reader.skip(-header.size % BLOCK)
    if header.flag == b"L":
        extended[b"path"] = data.rstrip(b"\0")
    elif header.flag == b"K":
        extended[b"linkpath"] = data.rstrip(b"\0")
    else:
        records = _pax_records(data, reader.where, start)
        if header.flag == b"x":
            extended.update(records)
        elif _PAX_FIELDS & records.keys() or any(key.startswith(b"GNU.sparse") for key in records):
            # Unpackers disagree whether a global header renames what follows.
            raise InputError(
                f"a global header at offset {start:,} changes names or sizes", where=reader.where
            )


def _pax_records(data: bytes, where: str, start: int) -> dict[bytes, bytes]:
    r"""Parse ``length key=value\n`` records (pax(1), pax Extended Header)."""
    records: dict[bytes, bytes] = {}
    position = 0
    while position < len(data):
        match = _PAX_RECORD.match(data, position)
        end = position + int(match[1]) if match else 0
        if match is None or not match.end() < end <= len(data) or data[end - 1 : end] != b"\n":
            raise InputError(f"malformed PAX header at offset {start:,}", where=where)
        value = data[match.end() : end - 1]
        if match[2] in _PAX_FIELDS and b"\0" in value:
            raise InputError(f"a NUL byte in the PAX header at offset {start:,}", where=where)
        records[match[2]] = value
        position = end
    return records


def _override(
    header: _Header, kind: Kind, extended: dict[bytes, bytes], where: str, start: int
) -> tuple[_Header, Kind]:
    """Apply what extended headers say of the member that follows them."""
    name = extended.get(b"path", header.name)
    if any(key.startswith(b"GNU.sparse") for key in extended):
        kind = Kind.SPARSE
        name = extended.get(b"GNU.sparse.name", name)
    header = header._replace(
        name=name,
        link=extended.get(b"linkpath", header.link),
        size=_pax_number(extended, b"size", header.size, where, start),
        mtime=_pax_number(extended, b"mtime", header.mtime, where, start),
    )
    return header, kind


def _pax_number(
    extended: dict[bytes, bytes], key: bytes, otherwise: int, where: str, start: int
) -> int:
    """Return a PAX number; fractions of seconds are cut off."""
    if key not in extended:
        return otherwise
    whole, _, fraction = extended[key].partition(b".")
    sign = whole[:1] == b"-"
    digits = whole[1:] if sign else whole
    if not digits.isdigit() or len(digits) > 18 or (fraction and not fraction.isdigit()):
        raise InputError(f"malformed PAX number at offset {start:,}", where=where)
    if sign and key == b"size":
        raise InputError(f"negative size in the PAX header at offset {start:,}", where=where)
    return -int(digits) if sign else int(digits)


def _skip_sparse_maps(reader: ChunkReader, start: int) -> None:
    """Pass over the extension blocks of an old GNU sparse header.

    The maps are not needed: the content of a sparse file is never used.
    """
    for _ in range(_SPARSE_BLOCKS):
        if not reader.take(BLOCK)[504]:
            return
    raise InputError(f"a sparse map without end at offset {start:,}", where=reader.where)


def _refuse_pending(extended: dict[bytes, bytes], where: str, start: int) -> None:
    if extended:
        raise InputError(
            f"an extended header at offset {start:,} is followed by no member", where=where
        )


def _expect_padding(reader: ChunkReader) -> None:
    """Read to the end; anything but zeros there is a second archive in hiding."""
    for piece in reader.rest():
        if any(bytes(piece[at : at + MIB]).strip(b"\0") for at in range(0, len(piece), MIB)):
            raise InputError(
                "there is data after the end of the archive",
                where=reader.where,
                hint="two archives were joined; patchgate reads only one and will not guess",
            )
