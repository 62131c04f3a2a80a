"""Tables of an SQLite database, read from its pages.

Rules: https://sqlite.org/fileformat2.html (database header 1.3, b-tree pages
1.6, record format 2.1, schema table 2.6).  Only what leads to the rows of an
ordinary table is read; nothing of the schema is executed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from gate.catalog.rpm import wal as write_ahead
from gate.catalog.rpm.pages import Buffer, Pages
from gate.errors import InputError
from gate.sources.budget import Meter

MAGIC = b"SQLite format 3\0"

Value = int | float | str | bytes | None

_HEADER_SIZE = 100
_FRACTIONS = bytes((64, 32, 32))
_LEAST_USABLE = 480
_ENCODINGS = {0: "utf-8", 1: "utf-8", 2: "utf-16-le", 3: "utf-16-be"}
_LEAF, _INTERIOR = 0x0D, 0x05
_DEPTH = 20
"""Levels of a b-tree that SQLite itself follows."""
_INTEGER_SIZES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_LOWEST, _HIGHEST = -(2**63), 2**63 - 1


class Cell(NamedTuple):
    """One row of a table, its values not yet read."""

    rowid: int
    size: int
    """Bytes of the whole payload."""
    local: memoryview
    """The part of the payload on the row's own page."""
    overflow: int
    """Page that the payload goes on with; 0 where it does not."""


class _Subtree(NamedTuple):
    page: int
    depth: int
    above: int
    """Every rowid in it is greater than this one."""
    last: int
    """No rowid in it is greater than this one."""


