"""Composer package versions.

Source of the rules: Composer's documentation on versions, the normalisation
of composer/semver and the order of PHP's ``version_compare``.  Up to four
numbers are filled up with zeros (1.0 = 1.0.0.0); dates such as ``2020-01-31``
and ``20200131`` are taken as they are; then follow a stability with numbers,
and ``-dev``.  At each place

    dev < alpha < beta < RC < end < number < patch

Branches (``dev-main``, ``master``) have no place in the order: Composer calls
two of them neither older nor newer, and they have no key.
"""

from __future__ import annotations

import re

from gate.versions.encoding import number

_STABILITY = (
    r"[._-]?(?:(?P<stability>stable|beta|b|rc|alpha|a|patch|pl|p)(?P<numbers>[0-9]*(?:[.-][0-9]+)*))?"
    r"(?P<dev>[.-]?dev)?"
)
_BUILD = re.compile(r"([^+,\s]+)\+\S+")
_CLASSICAL = re.compile(
    r"v?(?P<release>[0-9]{1,5}(?:\.[0-9]+){0,3})" + _STABILITY,
)
_DATE = re.compile(
    r"v?(?P<release>[0-9]{4}(?:[.:-]?[0-9]{2}){1,6}(?:[.:-]?[0-9]{1,3})?)" + _STABILITY
)
_BRANCH = re.compile(r"v?(?P<release>[0-9]+(?:\.(?:[0-9]+|[x*])){0,3})[.-]?dev")
_DIGITS = re.compile(r"[0-9]+")

_ANY = "9999999"
_DEV = "!"
_END = "%"
_STABILITIES = {
    "alpha": '"',
    "a": '"',
    "beta": "#",
    "b": "#",
    "rc": "$",
    "patch": ":",
    "pl": ":",
    "p": ":",
}


def key(version: str) -> str | None:
    """Return the key of a Composer version.

    None for branches, for what Composer refuses, and for ``stable`` in capitals,
    which it accepts and then sorts before everything else.  Numbers may be longer
    than the 64 bits PHP allows.
    """
    if not version.isascii():
        return None
    text = version.lower()
    if build := _BUILD.fullmatch(text):
        text = build[1]
    if "stable" in text and "stable" not in version:
        return None
    if match := _CLASSICAL.fullmatch(text):
        places = match["release"].split(".")
        return _key(places + ["0"] * (4 - len(places)), match)
    if match := _DATE.fullmatch(text):
        return _key(_DIGITS.findall(match["release"]), match)
    if match := _BRANCH.fullmatch(text):
        places = [_ANY if place in "x*" else place for place in match["release"].split(".")]
        places += [_ANY] * (4 - len(places))
        return "".join([number(digits) for digits in places]) + _DEV + _END
    return None


def _key(places: list[str], match: re.Match[str]) -> str:
    parts = [number(digits) for digits in places]
    stability = match["stability"]
    if stability and stability != "stable":
        parts.append(_STABILITIES[stability])
        parts += [number(digits) for digits in _DIGITS.findall(match["numbers"])]
    # Composer drops everything after "stable", "-dev" included.
    if match["dev"] and stability != "stable":
        parts.append(_DEV)
    return "".join(parts) + _END
