"""NuGet versions: up to four numbers, then as a semantic version.

Source of the rules: the NuGet documentation on package versioning and the
order of NuGet.Versioning: letter case does not count, build metadata does not
count, missing numbers are 0.  A pre-release label compares as a number when
it fits a 32-bit integer, minus sign included (``-5`` < ``0``), and as text
otherwise.
"""

from __future__ import annotations

import re

from gate.versions import semver
from gate.versions.encoding import falling, number

_FORM = re.compile(
    r"([0-9]+(?:\.[0-9]+){0,3})"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
    r"(?:\+[!-~]*)?"
)
_INTEGER = re.compile(r"(-?)0*([0-9]{1,10})")
_BELOW_ZERO = "+"


def key(version: str) -> str | None:
    """Return the key of a NuGet version; None for what NuGet does not read as one.

    Numbers may be longer than the 32 bits that NuGet allows.
    """
    match = _FORM.fullmatch(version)
    if not match:
        return None
    numbers, labels = match.groups()
    head = semver.core(numbers)
    if labels is None:
        return head + semver.RELEASE
    keys = [_label(label) for label in labels.lower().split(".")]
    return head + semver.PRE_RELEASE + semver.sequence(keys)


def _label(text: str) -> str:
    match = _INTEGER.fullmatch(text)
    if match:
        sign, digits = match.groups()
        value = int(digits)
        if sign and 0 < value <= 2**31:
            return _BELOW_ZERO + falling(value)
        if value < 2**31:
            return number(digits)
    return semver.TEXT + text
