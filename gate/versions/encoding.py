"""How a number is written inside a key, for every scheme.

Digits are handled as text throughout: a version is untrusted and may hold
more digits than `int` is willing to read (CVE-2020-10735), and text is exact
at any length.
"""

from __future__ import annotations

from collections.abc import Iterable

_COMPLEMENT = str.maketrans("0123456789", "9876543210")


def number(digits: str) -> str:
    """Return text that sorts as the value of `digits` (ASCII digits; none counts as 0).

    The count of significant digits comes first, then the digits, so that more
    digits sort higher: 0 is ``0``, 7 is ``17``, 42 is ``242``.  A count of 9
    or more is written as 9 followed by the encoding of what exceeds 9.  The
    result holds digits only, and none is a proper prefix of another.
    """
    significant = digits.lstrip("0")
    length = len(significant)
    if length < 9:
        return f"{length}{significant}"
    return "9" + number(str(length - 9)) + significant


def falling(count: int) -> str:
    """Return text that sorts the higher the smaller `count` (not negative) is.

    The complement of `number`, and as free of prefixes.
    """
    return number(str(count)).translate(_COMPLEMENT)


def numbers(values: Iterable[str]) -> str:
    """Return text that sorts as a list of numbers: a list before its continuations."""
    return "".join([number(digits) for digits in values]) + "$"
