"""Paths inside a target: bytes, relative to its root, without dots.

They never become paths of this machine.  Bytes, because a file name need not
be text; `text` is the one place where they become it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_NOT_CLEAN = re.compile(rb"/\.{0,2}(?:/|\Z)|\A\.{0,2}(?:/|\Z)")


def clean(name: bytes) -> tuple[bytes, str]:
    """Return `name` as a path inside the root, and the code of what was odd about it.

    ``./etc/passwd`` and ``etc//passwd`` are ordinary.  An absolute name
    ("absolute-name") and one that climbs out ("parent-name") are read as a
    container runtime reads them: as lying inside the root.
    """
    if not _NOT_CLEAN.search(name):
        return name, ""
    oddity = "absolute-name" if name.startswith(b"/") else ""
    parts: list[bytes] = []
    for part in name.split(b"/"):
        if part == b"..":
            oddity = "parent-name"
            if parts:
                parts.pop()
        elif part not in {b"", b"."}:
            parts.append(part)
    return b"/".join(parts), oddity


def parent_of(path: bytes) -> tuple[bytes, bytes]:
    """Split a clean path into its folder and its last part; the root is ``b""``."""
    folder, _, name = path.rpartition(b"/")
    return folder, name


def with_parents(folders: Iterable[bytes]) -> frozenset[bytes]:
    """Return `folders` and all that they lie in, up to the root."""
    found: set[bytes] = set()
    for path in folders:
        folder = path
        while folder not in found:
            found.add(folder)
            folder = folder.rpartition(b"/")[0]
    return frozenset(found)


def text(path: bytes) -> str:
    r"""Return `path` as text: bytes that are not UTF-8 become ``\xNN``."""
    return path.decode("utf-8", "backslashreplace")
