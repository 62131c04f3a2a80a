"""An advisory that may not be finished: read as far as it can be.

What is published goes through `gate.advisories.osv.decode`, which refuses a
record with a malformed field.  Whoever still writes one, or tests with a part
of one, wants to know what it says already.  Fields that do not matter for
whether a package is affected may be missing or malformed; an affected entry
that cannot be read is kept as what it is: open.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from gate.advisories.osv import Affected, Record, decode

_affected = msgspec.json.Decoder(Affected)
_ABSENT = "0001-01-01T00:00:00Z"
"""Stands for "not filled in", as in the Go database's own files."""


class Unread(msgspec.Struct, frozen=True, kw_only=True):
    """An affected entry that cannot be read."""

    why: str
    ecosystem: str = ""
    name: str = ""
    """As far as they are stated; "" may be any."""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A record, and the affected entries that are missing from it."""

    record: Record
    unread: tuple[Unread, ...] = ()


def read_draft(raw: bytes) -> Draft:
    """Return what can be read of an advisory in JSON.

    Raises msgspec.MsgspecError where it is no JSON object, or its `affected` is no
    list.
    """
    try:
        return Draft(record=decode(raw))
    except msgspec.ValidationError:
        return _piecewise(msgspec.json.decode(raw))


def _piecewise(fields: Any) -> Draft:
    if not isinstance(fields, dict):
        raise msgspec.ValidationError("the advisory is not an object")
    entries = fields.get("affected")
    if not isinstance(entries, list | None):
        raise msgspec.ValidationError("`affected` of the advisory is not a list")
    kept = {"id": "", "modified": _ABSENT} | {
        name: value
        for name, value in fields.items()
        if name != "affected" and _is_readable(name, value)
    }
    record = decode(msgspec.json.encode(kept))
    read: list[Affected] = []
    unread: list[Unread] = []
    for number, entry in enumerate(entries or ()):
        try:
            read.append(_affected.decode(msgspec.json.encode(entry)))
        except msgspec.ValidationError as error:
            unread.append(_unread(f"`affected[{number}]` cannot be read: {error}", entry))
    return Draft(record=msgspec.structs.replace(record, affected=tuple(read)), unread=tuple(unread))


def _is_readable(name: str, value: Any) -> bool:
    """Return whether one field of a record can be decoded."""
    whole = {"id": "", "modified": _ABSENT} | {name: value}
    try:
        decode(msgspec.json.encode(whole))
    except msgspec.ValidationError:
        return False
    return True


def _unread(why: str, entry: Any) -> Unread:
    stated = dict(_strings(entry.get("package") if isinstance(entry, dict) else None))
    return Unread(why=why, ecosystem=stated.get("ecosystem", ""), name=stated.get("name", ""))


def _strings(package: Any) -> Iterator[tuple[str, str]]:
    for name, value in package.items() if isinstance(package, dict) else ():
        if isinstance(value, str):
            yield name, value
