"""Whether a licence expression leaves a choice that a policy allows.

Expressions are those of SPDX 2.3, annex D: names joined by AND, OR, WITH and
parentheses.  Of an OR one side is enough, of an AND both count; an exception
after WITH belongs to its licence.  What is no expression is one name.
"""

from __future__ import annotations

import re
from collections.abc import Callable

_TOKEN = re.compile(r"\(|\)|[^\s()]+")
_DEPTH = 50
_LONGEST = 4000
"""Characters; what is longer is a licence's text, not its name."""

Allowed = Callable[[str], bool]


def acceptable(expression: str, allowed: Allowed) -> bool:
    """Return whether `expression` can be met with licences that are `allowed`."""
    if len(expression) > _LONGEST:
        return allowed(expression)
    tokens = _TOKEN.findall(expression)
    try:
        result, rest = _either(tokens, allowed, 0)
    except ValueError:
        return allowed(expression)
    return result if not rest else allowed(expression)


def _either(tokens: list[str], allowed: Allowed, depth: int) -> tuple[bool, list[str]]:
    result, rest = _both(tokens, allowed, depth)
    while rest and rest[0].upper() == "OR":
        right, rest = _both(rest[1:], allowed, depth)
        result = result or right
    return result, rest


def _both(tokens: list[str], allowed: Allowed, depth: int) -> tuple[bool, list[str]]:
    result, rest = _one(tokens, allowed, depth)
    while rest and rest[0].upper() == "AND":
        right, rest = _one(rest[1:], allowed, depth)
        result = result and right
    return result, rest


def _one(tokens: list[str], allowed: Allowed, depth: int) -> tuple[bool, list[str]]:
    if not tokens or tokens[0] == ")" or depth > _DEPTH:
        raise ValueError
    if tokens[0] == "(":
        result, rest = _either(tokens[1:], allowed, depth + 1)
        if not rest or rest[0] != ")":
            raise ValueError
        return result, rest[1:]
    if len(tokens) > 2 and tokens[1].upper() == "WITH":
        name = f"{tokens[0]} WITH {tokens[2]}"
        return allowed(name) and allowed(tokens[0]), tokens[3:]
    return allowed(tokens[0]), tokens[1:]
