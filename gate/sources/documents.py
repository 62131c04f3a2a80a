"""Manifests, indexes and configurations: small JSON documents from untrusted hands."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import msgspec

from gate.errors import InputError
from gate.sources.budget import Meter

_DEPTH = 64

T = TypeVar("T")


def parse(data: bytes, as_type: type[T], meter: Meter, where: str) -> T:
    """Decode a JSON document into `as_type`.

    Refuses what parsers read differently: duplicate keys, a byte order mark,
    bytes that are not UTF-8, nesting past 64.  Raises InputError.
    """
    limit = meter.budget.document_bytes
    if len(data) > limit:
        raise meter.over("document_bytes", f"{limit:,} bytes", where)
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_unique)
        _check_depth(value)
        return msgspec.convert(value, as_type)
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        raise InputError(f"is not a valid document ({error})", where=where) from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key is there twice")
    return fields


def _check_depth(value: object) -> None:
    level = [value]
    for _ in range(_DEPTH):
        level = [
            child
            for parent in level
            if isinstance(parent, (dict, list))
            for child in (parent.values() if isinstance(parent, dict) else parent)
        ]
        if not level:
            return
    raise ValueError(f"nested deeper than {_DEPTH}")
