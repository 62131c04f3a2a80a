"""Versions of patched packages: another ecosystem's version and the number of a patch.

Source of the rules: the records of Root (``2.31.0+root.io.1``, ``7.5.2-root.io.1``,
``8:6.9.11.60+dfsg-1.6+deb12u3.root.io.1``) and of Echo (``1.2.3+echo.2`` for npm; its
other ecosystems order such a suffix by themselves).  The number counts patches of the
version before it, so it comes after that version and before the next one, whatever the
other ecosystem would make of the suffix.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from gate.versions.encoding import number

_SUFFIXES = {
    "root": re.compile(r"(.+)[+.-]root\.io\.([0-9]+)"),
    "echo": re.compile(r"(.+)\+echo\.([0-9]+)"),
}
_SEPARATOR = "!"
"""Sorts before everything by which a greater key of any scheme could go on."""


def over(key: Callable[[str], str | None], patches: str) -> Callable[[str], str | None]:
    """Return the key function of versions patched by ``root`` or ``echo`` over another scheme."""
    suffix = _SUFFIXES[patches]

    def patched(version: str) -> str | None:
        match = suffix.fullmatch(version)
        base = key(match[1] if match else version)
        return None if base is None else f"{base}{_SEPARATOR}{number(match[2] if match else '')}"

    return patched
