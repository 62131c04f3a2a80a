"""FreeBSD port versions: ``version[_revision][,epoch]``.

Source of the rules: the FreeBSD Porter's Handbook, section on package naming,
and pkg-version(8).  The epoch outranks the version, the version the revision.
A version is read as components of a number, a letter and a patch number:

* a word counts by its first letter, whatever its case; ``pl``, ``snap``,
  ``alpha``, ``beta``, ``pre`` and ``rc`` begin a component of their own;
* a component without a number sorts before 0 (1.rc1 < 1.0), a number alone
  before one with a letter (1.0 < 1.0a), ``pl`` before every other word;
* missing components are 0 (1 = 1.0);
* ``*`` is the lowest component and hides the rest; ``+`` ends a group of
  components, and missing groups are empty.

Since missing components are 0, a component is written together with what is
skipped before it: groups, then zeros.  Below 0, further away sorts higher;
above 0, lower.  The end stands for 0 and lies between the two.
"""

from __future__ import annotations

import re

from gate.versions.encoding import falling, number

_FORM = re.compile(r"([!-+.-^`-~]+)(?:_([0-9]+))?(?:,([0-9]+))?")
_COMPONENT = re.compile(
    r"(?:(?P<any>\*)[^+]*"
    r"|(?P<number>[0-9]+)"
    r"(?:(?!(?:pl|snap|alpha|beta|pre|rc)(?![a-z]))(?P<letter>[a-z])[a-z]*(?P<patch>[0-9]*))?"
    r"|(?P<word>pl(?![a-z])|[a-z])[a-z]*(?P<word_patch>[0-9]*)"
    r"|[^0-9a-z+*])[^0-9a-z+*]*"
)

_BELOW = "!"
_END = "$"
_ABOVE = "%"

_ANY = "!"
_NO_NUMBER = '"'
_NOTHING = "!"


def key(version: str) -> str | None:
    """Return the key of a port version; a missing epoch or revision is 0.

    None where the version is empty or holds ``-``, a blank, or ``_`` and ``,``
    other than before revision and epoch.
    """
    match = _FORM.fullmatch(version)
    if not match:
        return None
    body, revision, epoch = match.groups()
    return number(epoch or "") + _body(body.lower()) + number(revision or "")


def _body(text: str) -> str:
    parts: list[str] = []
    groups = zeros = 0
    for place, group in enumerate(text.split("+")):
        groups, zeros = (groups + 1, 0) if place else (0, 0)
        for match in _COMPONENT.finditer(group):
            digits = match["number"]
            if digits is None:
                parts += (_BELOW, number(str(groups)), number(str(zeros)), _low(match))
            elif digits.strip("0") or match["letter"]:
                parts += (_ABOVE, falling(groups), falling(zeros), _high(match))
            else:
                zeros += 1
                continue
            groups = zeros = 0
    return "".join(parts) + _END


def _low(match: re.Match[str]) -> str:
    if match["any"]:
        return _ANY
    word = match["word"]
    if word is None:
        return _NO_NUMBER + _NOTHING + number("")
    return _NO_NUMBER + (_NOTHING if word == "pl" else word) + _patch(match["word_patch"])


def _high(match: re.Match[str]) -> str:
    letter = match["letter"]
    return number(match["number"]) + (letter + _patch(match["patch"]) if letter else _NOTHING)


def _patch(digits: str) -> str:
    return number(digits) if digits else _NOTHING
