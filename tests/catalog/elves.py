"""Builds ELF files, Go build information and lists of Rust crates for tests."""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass, field

MAGIC = b"\xff Go buildinf:"
START = bytes.fromhex("3077af0c9274080241e1c107e6d618e6")
END = bytes.fromhex("f932433186182072008242104116d8f2")
TRACES = {b".gopclntab": b"\xf1\xff\xff\xff", b".note.go.buildid": b"Go"}
"""Sections that Go's linker always writes."""
BASE = 0x400000
"""Address at which the file is loaded."""


@dataclass
class ElfFile:
    """An ELF file to be; it is loaded whole, as one writable segment."""

    sections: dict[bytes, bytes] = field(default_factory=dict)
    wide: bool = True
    order: str = "<"
    with_sections: bool = True

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Bytes of the ELF header, a program header and a section header."""
        return (64, 56, 64) if self.wide else (52, 32, 40)

    def address_of(self, name: bytes) -> int:
        """Return the address of a section's content."""
        at = self.sizes[0] + self.sizes[1]
        for other, content in self.sections.items():
            at += -at % 16
            if other == name:
                return BASE + at
            at += len(content)
        raise KeyError(name)

    def build(self) -> bytes:
        header_size, program_size, section_size = self.sizes
        body = bytearray(header_size + program_size)
        places = []
        for content in self.sections.values():
            body += bytes(-len(body) % 16)
            places.append((len(body), len(content)))
            body += content
        names = b"\0"
        starts = []
        for name in (*self.sections, b".shstrtab"):
            starts.append(len(names))
            names += name + b"\0"
        places.append((len(body), len(names)))
        body += names
        table = len(body) if self.with_sections else 0
        count = len(places) + 1 if self.with_sections else 0
        if self.with_sections:
            body += bytes(section_size)
            for start, (offset, size) in zip(starts, places, strict=True):
                shape = "IIQQQQIIQQ" if self.wide else "IIIIIIIIII"
                body += struct.pack(
                    self.order + shape, start, 1, 0, BASE + offset, offset, size, 0, 0, 16, 0
                )
        size = len(body)
        if self.wide:
            program = struct.pack(self.order + "IIQQQQQQ", 1, 6, 0, BASE, BASE, size, size, 16)
        else:
            program = struct.pack(self.order + "IIIIIIII", 1, 0, BASE, BASE, size, size, 6, 16)
        body[header_size : header_size + program_size] = program
        kind = bytes([2 if self.wide else 1, 1 if self.order == "<" else 2, 1])
        body[:16] = b"\x7fELF" + kind + bytes(9)
        shape = "HHIQQQIHHHHHH" if self.wide else "HHIIIIIHHHHHH"
        body[16:header_size] = struct.pack(
            self.order + shape, 2, 62, 1, BASE, header_size, table, 0, header_size,
            program_size, 1, section_size, count, max(count - 1, 0),
        )  # fmt: skip
        return bytes(body)


def varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def modules(*lines: str) -> bytes:
    """Return the text of the modules as the linker frames it."""
    text = "".join(f"{line}\n" for line in lines).encode()
    return START + text + END if text else b""


def go_inline(version: str, mods: bytes, **shape: object) -> bytes:
    """Return a program with build information of Go 1.18 and later."""
    raw = version.encode()
    info = MAGIC + bytes([8, 2]) + bytes(16) + varint(len(raw)) + raw + varint(len(mods)) + mods
    sections = {b".text": b"\x90" * 40, b".go.buildinfo": info, **TRACES}
    return ElfFile(sections, **shape).build()  # type: ignore[arg-type]


def go_pointers(version: str, mods: bytes, **shape: object) -> bytes:
    """Return a program with build information of Go 1.13 to 1.17."""
    elf = ElfFile({}, **shape)  # type: ignore[arg-type]
    size = 8 if elf.wide else 4
    pack = struct.Struct(elf.order + ("Q" if elf.wide else "I"))
    raw = version.encode()
    elf.sections = {
        b".rodata": raw + mods,
        b".data": bytes(4 * size),
        b".go.buildinfo": bytes(32),
    }
    text, headers = elf.address_of(b".rodata"), elf.address_of(b".data")
    elf.sections[b".data"] = b"".join(map(pack.pack, (text, len(raw), text + len(raw), len(mods))))
    flags = 0 if elf.order == "<" else 1
    pointers = pack.pack(headers) + pack.pack(headers + 2 * size)
    elf.sections[b".go.buildinfo"] = (MAGIC + bytes([size, flags]) + pointers).ljust(32, b"\0")
    return elf.build()


def rust(*packages: dict[str, object]) -> bytes:
    """Return a program that cargo-auditable wrote its crates into."""
    listed = zlib.compress(json.dumps({"packages": packages}).encode())
    return ElfFile({b".text": b"\x90" * 40, b".dep-v0": listed}).build()
