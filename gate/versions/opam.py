"""opam package versions: Debian's order over the whole version.

Source of the rules: the opam manual, section "Version ordering": as in Debian, text and
numbers take turns, ``~`` sorts before the end and letters before everything else.  There
is no epoch and no revision: ``:`` does not occur and ``-`` is text.  Letters, digits and
``_ + - . ~`` are allowed, in any place (``v0.16.0``).
"""

from __future__ import annotations

import re

from gate.versions.encoding import number

_END = "$"
_WEIGHTS = str.maketrans({"~": "!", "+": "{", "-": "|", ".": "}", "_": "~"})
_FORM = re.compile(r"[A-Za-z0-9_+.~-]+")
_NUMBER = re.compile(r"[0-9]+")
_START = "0"
"""Keeps a version that begins with text between `gate.versions.BEFORE` and `BEYOND`."""


def key(version: str) -> str | None:
    """Return the key of an opam version; None where another character occurs."""
    if not _FORM.fullmatch(version):
        return None
    # A text that ends the version is followed by a number that is not there: 0.
    whole = version if version[-1].isdigit() else version + "0"
    return _START + _NUMBER.sub(_encode, whole.translate(_WEIGHTS)) + _END


def _encode(match: re.Match[str]) -> str:
    return number(match[0])
