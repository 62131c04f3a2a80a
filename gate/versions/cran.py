"""R package versions: numbers separated by ``.`` or ``-``.

Source of the rules: Writing R Extensions, section on the DESCRIPTION file, and
the documentation of ``compareVersion``: numbers compare one by one, and a
version comes before its own continuations (1.0 < 1.0.0).
"""

from __future__ import annotations

import re

from gate.versions.encoding import numbers

_FORM = re.compile(r"[0-9]+(?:[.-][0-9]+)*")
_DIGITS = re.compile(r"[0-9]+")


def key(version: str) -> str | None:
    """Return the key of an R package version; None for anything but numbers."""
    return numbers(_DIGITS.findall(version)) if _FORM.fullmatch(version) else None
