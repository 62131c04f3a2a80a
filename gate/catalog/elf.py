"""ELF files: where their sections and segments lie, read with bounds.

Rules: System V ABI, "Object Files" (ELF header, section and program headers).
Only tables are read; contents are views into the file.
"""

from __future__ import annotations

import struct
from functools import cached_property
from typing import NamedTuple

_MAGIC = b"\x7fELF"
_LOAD = 1
_NO_BITS = 8
_WRITABLE = 2
_MAX_TABLE = 0x10000
"""Headers of one table; linkers write a few dozen."""
_MAX_SEGMENTS = 256
_MAX_NAMES = 1 << 20
_OWN_NAMES = (b"\0.shstrtab\0", b"\0.strtab\0")
"""What linkers call the table of names; some share it with that of symbols."""
_SHAPES = {1: ("HHIIIIIHHHHHH", "IIIIIIIIII", "IIIIIIII"),
           2: ("HHIQQQIHHHHHH", "IIQQQQIIQQ", "IIQQQQQQ")}  # fmt: skip
"""ELF header after its ident, section header and program header; by class, 32 and 64 bit."""
_ORDERS = {1: "<", 2: ">"}


class Section(NamedTuple):
    """A named part of the file."""

    offset: int
    size: int


class Segment(NamedTuple):
    """A part of the file that is loaded into memory."""

    offset: int
    address: int
    size: int
    writable: bool


class Elf:
    """The tables of one ELF file.  ValueError where it has no valid header."""

    def __init__(self, data: memoryview) -> None:
        """Read the header; the tables are read when they are asked for."""
        if len(data) < 20 or data[:4] != _MAGIC:
            raise ValueError("is not an ELF file")
        shapes, order = _SHAPES.get(data[4]), _ORDERS.get(data[5])
        if shapes is None or order is None:
            raise ValueError("has an ELF header of unknown kind")
        self.data = data
        self._section, self._program = (
            struct.Struct(order + shapes[1]),
            struct.Struct(order + shapes[2]),
        )
        self._wide = data[4] == 2
        header = struct.Struct(order + shapes[0])
        if len(data) < 16 + header.size:
            raise ValueError("is shorter than an ELF header")
        fields = header.unpack_from(data, 16)
        self._program_offset, self._section_offset = fields[4], fields[5]
        self._program_count, self._section_count, self._names_index = (
            fields[9],
            fields[11],
            fields[12],
        )

    def names(self) -> bytes:
        """Return the names of all sections, each after a NUL byte; empty where there are none.

        Linkers name the table of names in itself.  One without that is of something
        else: kernels do not look at sections, so a program with damaged ones runs.
        """
        table = self._section_at(self._names_index) if self._section_count else None
        if table is None:
            return b""
        names = bytes(self.data[table[4] : table[4] + min(table[5], _MAX_NAMES)])
        return names if any(own in names for own in _OWN_NAMES) else b""

    def section(self, name: bytes) -> memoryview | None:
        """Return the content of the first section called `name`."""
        names = self.names()
        for number in range(min(self._section_count, _MAX_TABLE)):
            header = self._section_at(number)
            if header is None:
                return None
            if header[1] != _NO_BITS and names.startswith(name + b"\0", header[0]):
                return self.data[header[4] : header[4] + header[5]]
        return None

    def _section_at(self, number: int) -> tuple[int, ...] | None:
        offset = self._section_offset + number * self._section.size
        if not self._section_offset or offset + self._section.size > len(self.data):
            return None
        return self._section.unpack_from(self.data, offset)

    @cached_property
    def segments(self) -> list[Segment]:
        """What is loaded into memory, as far as the table lies inside the file."""
        found = []
        for number in range(min(self._program_count, _MAX_SEGMENTS)):
            offset = self._program_offset + number * self._program.size
            if offset + self._program.size > len(self.data):
                break
            fields = self._program.unpack_from(self.data, offset)
            if fields[0] != _LOAD:
                continue
            if self._wide:
                flags, begin, address, size = fields[1], fields[2], fields[3], fields[5]
            else:
                flags, begin, address, size = fields[6], fields[1], fields[2], fields[4]
            found.append(Segment(begin, address, size, bool(flags & _WRITABLE)))
        return found

    def at(self, address: int, size: int) -> memoryview:
        """Return `size` bytes at an address; ValueError where the file does not hold them."""
        for segment in self.segments:
            begin = address - segment.address
            if begin >= 0 and begin + size <= segment.size:
                start = segment.offset + begin
                if start + size <= len(self.data):
                    return self.data[start : start + size]
        raise ValueError(f"refers to address {address:#x}, which is not in the file")
