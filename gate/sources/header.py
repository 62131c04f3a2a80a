"""One block of a tar archive as a header: ustar and GNU, numbers and checksum.

Rules: POSIX.1-2017 pax(1), ustar Interchange Format, and the GNU tar manual
(base-256 numbers).

An image has a hundred thousand headers or more, and nearly all are alike: few
modes and times, sizes that come again.  `gate.sources.tar` takes those by
`COMMON` and looks their numbers up in what was read before (`Octal`, `Sums`);
whatever is in any way unusual goes through `parse`, which judges and explains.
"""

from __future__ import annotations

import struct
from typing import NamedTuple
from zlib import adler32

from gate.errors import InputError

HEADER_BYTES = 512
_HEADER = struct.Struct("100s8s16x12s12s8sc100s88xc166x")
COMMON = struct.Struct("100s8s16x12s12s8scc187xc")
"""Of a header: name, mode, size, time, checksum, flag, and the first byte each of the link
and of the prefix."""
_ADLER_PRIME = 65521
_NUMBER_ENDS = b"\0 "
_REMEMBERED = 16_384
"""Numbers of each kind; a hostile archive has as many as members."""


class Header(NamedTuple):
    """What one header block says."""

    name: bytes
    mode: int
    size: int
    mtime: int
    flag: bytes
    link: bytes
    more_maps: bool
    """An old GNU sparse header whose map goes on in further blocks."""


def name_of(field: bytes) -> bytes:
    """Return the text of a field, which a NUL byte ends if it is shorter."""
    end = field.find(b"\0")
    return field if end < 0 else field[:end]


def prefixed(name: bytes, block: memoryview) -> bytes:
    """Return a name with the prefix that a ustar header may hold, and a GNU header not."""
    if bytes(block[257:263]) != b"ustar\0":
        return name
    return name_of(bytes(block[345:500])) + b"/" + name


def parse(block: bytes, where: str, start: int) -> Header:
    """Read the header at offset `start`; InputError where it is none."""
    name, mode, size, mtime, checksum, flag, link, prefix = _HEADER.unpack(block)
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
    name = name_of(name)
    return Header(
        prefixed(name, memoryview(block)) if prefix[0] else name,
        _number(mode, "mode", where, start),
        _number(size, "size", where, start),
        _number(mtime, "mtime", where, start),
        flag,
        name_of(link),
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


class Octal(dict[bytes, int]):
    """Number fields of one archive that were read, by their bytes; -1 for no plain number."""

    def __missing__(self, field: bytes) -> int:
        if len(self) >= _REMEMBERED:
            self.clear()
        try:
            value = self._read(field)
        except InputError:
            value = -1
        self[field] = value
        return value

    def _read(self, field: bytes) -> int:
        return _number(field, "number", "", 0)


class Sums(Octal):
    """Checksum fields, and what the low half of Adler-32 over their whole header must be."""

    def _read(self, field: bytes) -> int:
        number = _number(field, "checksum", "", 0)
        return (1 + number - 8 * 0x20 + sum(field)) % _ADLER_PRIME
