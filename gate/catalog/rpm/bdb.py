"""Berkeley DB, as rpm used it until 2020: the hash database ``Packages``.

Facts: rpm's ``lib/backend/bdb_ro.c`` and the layout of Berkeley DB's hash
pages.  Numbers have the byte order of the machine that wrote the file.  A
bucket is a chain of pages, each with an array of offsets that leads to keys and
values in turn; a value that does not fit continues on a chain of overflow
pages.  A key is rpm's number of a package; under number 0 rpm keeps a counter.

Without checksums a damaged link could hide packages, so whatever the format
states twice is compared: the number of entries, the links back, the end of
each page, and that no page with content is left over.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from gate.catalog.rpm.header import MAX_ENTRIES, MAX_STORE
from gate.catalog.rpm.pages import Buffer, Pages
from gate.catalog.rpm.record import Record
from gate.errors import InputError
from gate.sources.budget import Meter

HASH_MAGIC, BTREE_MAGIC = 0x061561, 0x053162

_VERSIONS = range(8, 11)
_META_SIZE = 512
_HASH_UNSORTED, _HASH, _OVERFLOW, _META = 2, 13, 7, 8
_HASH_KINDS = frozenset({_HASH_UNSORTED, _HASH})
_OVERFLOW_KINDS = frozenset({_OVERFLOW})
_KEY_DATA, _OFF_PAGE = 1, 3
_COUNTER_SIZE = 5
"""Bytes of rpm's counter as an item; a header is larger."""
_PAGE_HEADER = 26
_SPARES = 32
_LARGEST = MAX_STORE + 16 * MAX_ENTRIES + 8
"""Bytes of the largest header rpm allows."""


class _Page(NamedTuple):
    """The header of a page, and the page."""

    previous: int
    next: int
    entries: int
    end: int
    """Where the last item begins; on an overflow page how much it holds."""
    kind: int
    data: memoryview


def records(data: Buffer, meter: Meter, where: str) -> Iterator[Record]:
    """Yield the header blobs, and whatever contradicts itself.

    InputError where the file is no hash database or its pages are not well-formed.
    """
    database = _HashDatabase(memoryview(data), meter, where)
    found = 0
    for page in database.bucket_pages():
        for key, item in database.items(page):
            found += 1
            number = database.number(key)
            if not number and len(item) == _COUNTER_SIZE:
                continue
            try:
                yield Record(number, blob=database.value(item))
            except InputError as error:
                yield Record(number, problem=error.what)
    if found < database.entries:
        yield Record(0, problem=f"has {found} entries where it says {database.entries}")
    for page_number in database.left_over():
        yield Record(0, problem=f"has a page {page_number} in use that nothing leads to")


