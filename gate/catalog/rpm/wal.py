"""SQLite's write-ahead log: which pages it replaces.

Rules: https://sqlite.org/fileformat2.html#walformat and, for the end of the
log, https://sqlite.org/walformat.html.  As in SQLite a log counts up to the
last commit whose frames all have the salts of the log and the right
checksums.  What follows it with the salts of this log does not count but is
reported, where SQLite passes over it without a word: it is a damaged log, one
that was cut off, or a change that was under way, and these look alike.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import msgspec

from gate.catalog.rpm.pages import Buffer
from gate.errors import InputError
from gate.sources.budget import Meter

_HEADER = struct.Struct(">8I")
_FRAME = struct.Struct(">6I")
_MAGIC = {0x377F0682: "<", 0x377F0683: ">"}
_VERSION = 3007000
_CHECKED = 24
"""Bytes of the log's header that its checksum covers."""


class Log(msgspec.Struct, frozen=True):
    """What a write-ahead log does to its database."""

    pages: dict[int, memoryview] = {}
    """Number of a page to its committed content."""
    count: int | None = None
    """Pages of the database after the last commit; None where nothing is committed."""
    problems: tuple[str, ...] = ()


class _Header(NamedTuple):
    order: str
    """Byte order of the checksums, as `struct` writes it."""
    salts: tuple[int, int]
    sums: tuple[int, int]


def read(wal: Buffer, page_size: int, meter: Meter, where: str) -> Log:
    """Return the committed pages of a log; InputError for one of another version.

    A log without bytes is ordinary: it was checkpointed.
    """
    data = memoryview(wal)
    if not data:
        return Log()
    if len(data) < _HEADER.size:
        return Log(problems=("its write-ahead log is cut short",))
    magic, version, size, _, *salts, sum0, sum1 = _HEADER.unpack_from(data)
    order = _MAGIC.get(magic)
    if order is None or _checksum(data[:_CHECKED], order, (0, 0)) != (sum0, sum1):
        return Log(problems=("its write-ahead log has a damaged header",))
    if version != _VERSION or size != page_size:
        raise InputError(
            f"its write-ahead log has version {version} and pages of {size} bytes",
            where=where,
            hint=f"version {_VERSION} and pages of {page_size} bytes belong there",
        )
    header = _Header(order, (salts[0], salts[1]), (sum0, sum1))
    return _frames(data, header, page_size, meter, where)


def _frames(data: memoryview, header: _Header, page_size: int, meter: Meter, where: str) -> Log:
    sums = header.sums
    pages: dict[int, memoryview] = {}
    pending: dict[int, memoryview] = {}
    count: int | None = None
    step = _FRAME.size + page_size
    at = _HEADER.size
    while at + step <= len(data):
        meter.check_time(where)
        number, after, salt0, salt1, sum0, sum1 = _FRAME.unpack_from(data, at)
        content = data[at + _FRAME.size : at + step]
        if (salt0, salt1) != header.salts or not number:
            break
        sums = _checksum(content, header.order, _checksum(data[at : at + 8], header.order, sums))
        if sums != (sum0, sum1):
            break
        pending[number] = content
        if after:
            pages |= pending
            pending.clear()
            count = after
        at += step
    problems: tuple[str, ...] = ()
    if pending or _continues(data, at, step, header.salts):
        problems = ("its write-ahead log ends in changes that are damaged or not committed",)
    return Log(pages, count, problems)


def _continues(data: memoryview, at: int, step: int, salts: tuple[int, int]) -> bool:
    """Return whether frames of this log, or less than a frame, follow its valid ones.

    What a log held before SQLite started it anew may follow: whole frames with
    other salts, both of them.
    """
    while at + step <= len(data):
        _, _, salt0, salt1, _, _ = _FRAME.unpack_from(data, at)
        if salt0 == salts[0] or salt1 == salts[1]:
            return True
        at += step
    return at < len(data)


def _checksum(data: memoryview, order: str, sums: tuple[int, int]) -> tuple[int, int]:
    first, second = sums
    for left, right in struct.iter_unpack(f"{order}II", data):
        first = (first + left + second) & 0xFFFFFFFF
        second = (second + right + first) & 0xFFFFFFFF
    return first, second
