"""Zip archives in memory: the central directory, and single members.

Rules: PKWARE APPNOTE 6.3.10, sections 4.3 (structure), 4.4 (fields), 4.5.3
(zip64).  Nothing is extracted; whatever is put before an archive, as the shell
script of an executable jar is, does not matter.  Everything that could make two
readers see two archives is refused.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from typing import NamedTuple

_END = struct.Struct("<4s4H2LH")
_END_MAGIC = b"PK\5\6"
_END64 = struct.Struct("<4sQ2H2L4Q")
_END64_MAGIC = b"PK\6\6"
_LOCATOR64 = struct.Struct("<4sLQL")
_LOCATOR64_MAGIC = b"PK\6\7"
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LENGTHS = struct.Struct("<4s24x3H")
"""Of a central header: its signature, and the lengths of name, extra field and comment."""
_CENTRAL_MAGIC = b"PK\1\2"
_LOCAL = struct.Struct("<4s5H3L2H")
_LOCAL_MAGIC = b"PK\3\4"
_COMMENT = 0xFFFF
_NARROW, _WIDE = 0xFFFF, 0xFFFFFFFF
_ZIP64 = 1
_ENCRYPTED = 0x1 | 0x40
_STORED, _DEFLATED = 0, 8
_MEMBERS = 500_000


class Member(NamedTuple):
    """One file of an archive."""

    name: bytes
    flags: int
    method: int
    crc: int
    stored: int
    """Bytes in the archive."""
    size: int
    """Bytes of the content."""
    offset: int
    """Of its local header."""


class Allowance:
    """How much may be unpacked of one file, all that is nested in it together."""

    def __init__(self, size: int) -> None:
        """Allow `size` bytes."""
        self.left = size

    def take(self, size: int) -> None:
        """Use some of it; ValueError where that is more than is left."""
        if size > self.left:
            raise ValueError("would unpack to more than is allowed for one archive")
        self.left -= size


def has_end(data: memoryview) -> bool:
    """Return whether the end of a zip archive is where readers look for it."""
    return _END_MAGIC in bytes(data[-_END.size - _COMMENT :])


class Zip:
    """The members of an archive; ValueError where it is none, or not a sound one."""

    def __init__(self, data: memoryview) -> None:
        """Read the central directory of the archive in `data`."""
        self._data = data
        self.repeated: set[bytes] = set()
        """Names that are there more than once; readers differ in which one they take."""
        count, size, offset, end = self._end()
        start = end - size
        self._base = start - offset
        """Bytes before the archive proper."""
        if start < 0 or self._base < 0 or count > _MEMBERS:
            raise ValueError("has a zip directory that does not fit")
        self._places = self._directory(start, end, count)

    @property
    def names(self) -> Iterable[bytes]:
        """The names of all members."""
        return self._places

    def _end(self) -> tuple[int, int, int, int]:
        """Return the number of members, size and offset of the directory, and where it ends."""
        data = self._data
        tail = bytes(data[-_END.size - _COMMENT :])
        at = tail.rfind(_END_MAGIC)
        while at >= 0:
            if at + _END.size <= len(tail):
                fields = _END.unpack_from(tail, at)
                if at + _END.size + fields[7] == len(tail):
                    break
            at = tail.rfind(_END_MAGIC, 0, at)
        if at < 0:
            raise ValueError("is not a zip archive, or is cut short")
        _, disk, start_disk, here, count, size, offset, _ = fields
        end = len(data) - len(tail) + at
        if disk or start_disk or here != count:
            raise ValueError("is a part of a zip archive in several files")
        saturated = _NARROW in {count, here} or _WIDE in {size, offset}
        locator = bytes(data[max(0, end - _LOCATOR64.size) : end])
        if not saturated and not locator.startswith(_LOCATOR64_MAGIC):
            return count, size, offset, end
        # Some write the wide record without need; then both have to say the same.
        wide = self._end64(end)
        for narrow, value in zip((count, size, offset), wide[:3], strict=True):
            if narrow not in {value, _NARROW, _WIDE}:
                raise ValueError("has two zip directories that differ")
        return wide

    def _end64(self, end: int) -> tuple[int, int, int, int]:
        at = end - _LOCATOR64.size
        if at < 0:
            raise ValueError("has a zip64 directory that does not fit")
        magic, _, offset, _ = _LOCATOR64.unpack_from(self._data, at)
        # What lies before the archive shifts it, so the record is looked for where it must be.
        place = at - _END64.size
        if magic != _LOCATOR64_MAGIC or place < 0 or offset > place:
            raise ValueError("has a zip64 directory that does not fit")
        magic, _, _, _, _, _, _, count, size, start = _END64.unpack_from(self._data, place)
        if magic != _END64_MAGIC:
            raise ValueError("has a zip64 directory that does not fit")
        return count, size, start, place

    def _directory(self, start: int, end: int, count: int) -> dict[bytes, int]:
        """Return where in the directory each name is; most are of classes nobody asks for."""
        directory = bytes(self._data[start:end])
        found: dict[bytes, int] = {}
        at, size, lengths = 0, len(directory), _LENGTHS.unpack_from
        for _ in range(count):
            name_at = at + _CENTRAL.size
            if name_at > size:
                raise ValueError("has a zip directory that is cut short")
            magic, name_size, extra_size, comment_size = lengths(directory, at)
            if magic != _CENTRAL_MAGIC:
                raise ValueError("has a zip directory that is damaged")
            name = directory[name_at : name_at + name_size]
            if name in found:
                self.repeated.add(name)
            found[name] = start + at
            at = name_at + name_size + extra_size + comment_size
        if at != size:
            raise ValueError("has a zip directory that does not end where it says")
        return found

    def member(self, name: bytes) -> Member | None:
        """Return what the directory says of a name, None where it is not there."""
        at = self._places.get(name)
        if at is None:
            return None
        fields = _CENTRAL.unpack_from(self._data, at)
        flags, method, crc, stored, size = fields[3], fields[4], *fields[7:10]
        extra_at = at + _CENTRAL.size + fields[10]
        extra = bytes(self._data[extra_at : extra_at + fields[11]])
        size, stored, offset = _wide(extra, size, stored, fields[16])
        return Member(name, flags, method, crc, stored, size, offset)

    def read(self, name: bytes, limit: int, allowance: Allowance) -> memoryview:
        """Return the content of a member of at most `limit` bytes, checked against its CRC."""
        shown = name.decode("utf-8", "replace")[-80:]
        member = self.member(name)
        if member is None:
            raise ValueError(f"has no '{shown}'")
        if member.name in self.repeated:
            raise ValueError(f"has '{shown}' more than once")
        if member.flags & _ENCRYPTED:
            raise ValueError(f"has '{shown}' encrypted")
        if member.size > limit:
            raise ValueError(f"has '{shown}' of {member.size:,} bytes, {limit:,} are allowed")
        allowance.take(member.size)
        content = self._content(member, shown)
        if len(content) != member.size or zlib.crc32(content) != member.crc:
            raise ValueError(f"has '{shown}' damaged")
        return content

    def _content(self, member: Member, shown: str) -> memoryview:
        at = self._base + member.offset
        if at + _LOCAL.size > len(self._data):
            raise ValueError(f"has '{shown}' outside of the archive")
        fields = _LOCAL.unpack_from(self._data, at)
        start = at + _LOCAL.size + fields[9] + fields[10]
        name = bytes(self._data[at + _LOCAL.size : at + _LOCAL.size + fields[9]])
        if fields[0] != _LOCAL_MAGIC or name != member.name:
            raise ValueError(f"has another file where '{shown}' should be")
        stored = self._data[start : start + member.stored]
        if len(stored) != member.stored:
            raise ValueError(f"has '{shown}' cut short")
        if member.method == _STORED:
            return stored
        if member.method != _DEFLATED:
            raise ValueError(f"has '{shown}' compressed by method {member.method}")
        try:
            inflate = zlib.decompressobj(-zlib.MAX_WBITS)
            return memoryview(inflate.decompress(stored, member.size + 1))
        except zlib.error as error:
            raise ValueError(f"has '{shown}' damaged") from error


def _wide(extra: bytes, size: int, stored: int, offset: int) -> tuple[int, int, int]:
    """Replace sizes that do not fit into 32 bits by those of the zip64 field."""
    if _WIDE not in {size, stored, offset}:
        return size, stored, offset
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == _ZIP64:
            numbers = iter(struct.unpack_from(f"<{length // 8}Q", extra[: at + 4 + length], at + 4))
            try:
                values = [next(numbers) if v == _WIDE else v for v in (size, stored, offset)]
            except StopIteration:
                break
            return values[0], values[1], values[2]
        at += 4 + length
    raise ValueError("has a zip64 field that does not fit")
