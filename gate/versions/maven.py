"""Maven artifact versions.

Source of the rules: the Maven POM reference, section on version order, and
the behaviour of ``ComparableVersion`` in Maven 3.9.  A version is read as a
list of numbers and qualifiers; a hyphen, and each change between digits and
letters, opens a list inside the list, which then holds everything that
follows.  Zeros and ``ga``, ``final``, ``release`` at the end of a list do not
count.  Qualifiers sort

    alpha < beta < milestone < rc = cr < snapshot < the release < sp < others

and at one place qualifier < list < number.

That comparison is not an order.  Against the plain release the words count
(2.4.1-rc1 < 2.4.1 < 2.4.1.redhat-1), against each other only the kind of
place counts (2.4.1.redhat-1 < 2.4.1-rc1, a qualifier before a list).  No key
can repeat a circle.  Here the words come first: what is older than the plain
release lies before what is newer, and only among the older, and among the
newer, the kind of place decides.  So keys differ from Maven exactly for two
versions of which one is older and the other newer than what they have in
common, and Maven calls the older of them newer.
"""

from __future__ import annotations

import re

from gate.versions.encoding import number

_FORM = re.compile(r"[!-~]+")
_PIECE = re.compile(r"[0-9]+|[^0-9.-]+|[.-]")

_ALIASES = {"ga": "", "final": "", "release": "", "cr": "rc"}
_BEFORE_DIGIT = {"a": "alpha", "b": "beta", "m": "milestone"}
_QUALIFIERS = {
    "alpha": "A",
    "beta": "B",
    "milestone": "C",
    "rc": "D",
    "snapshot": "E",
    "": "F",
    "sp": "G",
}
_OTHER = "H"
_OTHER_END = "!"
# What sorts before the letters in a qualifier, moved up by what cannot stand there.
_LOW = "".join(c for c in map(chr, range(0x21, 0x61)) if not re.match(r"[A-Z0-9.-]", c))
_LOW_CODES = str.maketrans(_LOW, "".join(chr(0x22 + place) for place in range(len(_LOW))))

_ZERO = "0"
_OPEN = "("
_OLDER = frozenset("ABCDE")
_NEUTRAL = frozenset({_ZERO, _QUALIFIERS[""], _OPEN})

# What stands at a place of what is older than the plain release, and of what is newer.
_OLDER_QUALIFIER = "!"
_OLDER_LIST = '"'
_OLDER_NUMBER = "#"
_END = "$"
_NEWER_QUALIFIER = "%"
_NEWER_LIST = "&"


def key(version: str) -> str | None:
    """Return the key of a Maven version; None where it is empty or not printable ASCII."""
    if not _FORM.fullmatch(version):
        return None
    parts = [_END]
    newer = True
    for symbol in reversed(_symbols(version.lower())):
        # Older or newer than the plain release: the first place decides that is neither.
        if symbol not in _NEUTRAL:
            newer = symbol[0] not in _OLDER
        if symbol == _OPEN:
            parts.append(_NEWER_LIST if newer else _OLDER_LIST)
        elif symbol[0] <= "9":
            parts.append(symbol if newer else _OLDER_NUMBER)
        else:
            parts.append((_NEWER_QUALIFIER if newer else _OLDER_QUALIFIER) + symbol)
    return "".join(reversed(parts))


def _symbols(text: str) -> list[str]:
    """Return numbers and qualifiers as codes, each list but the first begun by `_OPEN`."""
    lists = _lists(text)
    for codes in lists:
        while codes and codes[-1] in _NEUTRAL:
            codes.pop()
    while lists and not lists[-1]:
        lists.pop()
    symbols: list[str] = []
    for place, codes in enumerate(lists):
        symbols += [_OPEN, *codes] if place else codes
    return symbols


def _lists(text: str) -> list[list[str]]:
    """Split as Maven does; every list holds the next one as its last place."""
    lists: list[list[str]] = [[]]
    pending = ""
    for piece in _PIECE.findall(text):
        if piece in ".-":
            lists[-1].append(_code(pending) if pending else _ZERO)
            pending = ""
            if piece == "-":
                lists.append([])
            continue
        if pending and piece[0].isdigit():
            if lists[-1]:
                lists.append([])
            lists[-1].append(_code(_BEFORE_DIGIT.get(pending, pending)))
            lists.append([])
        elif pending:
            lists[-1].append(_code(pending))
            lists.append([])
        pending = piece
    if pending:
        if lists[-1] and not pending[0].isdigit():
            lists.append([])
        lists[-1].append(_code(pending))
    return lists


def _code(piece: str) -> str:
    if piece[0].isdigit():
        return number(piece)
    known = _QUALIFIERS.get(_ALIASES.get(piece, piece))
    return known or _OTHER + piece.translate(_LOW_CODES) + _OTHER_END
