"""Programs that say what they are made of: each executable ELF file is looked at once.

Almost all programs are of no such language, and are told by the names of their
sections alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gate.catalog import golang, named_programs, rust
from gate.catalog.elf import Elf
from gate.catalog.language import Contents
from gate.catalog.packed import hidden
from gate.catalog.reduced import SILENT, ReducedCataloger, keep
from gate.sources.wanted import Reduction

READERS: Mapping[str, Callable[[Elf, bytes], Contents | None]] = {
    "Go programs": golang.read_program,
    "Rust programs": rust.read_program,
}
"""A new language whose programs say what they are made of is a line here."""

PACKED = "packed programs"
NAMED = "programs by their names"
"""They say which version they are, and not what they are made of."""


def reduce_program(path: bytes, content: memoryview, gone: bool) -> bytes:
    """Return what is to be kept of a program: also that it says nothing of itself."""
    try:
        elf = Elf(content)
    except ValueError:
        # No kernel runs it either.
        return b""
    names = elf.names()
    for what, read in READERS.items():
        try:
            contents = read(elf, names)
        except ValueError as error:
            contents = Contents((), str(error))
        if contents is not None:
            return keep(what, contents, path, content, gone)
    reason = hidden(elf, names)
    if reason:
        return keep(PACKED, Contents((), reason), path, content, gone)
    named = named_programs.read_program(path, elf)
    return SILENT if named is None else keep(NAMED, named, path, content, gone)


PROGRAM_FILES = Reduction(reduce_program, magic=b"\x7fELF")

PROGRAMS = tuple(
    ReducedCataloger(what=what, reduction=PROGRAM_FILES, first=not number)
    for number, what in enumerate((*READERS, PACKED, NAMED))
)
