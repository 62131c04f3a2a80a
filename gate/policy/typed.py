"""From a strict YAML value to a typed one, with an error that says where it goes wrong."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, TypeVar

import msgspec

from gate.errors import UsageError
from gate.policy.kinds import EXPECTED
from gate.policy.shape import choices, conform, type_at
from gate.policy.strict_yaml import Marks, Path, at

T = TypeVar("T")


def conformed(value: Any, kind: type, marks: Marks, where: str) -> Any:
    """Return `value` in the form msgspec converts; UsageError for a key `kind` does not have."""
    return conform(value, described(kind), (), marks, where)


def typed(value: Any, kind: type[T], marks: Marks, where: str, *, hint: str) -> T:
    """Return `value` as a `kind`; UsageError with line and column where it is not one.

    `hint` is the next step where the field has no closed list of values.
    """
    try:
        return msgspec.convert(conformed(value, kind, marks, where), kind)
    except msgspec.ValidationError as error:
        raise _type_error(error, kind, marks, where, hint) from error


@cache
def described(kind: type) -> msgspec.inspect.Type:
    """Return the description of a type, which takes milliseconds to make."""
    return msgspec.inspect.type_info(kind)


def _type_error(
    error: msgspec.ValidationError, kind: type, marks: Marks, where: str, hint: str
) -> UsageError:
    """Say where in the document msgspec found a value it does not accept."""
    message, _, place = str(error).partition(" - at `$")
    parts = re.findall(r"\.([A-Za-z_]\w*)|\[(\d+)\]", place)
    path: Path = tuple(name or int(index) for name, index in parts)
    while path and path not in marks:
        path = path[:-1]
    named = ".".join(map(str, path)) or "the document"
    allowed = choices(type_at(described(kind), path))
    for pattern, expected in EXPECTED.items():
        if message.endswith(f"matching regex {pattern!r}"):
            message = f"expected {expected}"
    return UsageError(
        f"{named}: {message[:1].lower()}{message[1:]}",
        where=at(where, marks.get(path)),
        hint=f"allowed: {', '.join(allowed)}" if allowed else hint,
    )
