"""Python package versions: ``[N!]N(.N)*[{a|b|rc}N][.postN][.devN][+local]``.

Source of the rules: the version specifiers specification of the Python
Packaging User Guide (PEP 440), sections on normalisation and on the summary
of permitted suffixes and relative ordering.  Trailing zeros of the release do
not count.  In one release the order is

    .devN, aN, bN, rcN, the release itself, .postN

and at each of these a ``.devN`` comes before it and a ``+local`` after it.

What is no version by PEP 440 (``0.1-bulbasaur``, ``2004d``) comes before all that are,
and among its kind in the order that setuptools gave it until release 66: numbers and
words in turn, where pre-release words come before the end and all others after it.
"""

from __future__ import annotations

import re

from gate.versions import LEGACY
from gate.versions.encoding import number

_FORM = re.compile(
    r"\s*v?(?:([0-9]+)!)?([0-9]+(?:\.[0-9]+)*)"
    r"(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?([0-9]*))?"
    r"(?:-([0-9]+)|[-_.]?(post|rev|r)[-_.]?([0-9]*))?"
    r"(?:[-_.]?(dev)[-_.]?([0-9]*))?"
    r"(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*"
)
_LEGACY_FORM = re.compile(r"[$-~]+")
_LEGACY_PART = re.compile(r"[0-9]+|[a-z]+|[.]|-|[^0-9a-z.-]+")
_LOCAL_SEPARATOR = re.compile(r"[-_.]")

_END = "$"
_LOWEST = "!"
_HIGHEST = "z"
_PRE = {
    "a": "a",
    "alpha": "a",
    "b": "b",
    "beta": "b",
    "c": "c",
    "pre": "c",
    "preview": "c",
    "rc": "c",
}
_POST = "p"
_DEV = "d"
_LOCAL_TEXT = "."
_LOCAL_NUMBER = "/"

_LEGACY_WORD = '"'
_LEGACY_END = "!"
_FINAL = "final"
_AFTER_FINAL = "final-"
_LEGACY_WORDS = {"c": "c", "dev": "@", "pre": "c", "preview": "c", "rc": "c", "-": _AFTER_FINAL}


def key(version: str) -> str | None:
    """Return the key of a Python version; None where it is empty or not printable ASCII."""
    match = _FORM.fullmatch(version.lower()) if version.isascii() else None
    if not match:
        return _legacy(version.lower()) if _LEGACY_FORM.fullmatch(version) else None
    epoch, release, pre, pre_digits, implicit_post, post, post_digits, dev, dev_digits, local = (
        match.groups()
    )
    is_post = bool(post or implicit_post)
    parts = [number(epoch or ""), _release(release)]
    if pre:
        parts.append(_PRE[pre] + number(pre_digits))
    else:
        # 1.0.dev1 comes before 1.0a1, while 1.0.post1.dev1 comes after 1.0.
        parts.append(_LOWEST if dev and not is_post else _HIGHEST)
    parts.append(_POST + number(implicit_post or post_digits) if is_post else _LOWEST)
    parts.append(_DEV + number(dev_digits) if dev else _HIGHEST)
    if local:
        parts += [_local(segment) for segment in _LOCAL_SEPARATOR.split(local)]
    parts.append(_LOWEST)
    return "".join(parts)


def _release(text: str) -> str:
    numbers = [number(digits) for digits in text.split(".")]
    while len(numbers) > 1 and numbers[-1] == "0":
        numbers.pop()
    return "".join(numbers) + _END


def _local(segment: str) -> str:
    return _LOCAL_NUMBER + number(segment) if segment.isdigit() else _LOCAL_TEXT + segment


def _legacy(text: str) -> str:
    """Return the key of a version outside PEP 440."""
    parts: list[str] = []
    for piece in _LEGACY_PART.findall(text):
        if piece[0].isdigit():
            parts.append(number(piece))
        elif piece != ".":
            _add_word(parts, _LEGACY_WORDS.get(piece, piece))
    _add_word(parts, _FINAL)
    return LEGACY + "".join(parts) + _LEGACY_END


def _add_word(parts: list[str], word: str) -> None:
    """Add a word; what a pre-release follows, and zeros before any word, do not count."""
    while word < _FINAL and parts and parts[-1] == _word(_AFTER_FINAL):
        parts.pop()
    while parts and parts[-1] == "0":
        parts.pop()
    parts.append(_word(word))


def _word(text: str) -> str:
    return _LEGACY_WORD + text + _LEGACY_END
