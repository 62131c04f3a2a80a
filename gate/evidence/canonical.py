"""Canonical JSON: the same facts always become the same bytes.

The form is RFC 8785 (JSON Canonicalization Scheme) restricted to what evidence
needs: objects with ASCII names, arrays, strings, true, false, null, and
integers within ±(2^53 - 1).  With that restriction RFC 8785 3.2.3 (names in
the order of their UTF-16 units) is plain byte order, and 3.2.2.3 (numbers) is
plain decimal.

Reading is strict where JSON readers differ from each other, because evidence
that two readers understand differently proves nothing.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

import msgspec

from gate.errors import VerificationError

LARGEST_INTEGER = 2**53 - 1
"""Integers beyond it are not exact in every JSON reader (RFC 8785, appendix D)."""


def encode(value: object) -> bytes:
    """Return `value` (msgspec structs, dicts, lists, text, integers) as canonical JSON.

    UnicodeEncodeError for text with a lone surrogate, as RFC 8785 3.2.2.2 asks.
    """
    return msgspec.json.encode(value, order="sorted")


def decode(data: bytes) -> Any:
    """Return the plain value of one JSON document.

    VerificationError for bytes that are not UTF-8, anything after the
    document, a name that an object holds twice, and numbers outside the form
    above.
    """
    try:
        return json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
            parse_int=_integer,
        )
    except UnicodeDecodeError as error:
        raise VerificationError(f"is not UTF-8 (byte {error.start})") from error
    except json.JSONDecodeError as error:
        raise VerificationError(f"is not JSON ({error.msg}, character {error.pos})") from error
    except RecursionError as error:
        raise VerificationError("is nested too deeply") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise VerificationError(f"has the name {twice[:80]!r} twice in one object")
    return value


def _refuse_number(text: str) -> NoReturn:
    raise VerificationError(f"holds the number {text[:40]}: only integers have one written form")


def _integer(text: str) -> int:
    if len(text) > len(str(-LARGEST_INTEGER)) or abs(int(text)) > LARGEST_INTEGER:
        raise VerificationError(f"holds the number {text[:40]}: beyond 2^53 - 1")
    return int(text)
