"""Haskell package and compiler versions: numbers separated by dots.

Source of the rules: the Haskell Package Versioning Policy, section on
version numbers: they compare as lists, a version before its own
continuations (1.0 < 1.0.0).
"""

from __future__ import annotations

import re

from gate.versions.encoding import numbers

_FORM = re.compile(r"[0-9]+(?:\.[0-9]+)*")


def key(version: str) -> str | None:
    """Return the key of a Haskell version; None for anything but dotted numbers."""
    return numbers(version.split(".")) if _FORM.fullmatch(version) else None
