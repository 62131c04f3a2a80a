"""Documents that a package manager left in a target: JSON, and what shape it has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from gate.errors import InputError
from gate.sources.budget import Meter
from gate.sources.streams import Chunk

T = TypeVar("T")

_BOM = b"\xef\xbb\xbf"


def read_json(content: Chunk, as_type: type[T], meter: Meter) -> T:
    """Decode a JSON file into `as_type`, which names the fields that matter.

    A byte order mark is passed over, and bytes that are not UTF-8 are replaced,
    as the programs do that these files are for.  Raises ValueError for what is
    not JSON of this shape, InputError for what is larger than a document.
    """
    limit = meter.budget.document_bytes
    if len(content) > limit:
        raise InputError(f"is larger than limit 'document_bytes' allows ({limit:,} bytes)")
    data = bytes(content).removeprefix(_BOM)
    try:
        try:
            return msgspec.json.decode(data, type=as_type)
        except UnicodeDecodeError:
            return msgspec.json.decode(data.decode("utf-8", "replace"), type=as_type)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"is not valid ({error})") from error


def mapping(value: object, what: str) -> Mapping[str, Any]:
    """Return `value` if it is a mapping with text for keys; ValueError otherwise."""
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ValueError(f"has no mapping as {what}")
    return value


def listing(value: object, what: str) -> list[Any]:
    """Return `value` if it is a list; ValueError otherwise."""
    if isinstance(value, list):
        return value
    raise ValueError(f"has no list as {what}")


def word(value: object, what: str) -> str:
    """Return `value` if it is a name or version; ValueError otherwise."""
    if not isinstance(value, str) or not value or not value.isprintable() or " " in value:
        raise ValueError(f"has no single word as {what}")
    return value
