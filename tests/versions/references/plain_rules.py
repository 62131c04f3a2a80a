"""Order pairs of versions by a scheme's published rules, two versions at a time.

    python plain_rules.py SCHEME

For schemes whose reference implementation no ordinary package brings.  Written from
the rules, not from the keys: here two versions are walked side by side.  Reads lines
"a<TAB>b", writes one of ``< = > ?`` a line, ``?`` where a version is none.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from itertools import zip_longest
from typing import Any


class RefusedError(Exception):
    """The text is no version of the scheme."""


def sign(left: Any, right: Any) -> int:
    return int(left > right) - int(left < right)


def first(*differences: int) -> int:
    return next((one for one in differences if one), 0)


# Numbers in a row: Haskell (PVP, "Version numbers"), R (compareVersion).


def haskell(left: str, right: str) -> int:
    return sign(*(numbers(text, r"[0-9]+(\.[0-9]+)*") for text in (left, right)))


def cran(left: str, right: str) -> int:
    return sign(*(numbers(text, r"[0-9]+([.-][0-9]+)*") for text in (left, right)))


def numbers(text: str, form: str) -> list[int]:
    if not re.fullmatch(form, text):
        raise RefusedError
    return [int(part) for part in re.split(r"[.-]", text)]


# Semantic Versioning 2.0.0, section 11, and what departs from it.

SEMVER = r"v?([0-9]+(?:\.[0-9]+)*)(?:-([0-9A-Za-z.-]*))?(?:\+(.*))?"


def parsed(text: str, form: str = SEMVER) -> tuple[list[int], str | None, str | None]:
    match = re.fullmatch(form, text)
    if not match or (match[2] is not None and "" in match[2].split(".")):
        raise RefusedError
    return [int(part) for part in match[1].split(".")], match[2], match[3]


def padded(left: list[int], right: list[int]) -> int:
    pairs = zip_longest(left, right, fillvalue=0)
    return first(*(sign(a, b) for a, b in pairs))


def identifiers(left: str, right: str) -> int:
    for a, b in zip_longest(left.split("."), right.split(".")):
        if a is None or b is None:
            return -1 if a is None else 1
        if a.isdigit() and b.isdigit():
            difference = sign(int(a), int(b))
        elif a.isdigit() or b.isdigit():
            difference = -1 if a.isdigit() else 1
        else:
            difference = sign(a, b)
        if difference:
            return difference
    return 0


def pre_release(left: str | None, right: str | None) -> int:
    if left is None or right is None:
        return int(left is None) - int(right is None)
    return identifiers(left, right)


def pub(left: str, right: str) -> int:
    """dart.dev, "Package versioning": build metadata counts, none before any."""
    (a, pre_a, build_a), (b, pre_b, build_b) = parsed(left), parsed(right)
    for build in (build_a, build_b):
        if build is not None and not re.fullmatch(r"[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*", build):
            raise RefusedError
    difference = first(padded(a, b), pre_release(pre_a, pre_b))
    if difference or build_a is None or build_b is None:
        return difference or int(build_a is not None) - int(build_b is not None)
    return identifiers(build_a, build_b)


def bitnami(left: str, right: str) -> int:
    """As semantic versions, once the number of a rebuild is taken away."""
    (a, pre_a, _), (b, pre_b, _) = (parsed(re.sub(r"-[0-9]+\Z", "", t)) for t in (left, right))
    return first(padded(a, b), pre_release(pre_a, pre_b))


def nuget(left: str, right: str) -> int:
    """NuGet documentation, "Package versioning": at most four numbers, letter case ignored."""
    form = r"([0-9]+(?:\.[0-9]+){0,3})(?:-([0-9A-Za-z.-]*))?(?:\+([!-~]*))?"
    (a, pre_a, _), (b, pre_b, _) = parsed(left, form), parsed(right, form)
    if (difference := padded(a, b)) or pre_a is None or pre_b is None:
        return difference or int(pre_a is None) - int(pre_b is None)
    for x, y in zip_longest(pre_a.lower().split("."), pre_b.lower().split(".")):
        if x is None or y is None:
            return -1 if x is None else 1
        p, q = integer(x), integer(y)
        if p is not None and q is not None:
            difference = sign(p, q)
        elif p is not None or q is not None:
            difference = -1 if p is not None else 1
        else:
            difference = sign(x, y)
        if difference:
            return difference
    return 0


def integer(text: str) -> int | None:
    """Return a label that .NET reads as a 32-bit integer."""
    value = int(text) if re.fullmatch(r"-?[0-9]+", text) else 2**31
    return value if -(2**31) <= value < 2**31 else None


# opam manual, "Version ordering": Debian's, over the whole text.


def opam(left: str, right: str) -> int:
    for text in (left, right):
        if not re.fullmatch(r"[A-Za-z0-9_+.~-]+", text):
            raise RefusedError
    while left or right:
        a, b = (re.match(r"[^0-9]*", text)[0] for text in (left, right))  # type: ignore[index]
        left, right = left[len(a) :], right[len(b) :]
        for x, y in zip_longest(a, b):
            if x != y:
                return weight(x) - weight(y)
        a, b = (re.match(r"[0-9]*", text)[0] for text in (left, right))  # type: ignore[index]
        left, right = left[len(a) :], right[len(b) :]
        if int(a or 0) != int(b or 0):
            return sign(int(a or 0), int(b or 0))
    return 0


def weight(character: str | None) -> int:
    if character is None:
        return 0
    if character == "~":
        return -1
    return ord(character) if character.isalpha() else ord(character) + 256


# FreeBSD Porter's Handbook, "Package names", and the manual of pkg-version.

STAGES = {"pl": 0, "snap": 19, "alpha": 1, "beta": 2, "pre": 16, "rc": 18}
Component = tuple[int, int, int]
NOTHING: Component = (0, 0, 0)


def freebsd(left: str, right: str) -> int:
    (epoch_a, a, revision_a), (epoch_b, b, revision_b) = port(left), port(right)
    body = 0
    while not body and (a or b):
        (x, a, ended_a), (y, b, ended_b) = component(a), component(b)
        if ended_a and ended_b:
            a, b = a[1:], b[1:]
        body = sign(x, y)
    return first(sign(epoch_a, epoch_b), body, sign(revision_a, revision_b))


def port(text: str) -> tuple[int, str, int]:
    match = re.fullmatch(r"([!-~]+?)(?:_([0-9]+))?(?:,([0-9]+))?", text)
    if not match or re.search(r"[-_,]", match[1]):
        raise RefusedError
    return int(match[3] or 0), match[1].lower(), int(match[2] or 0)


def component(text: str) -> tuple[Component, str, bool]:
    """Return number, letter and patch at the start, what is left, and whether a group ended."""
    if not text or text[0] == "+":
        return NOTHING, text, True
    number, letter, patch = -1, 0, 0
    if digits := re.match(r"[0-9]+", text):
        number, text = int(digits[0]), text[digits.end() :]
    elif text[0] == "*":
        return (-2, 0, 0), re.sub(r"\A[^+]*", "", text), False
    has_number = number >= 0
    if word := re.match(r"[a-z]+", text):
        stage = STAGES.get(word[0]) if len(word[0]) > 1 else None
        if stage is None or not has_number:
            letter = ord(word[0][0]) - 96 if stage is None else stage
            text = text[word.end() :]
            digits = re.match(r"[0-9]+", text)
            patch = int(digits[0]) if digits else -1
            text = text[digits.end() :] if digits else text
    return (number, letter, patch), re.sub(r"\A[^0-9a-z+*]+", "", text), False


RULES: dict[str, Callable[[str, str], int]] = {
    "bitnami": bitnami,
    "cran": cran,
    "freebsd": freebsd,
    "hackage": haskell,
    "nuget": nuget,
    "opam": opam,
    "pub": pub,
}


def main() -> None:
    compare = RULES[sys.argv[1]]
    for line in sys.stdin:
        left, _, right = line.rstrip("\n").partition("\t")
        try:
            difference = compare(left, right)
            sys.stdout.write("=><"[(difference > 0) - (difference < 0)] + "\n")
        except RefusedError:
            sys.stdout.write("?\n")


if __name__ == "__main__":
    main()
