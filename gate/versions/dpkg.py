"""Debian package versions: ``[epoch:]upstream[-revision]``.

Source of the rules: deb-version(7) and Debian Policy 5.6.12.  Each of the two
parts is read as text, number, text, number, ... ; texts compare character by
character with ``~`` before the end of the text, letters next, everything else
after; numbers compare by value, and a missing one is 0.

The encoding keeps letters as they are and gives the other characters a
character on the right side of them.  ``!`` stands for ``~``; the end of a part
and the start of a number lie between it and the letters.
"""

from __future__ import annotations

import re

from gate.versions.encoding import number

_END = "$"
_WEIGHTS = str.maketrans({"~": "!", "+": "{", "-": "|", ".": "}", ":": "~"})
_BODY = re.compile(r"[0-9][A-Za-z0-9.+~:-]*")
_NUMBER = re.compile(r"[0-9]+")
_EPOCH_LIMIT = number("2147483647")


def key(version: str) -> str | None:
    """Return the key of a Debian version.

    A missing epoch is 0 and a missing revision is ``0``.  None where dpkg
    refuses to build or install a package of this version: the upstream part
    does not start with a digit, the revision is empty, the epoch is not a
    number or above 2147483647, or another character occurs than letters,
    digits and ``. + - ~``, and ``:`` in the upstream part after an epoch.
    ``dpkg --compare-versions`` orders some of these with a warning; a gate
    that went along would call ``r5`` newer than every fix.
    """
    epoch, colon, body = version.partition(":")
    if not colon:
        epoch, body = "0", version
    elif not (_NUMBER.fullmatch(epoch) and number(epoch) <= _EPOCH_LIMIT):
        return None
    if not _BODY.fullmatch(body):
        return None
    upstream, hyphen, revision = body.rpartition("-")
    if not hyphen:
        upstream, revision = body, "0"
    elif not upstream or not revision or ":" in revision:
        return None
    return number(epoch) + _part(upstream) + _part(revision)


def _part(text: str) -> str:
    # A text that ends the part is followed by a number that is not there: 0.
    whole = text if text[-1].isdigit() else text + "0"
    return _NUMBER.sub(_encode, whole.translate(_WEIGHTS)) + _END


def _encode(match: re.Match[str]) -> str:
    return number(match[0])