class Database:
    """An SQLite database file with its write-ahead log, if it has one."""

    def __init__(self, data: Buffer, wal: Buffer | None, meter: Meter, where: str) -> None:
        """Read both headers; InputError where they are not those of a database."""
        self.where = where
        self._meter = meter
        size = self._page_size(memoryview(data)[:_HEADER_SIZE])
        log = write_ahead.read(wal if wal is not None else b"", size, meter, where)
        self.problems = log.problems
        head = log.pages.get(1, memoryview(data))[:_HEADER_SIZE]
        if log.pages and self._page_size(head) != size:
            raise self._damaged("has another page size in its write-ahead log")
        count = log.count
        if count is None:
            count = self._count(head, len(data), size)
        self._pages = Pages(data, size=size, count=count, first=1, where=where, replaced=log.pages)
        self._usable = size - head[20]
        self._encoding = _ENCODINGS.get(int.from_bytes(head[56:60], "big"), "")
        if self._usable < _LEAST_USABLE or bytes(head[21:24]) != _FRACTIONS or not self._encoding:
            raise self._damaged("has a malformed header")

    def _page_size(self, head: memoryview) -> int:
        size = int.from_bytes(head[16:18], "big")
        size = 65536 if size == 1 else size
        if len(head) < _HEADER_SIZE or bytes(head[:16]) != MAGIC:
            raise self._damaged("does not begin with the header of an SQLite database")
        if size < 512 or size & (size - 1):
            raise self._damaged(f"has pages of {size} bytes")
        return size

    def _count(self, head: memoryview, length: int, size: int) -> int:
        """Return how many pages there are.

        The header's count holds only if whoever wrote last knew of it, which
        the two change counters tell.
        """
        count = int.from_bytes(head[28:32], "big")
        if count and head[24:28] == head[92:96]:
            if count * size > length:
                raise self._damaged(f"has {length} bytes where {count * size} belong")
            return count
        if length % size:
            raise self._damaged(f"has {length} bytes, which are no whole pages")
        return length // size

    def _damaged(self, what: str) -> InputError:
        return InputError(what, where=self.where, hint="the database is damaged or cut short")

    def rows(self, root: int) -> Iterator[Cell]:
        """Yield the rows of the table whose b-tree begins at page `root`, in order.

        InputError where the tree is not well-formed; the rows before that
        have been yielded then.
        """
        pending = [_Subtree(root, 1, _LOWEST - 1, _HIGHEST)]
        while pending:
            subtree = pending.pop()
            self._meter.check_time(self.where)
            if subtree.depth > _DEPTH:
                raise self._damaged(f"has a table deeper than {_DEPTH} levels")
            page = self._pages.take(subtree.page)
            start = _HEADER_SIZE if subtree.page == 1 else 0
            kind = page[start]
            if kind not in {_LEAF, _INTERIOR}:
                raise self._damaged(f"has a page {subtree.page} that is not part of a table")
            offsets = self._cell_offsets(page, start, subtree)
            if kind == _INTERIOR:
                pending.extend(reversed(self._children(page, start, offsets, subtree)))
                continue
            last = subtree.above
            for offset in offsets:
                cell = self._cell(page, offset)
                if not last < cell.rowid <= subtree.last:
                    raise self._damaged(f"has rows out of order on page {subtree.page}")
                last = cell.rowid
                yield cell

    def _cell_offsets(self, page: memoryview, start: int, subtree: _Subtree) -> list[int]:
        count = int.from_bytes(page[start + 3 : start + 5], "big")
        begin = start + (12 if page[start] == _INTERIOR else 8)
        end = begin + 2 * count
        if end > self._usable or (not count and subtree.depth > 1):
            raise self._damaged(f"has {count} cells on page {subtree.page}")
        offsets = [int.from_bytes(page[place : place + 2], "big") for place in range(begin, end, 2)]
        if offsets and not end <= min(offsets) <= max(offsets) <= self._usable - 4:
            raise self._damaged(f"has a cell outside page {subtree.page}")
        return offsets

    def _children(
        self, page: memoryview, start: int, offsets: list[int], subtree: _Subtree
    ) -> list[_Subtree]:
        children: list[_Subtree] = []
        above, depth = subtree.above, subtree.depth + 1
        for offset in offsets:
            child = int.from_bytes(page[offset : offset + 4], "big")
            last, _ = _varint(page, offset + 4)
            last = _signed(last)
            if not above < last <= subtree.last:
                raise self._damaged(f"has keys out of order on page {subtree.page}")
            children.append(_Subtree(child, depth, above, last))
            above = last
        right = int.from_bytes(page[start + 8 : start + 12], "big")
        children.append(_Subtree(right, depth, above, subtree.last))
        return children

    def _cell(self, page: memoryview, offset: int) -> Cell:
        """Return the cell of a leaf page; how much of it lies there is a rule of 1.6."""
        usable = self._usable
        size, offset = _varint(page, offset)
        rowid, offset = _varint(page, offset)
        local = size
        if size > usable - 35:
            least = (usable - 12) * 32 // 255 - 23
            local = least + (size - least) % (usable - 4)
            local = local if local <= usable - 35 else least
        end = offset + local
        if end + (4 if local < size else 0) > usable:
            raise self._damaged("has a cell that runs out of its page")
        overflow = int.from_bytes(page[end : end + 4], "big") if local < size else 0
        return Cell(_signed(rowid), size, page[offset:end], overflow)

    def values(self, cell: Cell) -> list[Value]:
        """Read the values of a row; InputError where it is not well-formed."""
        data = memoryview(self._payload(cell))
        header, at = _varint(data, 0)
        if header > len(data):
            raise self._damaged(f"has a row {cell.rowid} without values")
        body = header
        values: list[Value] = []
        while at < header:
            serial, at = _varint(data, at)
            size = _value_size(serial)
            if body + size > len(data):
                raise self._damaged(f"has a row {cell.rowid} that is cut short")
            values.append(self._value(serial, data[body : body + size]))
            body += size
        if at != header or body != len(data):
            raise self._damaged(f"has a row {cell.rowid} whose size is not that of its values")
        return values

    def _payload(self, cell: Cell) -> bytes:
        room = self._usable - 4
        if cell.size > len(cell.local) + self._pages.count * room:
            raise self._damaged(f"has a row {cell.rowid} larger than the file")
        parts = [cell.local]
        number, left = cell.overflow, cell.size - len(cell.local)
        while left:
            page = self._pages.take(number)
            number = int.from_bytes(page[:4], "big")
            parts.append(page[4 : 4 + min(left, room)])
            left -= len(parts[-1])
        return b"".join(parts)

    def _value(self, serial: int, data: memoryview) -> Value:
        if serial == 0:
            return None
        if serial in {8, 9}:
            return serial - 8
        if serial in _INTEGER_SIZES:
            return int.from_bytes(data, "big", signed=True)
        if serial == 7:
            (number,) = struct.unpack(">d", data)
            return float(number)
        if serial in {10, 11}:
            raise self._damaged("has a value of a reserved kind")
        return str(data, self._encoding, "replace") if serial % 2 else bytes(data)


def _value_size(serial: int) -> int:
    if serial >= 12:
        return (serial - 12) // 2
    return 8 if serial == 7 else _INTEGER_SIZES.get(serial, 0)


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """Return the number at `at` and where it ends; past the end there are zeros."""
    value = 0
    for byte in data[at : at + 8]:
        at += 1
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at
    last = data[at] if at < len(data) else 0
    return value << 8 | last, at + 1


def _signed(value: int) -> int:
    return value - 2**64 if value > _HIGHEST else value
