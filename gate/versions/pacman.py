"""pacman package versions: ``[epoch:]version[-release]``.

Source of the rules: vercmp(8) and alpm's comparison.  Version and release are
read as runs of digits and runs of letters.  The run that follows another
directly, or after fewer separators, is older; after as many, letters come
before digits.  The end comes after letters that follow directly (1.0rc < 1.0)
and before everything else (1.0 < 1.0.rc).

alpm's comparison is not an order in two places, which have no exact key:

* a version without a release equals the same version with any release.  Here
  it sorts before them, so that what lacks the release counts as older than
  the fix;
* a separator at the end makes 1.1 < 1..a < 1. < 1.1.  Such versions have no key.
"""

from __future__ import annotations

import re

from gate.versions.encoding import number

_EPOCH = re.compile(r"([0-9]*):")
_LABEL = re.compile(r"[!-~]*[0-9A-Za-z]")
_RUN = re.compile(r"([^0-9A-Za-z]*)(?:([0-9]+)|([A-Za-z]+))")

_LETTERS = "!"
_END = "$"
_DIGITS = "%"
_SEPARATORS = "("
_NO_RELEASE = "!"
_RELEASE = "-"


def key(version: str) -> str | None:
    """Return the key of a pacman version.

    A missing epoch is 0.  None where version or release is empty, ends in a
    separator or holds other characters than printable ASCII.
    """
    epoch = ""
    if match := _EPOCH.match(version):
        epoch = match[1]
        version = version[match.end() :]
    label, hyphen, release = version.rpartition("-")
    if not hyphen:
        label = release
    if not (_LABEL.fullmatch(label) and _LABEL.fullmatch(release)):
        return None
    head = number(epoch) + _label(label)
    return head + _RELEASE + _label(release) if hyphen else head + _NO_RELEASE


def _label(text: str) -> str:
    parts: list[str] = []
    for separators, digits, letters in _RUN.findall(text):
        if separators:
            parts += (_SEPARATORS, number(str(len(separators))))
        parts.append(_DIGITS + number(digits) if digits else _LETTERS + letters)
    return "".join(parts) + _END
