"""Alpine package versions: ``1.2.3a_rc4~0f1e-r5``.

Source of the rules: apk-package(5) and the behaviour of apk-tools 3.  A
version is a number, further ``.number``, one letter, suffixes ``_name`` with
an optional number, ``~`` with a commit hash, and ``-r`` with a revision, in
this order.  Two versions compare part by part.  Where one has a part that the
other lacks, what follows decides, from lowest to highest:

    _alpha _beta _pre _rc, end, -r, ~hash, number of a suffix,
    _cvs _svn _git _hg _p, letter, .number

so that ``1.0_rc1`` < ``1.0`` < ``1.0-r0`` < ``1.0_p1`` < ``1.0a`` < ``1.0.0``.
A component after the first that starts with 0 compares as text and before all
that do not (1.01 < 1.1); the first one compares by value.

apk-tools 2 took a number after the letter, too (``1.9.5p2``, of sudo), which is higher
than everything else that may follow the letter; version 3 calls that invalid.  Packages
and advisories have such versions, so they are ordered as version 2 did.

Each part is written as one character of that ranking and its content.
"""

from __future__ import annotations

import re

from gate.versions.encoding import number

_FORM = re.compile(
    r"([0-9]+)((?:\.[0-9]+)*)([a-z]?)((?:(?<=[a-z])[0-9]+)?)"
    r"((?:_(?:alpha|beta|pre|rc|cvs|svn|git|hg|p)[0-9]*)*)"
    r"(?:~([0-9a-f]+))?(?:-r([0-9]+))?"
)
_SUFFIX = re.compile(r"_([a-z]+)([0-9]*)")

_END = "%"
_REVISION = "&"
_HASH = "'"
_SUFFIX_NUMBER = "("
_LETTER = "."
_COMPONENT = "/"
_SUFFIXES = {
    "alpha": "!",
    "beta": '"',
    "pre": "#",
    "rc": "$",
    "cvs": ")",
    "svn": "*",
    "git": "+",
    "hg": ",",
    "p": "-",
}


def key(version: str) -> str | None:
    """Return the key of an apk version.

    None for what apk itself calls invalid, although a few packages of that kind
    have been published (``10.2.22.r0``): apk compares two such versions as equal
    from the invalid place on.
    """
    match = _FORM.fullmatch(version)
    if not match:
        return None
    first, components, letter, count, suffixes, commit, revision = match.groups()
    parts = [number(first)]
    if components:
        parts += [_component(digits) for digits in components[1:].split(".")]
    if letter:
        parts += (_LETTER, letter)
    if count:
        parts += (_COMPONENT, number(count))
    if suffixes:
        for name, digits in _SUFFIX.findall(suffixes):
            parts.append(_SUFFIXES[name])
            if digits:
                parts += (_SUFFIX_NUMBER, number(digits))
    if commit:
        parts += (_HASH, commit)
    if revision:
        parts += (_REVISION, number(revision))
    parts.append(_END)
    return "".join(parts)


def _component(digits: str) -> str:
    return _COMPONENT + (digits if digits[0] == "0" else number(digits))
