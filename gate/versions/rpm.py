"""RPM versions: ``[epoch:]version[-release]``.

Source of the rules: rpm-version(7) and the manual's section on comparison.
Version and release are each read as runs of digits, runs of letters, ``~``
and ``^``; every other character only separates.  At each place
``~`` < end < ``^`` < letters < digits; digits compare by value, letters by
their bytes.

A version without a release sorts before the same version with any release,
as rpm itself orders full EVRs.  Advisories always state a release; where an
inventory leaves it out, the installed version then counts as older than the
fix.  That can be a false alarm, and is never a false green.
"""

from __future__ import annotations

import re

from gate.versions.encoding import number

_END = "$"
_NO_RELEASE = "!"
_RELEASE = "-"
_LETTERS = "+"
_MARKS = {"~": "!", "^": "%"}
_EPOCH = re.compile(r"([0-9]*):")
_TOKEN = re.compile(r"[0-9]+|[A-Za-z]+|[~^]")


def key(version: str) -> str | None:
    """Return the key of an RPM version.

    A missing epoch is 0.  A colon after anything but digits belongs to the
    version.  None only for an empty version: rpm orders every other text.
    """
    epoch = ""
    if ":" in version and (match := _EPOCH.match(version)):
        epoch = match[1]
        version = version[match.end() :]
    label, hyphen, release = version.rpartition("-")
    if not hyphen:
        label = release
    if not label:
        return None
    head = number(epoch) + _label(label)
    return head + _RELEASE + _label(release) if hyphen else head + _NO_RELEASE


def _label(text: str) -> str:
    tokens = _TOKEN.findall(text)
    # Letters need no mark of their end: what may follow sorts before every letter.
    return "".join([_MARKS.get(token) or _run(token) for token in tokens]) + _END


def _run(token: str) -> str:
    return number(token) if token[0] <= "9" else _LETTERS + token
