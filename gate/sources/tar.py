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
from collections.abc import Generator
from enum import IntEnum
from typing import NamedTuple
from zlib import adler32

from gate.errors import InputError
from gate.sources.budget import MIB, Meter
from gate.sources.header import COMMON, HEADER_BYTES, Header, Octal, Sums, name_of, parse, prefixed
from gate.sources.streams import ChunkReader

BLOCK = HEADER_BYTES
_BATCH = 1024
"""Members between two looks at the budget."""
_ZEROS = bytes(BLOCK)
_PAX_RECORD = re.compile(rb"([1-9][0-9]{0,8}) ([^=\0\n]+)=")
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
_PLAIN: Kind = Kind.FILE
_FOLDER: Kind = Kind.DIRECTORY
_COMMON_KINDS: dict[bytes, Kind] = {
    flag: kind for flag, kind in _KINDS.items() if kind is not Kind.SPARSE
}
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
    start = reader.position
    # Local names and no calls but for C: this loop is most of the time a large image takes.
    unpack, octal, sums, new = COMMON.unpack_from, Octal(), Sums(), tuple.__new__
    plain, folder, kind_of = _PLAIN, _FOLDER, _COMMON_KINDS.get
    while True:
        block = reader.view_at(start, BLOCK)
        offset = start + BLOCK
        if len(block) == BLOCK and not extended:
            name, modes, sizes, times, checksum, flag, linked, prefix = unpack(block)
            kind = kind_of(flag)
            if kind is not None and sums[checksum] == adler32(block) & 0xFFFF:
                mode, size, mtime = octal[modes], octal[sizes], octal[times]
                if mode >= 0 and size >= 0 and mtime >= 0:
                    count += 1
                    if not count % _BATCH:
                        meter.add_entries(_BATCH, reader.where)
                    if (end := name.find(b"\0")) >= 0:
                        name = name[:end]
                    if prefix != b"\0":
                        name = prefixed(name, block)
                    if kind is not plain or name[-1:] == b"/":
                        kind, size = folder if kind is plain else kind, 0
                    link = b"" if linked == b"\0" else name_of(bytes(block[157:257]))
                    yield new(Member, (name, kind, mode, size, offset, link, mtime))
                    start = offset + (size + BLOCK - 1) // BLOCK * BLOCK
                    continue
        data = bytes(block)
        if len(data) < BLOCK or data == _ZEROS:
            _refuse_pending(extended, reader.where, start)
            meter.add_entries(count % _BATCH, reader.where)
            return TarEnd(marked=_ends(data, reader, start), members=count)
        count += 1
        if not count % _BATCH:
            meter.add_entries(_BATCH, reader.where)
        member = _uncommon(data, extended, reader, meter, start)
        if member is None:
            start = reader.position
        else:
            yield member
            start = member.offset + (member.size + BLOCK - 1) // BLOCK * BLOCK


def _uncommon(
    block: bytes, extended: dict[bytes, bytes], reader: ChunkReader, meter: Meter, start: int
) -> Member | None:
    """Read any header; None for one that extends the next, which is kept in `extended`."""
    header = parse(block, reader.where, start)
    kind = _KINDS.get(header.flag)
    if kind is None:
        _extend(extended, header, reader, meter, start)
        return None
    if extended or kind is Kind.SPARSE:
        header, kind = _override(header, kind, extended, reader.where, start)
        if header.more_maps:
            _skip_sparse_maps(reader, start)
        extended.clear()
    if kind is Kind.FILE and header.name.endswith(b"/"):
        # Before POSIX knew a type for it, a directory was a name with a slash.
        kind = Kind.DIRECTORY
    size = header.size if kind in _WITH_DATA else 0
    return Member(header.name, kind, header.mode, size, reader.position, header.link, header.mtime)


def looks_like_tar(head: bytes) -> bool:
    """Return whether `head`, at least one block, begins a tar archive."""
    block = head[:BLOCK]
    if len(block) < BLOCK:
        return False
    if block == _ZEROS:
        return True
    try:
        parse(block, "", 0)
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


def _extend(
    extended: dict[bytes, bytes], header: Header, reader: ChunkReader, meter: Meter, start: int
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
    header: Header, kind: Kind, extended: dict[bytes, bytes], where: str, start: int
) -> tuple[Header, Kind]:
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
