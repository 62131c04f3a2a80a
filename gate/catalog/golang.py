"""Go programs: the build information that the linker puts into each.

Rules: Go's packages debug/buildinfo (both layouts: pointers until Go 1.17,
inline strings since 1.18) and runtime/debug (the text of the modules).
"""

from __future__ import annotations

import re
from typing import Literal

from gate.catalog.elf import Elf
from gate.catalog.language import Contents, Identity

SECTION = b".go.buildinfo"
_TRACES = (b"\0" + SECTION + b"\0", b".gopclntab\0", b".note.go.buildid\0")
"""Sections that every Go program has and no other."""
_MAGIC = b"\xff Go buildinf:"
_HEADER = 32
_ALIGNMENT = 16
_INLINE, _BIG_ENDIAN = 2, 1
_SEARCHED = 1 << 20
"""Bytes searched where there are no sections; the linker puts it at the beginning of the data."""
_MAX_TEXT = 16 << 20
_LINES = frozenset({"", "path", "mod", "dep", "=>", "build"})
"""What a line of the list may begin with (runtime/debug.ParseBuildInfo)."""
_SENTINEL = 16
"""Bytes before and after the text of the modules, by which a running program finds it."""
_PATH = re.compile(r"[!-.0-~]+(?:/[!-.0-~]+)*")
_VERSION = re.compile(r"[!-~]*")
_RELEASE = re.compile(r"go([0-9]+(?:\.[0-9]+)*(?:(?:alpha|beta|rc)[0-9]+)?)(?:[- +].*)?")


def read_program(elf: Elf, names: bytes) -> Contents | None:
    """Return the standard library and the modules in a program; None where it is not one of Go.

    ValueError where it is, and nothing of what it is made of can be told.
    """
    if names:
        if not any(trace in names for trace in _TRACES):
            return None
        section = elf.section(SECTION)
        place = section if section is not None else memoryview(b"")
    else:
        data = next((segment for segment in elf.segments if segment.writable), None)
        if data is None:
            return None
        place = elf.data[data.offset : data.offset + data.size]
        if _MAGIC not in bytes(place[:_SEARCHED]):
            return None
    version, modules = _texts(elf, _information(place))
    release = _RELEASE.fullmatch(version)
    stdlib = Identity("golang", "stdlib", release[1] if release else "")
    try:
        return Contents((stdlib, *_modules(modules)))
    except ValueError as error:
        return Contents((stdlib,), str(error))


def _information(place: memoryview) -> memoryview:
    """Return the build information in a part of the file."""
    head = bytes(place[:_SEARCHED])
    start = head.find(_MAGIC)
    while start % _ALIGNMENT and start >= 0:
        start = head.find(_MAGIC, start + 1)
    if start < 0 or len(place) < start + _HEADER:
        raise ValueError("is a Go program without build information")
    return place[start:]


def _texts(elf: Elf, information: memoryview) -> tuple[str, str]:
    """Return the version of Go and the text of the modules."""
    if information[15] & _INLINE:
        version, end = _inline(information, _HEADER)
        modules, _ = _inline(information, end)
    else:
        size = information[14]
        order: Literal["big", "little"] = "big" if information[15] & _BIG_ENDIAN else "little"
        if size not in {4, 8}:
            raise ValueError(f"has Go build information with pointers of {size} bytes")
        version, modules = (
            _pointed(elf, bytes(information[at : at + size]), order) for at in (16, 16 + size)
        )
    if not version:
        raise ValueError("has Go build information without a version of Go")
    framed = len(modules) > 2 * _SENTINEL and modules[-_SENTINEL - 1 : -_SENTINEL] == b"\n"
    text = modules[_SENTINEL:-_SENTINEL] if framed else b""
    return version.decode("utf-8", "replace"), text.decode("utf-8", "replace")


def _inline(information: memoryview, at: int) -> tuple[bytes, int]:
    """Read a string after its length, a varint; return where it ends, too."""
    length = shift = 0
    while True:
        if at >= len(information) or shift > 28:
            raise ValueError("has Go build information that is cut short")
        byte = information[at]
        at += 1
        length |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            break
    end = at + length
    if end > len(information) or length > _MAX_TEXT:
        raise ValueError("has Go build information that is cut short")
    return bytes(information[at:end]), end


def _pointed(elf: Elf, pointer: bytes, order: Literal["big", "little"]) -> bytes:
    """Read the string whose header, a pointer and a length, lies at an address."""
    size = len(pointer)
    try:
        header = bytes(elf.at(int.from_bytes(pointer, order), 2 * size))
    except ValueError:
        # An empty string may lie in memory that is zeroed when the program starts.
        return b""
    begin, length = (int.from_bytes(part, order) for part in (header[:size], header[size:]))
    if length > _MAX_TEXT:
        raise ValueError("has Go build information that is cut short")
    return bytes(elf.at(begin, length)) if length else b""


def _modules(text: str) -> list[Identity]:
    """Return the main module and those it depends on, each as what replaces it.

    ValueError where there is no list, as in programs that were built outside of
    a module.
    """
    found: list[tuple[str, str]] = []
    for line in text.splitlines():
        kind, *fields = line.split("\t")
        if kind not in _LINES:
            raise ValueError("has a list of Go modules with a line that is not known")
        if kind not in {"mod", "dep", "=>"}:
            continue
        if len(fields) < 2 or (kind == "=>" and not found):
            raise ValueError("has a malformed list of Go modules")
        path, version = fields[0], fields[1]
        if kind == "=>":
            # A folder that replaces a module has no name and no version of its own.
            original = found.pop()[0]
            path = original if path.startswith((".", "/")) else path
        if not _PATH.fullmatch(path) or not _VERSION.fullmatch(version):
            raise ValueError("has a malformed list of Go modules")
        found.append((path, "" if version == "(devel)" else version))
    if not text:
        raise ValueError("is a Go program whose list of modules is missing")
    return [_identity(path, version) for path, version in found]


def _identity(path: str, version: str) -> Identity:
    namespace, _, name = path.rpartition("/")
    return Identity("golang", name, version, namespace=namespace)
