"""Programs that hide what they are made of: compressed by UPX, put together by PyInstaller.

Rules: UPX's ``linfo`` (its magic follows the program headers, and sections are
gone); PyInstaller's bootloader documentation (an archive in the section
``pydata``, or after the program, that ends with a cookie).
"""

from __future__ import annotations

from gate.catalog.elf import Elf

_UPX = b"UPX!"
_HEAD = 1024
"""Bytes that hold the ELF header and the program headers of a program that UPX wrote."""
_COOKIE = b"MEI\014\013\012\013\016"
_COOKIE_WITHIN = 4096
_SECTION = b"\0pydata\0"


def hidden(elf: Elf, names: bytes) -> str:
    """Return why nothing can be told of a program's parts, "" where that is not so."""
    if not names and _UPX in bytes(elf.data[:_HEAD]):
        return "is compressed by UPX, which hides what it is made of (`upx -d` unpacks it)"
    if _SECTION in names or _COOKIE in bytes(elf.data[-_COOKIE_WITHIN:]):
        return "holds a Python program that PyInstaller packed, which lists no packages"
    return ""