class _HashDatabase:
    """A hash database of either byte order."""

    def __init__(self, view: memoryview, meter: Meter, where: str) -> None:
        self._meter = meter
        self._where = where
        if len(view) < _META_SIZE:
            raise self._damaged("is shorter than its first page")
        magics = {order: struct.unpack_from(f"{order}I", view, 12)[0] for order in "<>"}
        order = next((order for order in "<>" if magics[order] in {HASH_MAGIC, BTREE_MAGIC}), "")
        if not order or magics[order] == BTREE_MAGIC:
            raise self._damaged("is no hash table, as rpm's packages are")
        self._page_header = struct.Struct(f"{order}8x3I2HxB")
        self._word = struct.Struct(f"{order}I")
        self._link = struct.Struct(f"{order}B3x2I")
        self._order = order
        version, size = struct.unpack_from(f"{order}2I", view, 16)
        encryption, kind, flags = view[24], view[25], view[26]
        (last,) = self._word.unpack_from(view, 32)
        self._bucket_count = self._word.unpack_from(view, 72)[0] + 1
        self.entries = self._word.unpack_from(view, 88)[0]
        """Keys that the database says it has."""
        self._spares = struct.unpack_from(f"{order}{_SPARES}I", view, 96)
        if version not in _VERSIONS or kind != _META or encryption or flags:
            raise self._damaged(f"has version {version}, kind {kind} or options that are not rpm's")
        if not 512 <= size <= 65536 or size & (size - 1):
            raise self._damaged(f"has pages of {size} bytes")
        if len(view) != (last + 1) * size:
            raise self._damaged(f"has {len(view)} bytes where {(last + 1) * size} belong")
        if self._bucket_count > last:
            raise self._damaged(f"claims {self._bucket_count} buckets on {last} pages")
        self._size = size
        self._pages = Pages(view, size=size, count=last + 1, first=0, where=where)

    def _damaged(self, what: str) -> InputError:
        return InputError(what, where=self._where, hint="the database is damaged or cut short")

    def _take(self, number: int, kinds: frozenset[int]) -> _Page:
        data = self._pages.take(number)
        page = self._decode(data, number)
        if page.kind not in kinds:
            raise self._damaged(f"has a page {number} of kind {page.kind} in the wrong place")
        return page

    def _decode(self, data: memoryview, number: int) -> _Page:
        own, previous, following, entries, end, kind = self._page_header.unpack_from(data)
        if own != number:
            raise self._damaged(f"has page {own} where page {number} belongs")
        return _Page(previous, following, entries, end, kind, data)

    def bucket_pages(self) -> Iterator[_Page]:
        """Yield the pages of all buckets, each bucket from its first page on."""
        for bucket in range(self._bucket_count):
            self._meter.check_time(self._where)
            number = bucket + self._spares[bucket.bit_length()]
            before = 0
            while number:
                page = self._take(number, _HASH_KINDS)
                if page.previous != before:
                    raise self._damaged(f"has a page {number} whose links contradict each other")
                yield page
                before, number = number, page.next

    def items(self, page: _Page) -> Iterator[tuple[memoryview, memoryview]]:
        """Yield the keys of a page, each with its value."""
        begin = _PAGE_HEADER + 2 * page.entries
        if begin > self._size or page.entries % 2:
            raise self._damaged(f"has a page with {page.entries} items")
        parts: list[memoryview] = []
        end = self._size
        for offset in struct.unpack_from(f"{self._order}{page.entries}H", page.data, _PAGE_HEADER):
            if not begin <= offset < end:
                raise self._damaged("has an item outside its page")
            parts.append(page.data[offset:end])
            end = offset
        # 65536 does not fit into the field and stands there as 0.
        if page.end != end & 0xFFFF:
            raise self._damaged("has a page that ends elsewhere than it says")
        return zip(parts[::2], parts[1::2], strict=True)

    def number(self, key: memoryview) -> int:
        """Return rpm's number of a package, 0 for its counter."""
        if len(key) != 5 or key[0] != _KEY_DATA:
            raise self._damaged("has a key that is no number")
        return int(self._word.unpack_from(key, 1)[0])

    def value(self, item: memoryview) -> bytes:
        """Return a value; InputError where its overflow pages are not well-formed."""
        if item[0] == _KEY_DATA:
            return bytes(item[1:])
        if item[0] != _OFF_PAGE or len(item) != self._link.size:
            raise self._damaged(f"has a value of kind {item[0]}")
        _, number, size = self._link.unpack_from(item)
        if size > _LARGEST:
            raise self._damaged(f"has a value of {size} bytes")
        parts: list[memoryview] = []
        before, left = 0, size
        while number:
            page = self._take(number, _OVERFLOW_KINDS)
            if page.previous != before or not 0 < page.end <= min(left, self._size - _PAGE_HEADER):
                raise self._damaged(f"has an overflow page {number} that does not fit its value")
            parts.append(page.data[_PAGE_HEADER : _PAGE_HEADER + page.end])
            left -= page.end
            before, number = number, page.next
        if left:
            raise self._damaged("has a value that is cut short")
        return b"".join(parts)

    def left_over(self) -> Iterator[int]:
        """Yield the pages with content that no bucket and no value leads to."""
        for number in self._pages.left():
            if not number & 0xFFFF:
                self._meter.check_time(self._where)
            fields = self._page_header.unpack_from(self._pages.look(number))
            if fields[5] in _HASH_KINDS | _OVERFLOW_KINDS and fields[3]:
                yield number
