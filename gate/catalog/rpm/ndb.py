"""rpm's own format: slots that say where each header lies (``Packages.db``).

Facts: rpm's ``lib/backend/ndb/rpmpkg.c``.  All numbers are little-endian.  The
file begins with pages of slots, 16 bytes each, of which the first two hold the
file's header.  A header blob lies in blocks of 16 bytes between a head and a
tail; the tail's Adler-32 covers everything before it.  rpm overwrites what it
removes with zeros, so a blob that no slot names betrays a lost or half-made
change.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from gate.catalog.rpm.pages import Buffer
from gate.catalog.rpm.record import Record
from gate.errors import InputError
from gate.sources.budget import Meter

MAGIC = b"RpmP"

_HEADER = struct.Struct("<4s4I")
_HEADER_SIZE = 32
_SLOT = struct.Struct("<4s3I")
_HEAD = struct.Struct("<4s3I")
_TAIL = struct.Struct("<2I4s")
_PAGE = 4096
_BLOCK = 16
_CHUNK = 1024 * 1024


class _Slot(NamedTuple):
    start: int
    """First block."""
    number: int
    """rpm's number of the package."""
    blocks: int


def records(data: Buffer, meter: Meter, where: str) -> Iterator[Record]:
    """Yield the header blobs by number, and whatever is wrong between them.

    InputError where the slots are not well-formed.
    """
    view = memoryview(data)
    slots, end = _slots(view, meter, where)
    yield from _gaps(view, slots, end, meter, where)
    for slot in sorted(slots, key=lambda slot: slot.number):
        try:
            blob = _blob(view, slot)
        except ValueError as error:
            yield Record(slot.number, problem=str(error))
        else:
            yield Record(slot.number, blob=blob)


def _slots(view: memoryview, meter: Meter, where: str) -> tuple[list[_Slot], int]:
    """Return the slots in use, in the order of the file, and where their pages end."""
    hint = "the database is damaged or cut short"
    if len(view) < _HEADER_SIZE:
        raise InputError("is shorter than its header", where=where, hint=hint)
    _, version, _, pages, _ = _HEADER.unpack_from(view)
    if version:
        raise InputError(f"has version {version} of the ndb format", where=where, hint=hint)
    end = pages * _PAGE
    if not pages or end > len(view) or len(view) % _BLOCK:
        raise InputError(
            f"has {len(view)} bytes and {pages} pages of slots", where=where, hint=hint
        )
    slots: list[_Slot] = []
    for count, fields in enumerate(_SLOT.iter_unpack(view[_HEADER_SIZE:end])):
        magic, number, start, blocks = fields
        if not count & 0xFFFF:
            meter.check_time(where)
        if magic != b"Slot":
            raise InputError(f"has a damaged slot {count}", where=where, hint=hint)
        if not (number or start or blocks):
            continue
        if not number or not blocks or start * _BLOCK < end:
            raise InputError(f"has a malformed slot {count}", where=where, hint=hint)
        if (start + blocks) * _BLOCK > len(view):
            raise InputError(f"is cut short: package {number} is missing", where=where, hint=hint)
        if len(slots) >= meter.budget.records:
            raise meter.over("records", f"{meter.budget.records:,} records", where)
        slots.append(_Slot(start, number, blocks))
    slots.sort()
    if len({slot.number for slot in slots}) != len(slots):
        raise InputError("has two slots for one package", where=where, hint=hint)
    return slots, end


def _gaps(
    view: memoryview, slots: list[_Slot], end: int, meter: Meter, where: str
) -> Iterator[Record]:
    """Report blobs that overlap, and anything that lies between them."""
    for slot in (*slots, _Slot(len(view) // _BLOCK, 0, 0)):
        start = slot.start * _BLOCK
        if start < end:
            raise InputError(
                f"has a package {slot.number} that overlaps another",
                where=where,
                hint="the database is damaged",
            )
        for at in range(end, start, _CHUNK):
            meter.check_time(where)
            gap = bytes(view[at : min(at + _CHUNK, start)])
            if gap.count(0) != len(gap):
                yield Record(0, problem=f"holds data near byte {at} that belongs to no package")
        end = start + slot.blocks * _BLOCK


def _blob(view: memoryview, slot: _Slot) -> bytes:
    stored = view[slot.start * _BLOCK : (slot.start + slot.blocks) * _BLOCK]
    if len(stored) < _HEAD.size + _TAIL.size:
        raise ValueError("is too short")
    magic, number, _, size = _HEAD.unpack_from(stored)
    at = len(stored) - _TAIL.size
    checksum, size_again, end = _TAIL.unpack_from(stored, at)
    if (magic, number, end) != (b"BlbS", slot.number, b"BlbE"):
        raise ValueError("is not where its slot says")
    if size != size_again or -(-(_HEAD.size + size + _TAIL.size) // _BLOCK) != slot.blocks:
        raise ValueError("is not as long as its slot says")
    if zlib.adler32(stored[:at]) != checksum:
        raise ValueError("does not match its checksum")
    return bytes(stored[_HEAD.size : _HEAD.size + size])
