"""What a registry demands with a 401: the `WWW-Authenticate` header.

Rules: RFC 9110 section 11.6.1; RFC 7617 (Basic); the token authentication
specification of the distribution project (Bearer with realm, service, scope).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

_LONGEST = 8192
_SCHEME = re.compile(r"[ \t,]*([A-Za-z0-9!#$%&'*+.^_`|~-]+)(?=[ \t,]|\Z)(?![ \t]*=)[ \t]*")
_PARAMETER = re.compile(
    r'[ \t,]*([A-Za-z0-9_-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))(?=[\s,]|\Z)'
)


class Challenge(msgspec.Struct, frozen=True):
    """One way to log in that a server offers."""

    scheme: str
    """In small letters."""
    parameters: Mapping[str, str]


def parse_challenges(header: str) -> tuple[Challenge, ...]:
    """Return the challenges of a header, up to the first thing that is not one."""
    header = header[:_LONGEST]
    challenges = []
    position = 0
    while match := _SCHEME.match(header, position):
        position = match.end()
        parameters: dict[str, str] = {}
        while parameter := _PARAMETER.match(header, position):
            position = parameter.end()
            quoted, plain = parameter[2], parameter[3]
            value = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            parameters.setdefault(parameter[1].lower(), value)
        challenges.append(Challenge(match[1].lower(), parameters))
    return tuple(challenges)
