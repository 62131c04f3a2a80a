"""Rust programs built with cargo-auditable: the list of crates in ``.dep-v0``.

Rules: cargo-auditable's PARSING.md (a section with JSON compressed by zlib) and
its JSON schema.  A Rust program built without it says nothing of its crates,
and cannot be told from a C program.
"""

from __future__ import annotations

import re
import zlib

import msgspec

from gate.catalog.elf import Elf
from gate.catalog.language import Contents, Identity

SECTION = b".dep-v0"
_MAX_LIST = 8 << 20
"""Bytes of the list; cargo-auditable's own reader allows as many."""
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_VERSION = re.compile(r"[!-~]+")


class _Crate(msgspec.Struct, frozen=True):
    name: str
    version: str
    kind: str = "runtime"
    """``build`` for what only ran while the program was built."""


class _Crates(msgspec.Struct, frozen=True):
    packages: tuple[_Crate, ...]


def read_program(elf: Elf, names: bytes) -> Contents | None:
    """Return the crates in a program, its own included; None where it lists none.

    ValueError where the list cannot be read.
    """
    section = elf.section(SECTION) if b"\0" + SECTION + b"\0" in names else None
    if section is None:
        return None
    inflate = zlib.decompressobj()
    try:
        data = inflate.decompress(bytes(section[:_MAX_LIST]), _MAX_LIST)
        if not inflate.eof:
            raise ValueError("has a list of crates that is cut short or too long")
        crates = msgspec.json.decode(data, type=_Crates).packages
    except (zlib.error, msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"has a list of crates that cannot be read ({error})") from error
    if not all(
        _NAME.fullmatch(crate.name) and _VERSION.fullmatch(crate.version) for crate in crates
    ):
        raise ValueError("has a list of crates with an invalid name or version")
    return Contents(
        tuple(
            Identity("cargo", crate.name, crate.version)
            for crate in crates
            if crate.kind != "build"
        )
    )
