"""The types of the policy document, walked along a value: keys, numbers, closed lists."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from gate.errors import UsageError
from gate.policy.strict_yaml import Marks, Path, at

_DECIMAL = re.compile(r"\d{1,4}\.\d{1,9}")
_Type = msgspec.inspect.Type


def conform(value: Any, described: _Type, path: Path, marks: Marks, where: str) -> Any:
    """Return `value` with its decimals as numbers, where the format has a number.

    UsageError for a key that the format does not know, naming the nearest one
    it does.  Anything else is for msgspec to judge.
    """
    for kind in alternatives(described):
        if isinstance(kind, msgspec.inspect.StructType) and isinstance(value, dict):
            fields = {field.encode_name: field.type for field in kind.fields}
            return {
                key: conform(
                    item, _known(key, fields, path, marks, where), (*path, key), marks, where
                )
                for key, item in value.items()
            }
        if isinstance(kind, msgspec.inspect.VarTupleType) and isinstance(value, list):
            return [
                conform(item, kind.item_type, (*path, n), marks, where)
                for n, item in enumerate(value)
            ]
        if isinstance(kind, msgspec.inspect.FloatType) and isinstance(value, str):
            return float(value) if _DECIMAL.fullmatch(value) else value
    return value


def type_at(described: _Type, path: Path) -> tuple[_Type, ...]:
    """Return the types that the field at `path` may have; () where there is no such field."""
    for part in path:
        inner = [step for kind in alternatives(described) for step in _steps(kind, part)]
        if not inner:
            return ()
        described = inner[0]
    return tuple(alternatives(described))


def choices(kinds: tuple[_Type, ...]) -> list[str]:
    """Return the values that a field of these types admits, where they are a closed list."""
    found: list[str] = []
    for kind in kinds:
        if isinstance(kind, msgspec.inspect.EnumType):
            found += [str(member.value) for member in kind.cls]
        elif isinstance(kind, msgspec.inspect.LiteralType):
            found += map(str, kind.values)
    return sorted(found)


def alternatives(described: _Type) -> Iterator[_Type]:
    """Yield the types behind descriptions and unions."""
    if isinstance(described, msgspec.inspect.Metadata):
        yield from alternatives(described.type)
    elif isinstance(described, msgspec.inspect.UnionType):
        for kind in described.types:
            yield from alternatives(kind)
    else:
        yield described


def _steps(kind: _Type, part: str | int) -> Iterator[_Type]:
    if isinstance(kind, msgspec.inspect.StructType):
        yield from (field.type for field in kind.fields if field.encode_name == part)
    elif isinstance(kind, msgspec.inspect.VarTupleType) and isinstance(part, int):
        yield kind.item_type
    elif isinstance(kind, msgspec.inspect.DictType):
        yield kind.value_type


def _known(key: str, fields: dict[str, _Type], path: Path, marks: Marks, where: str) -> _Type:
    if key in fields:
        return fields[key]
    here = (*path, key)
    near = difflib.get_close_matches(key, fields, n=1)
    raise UsageError(
        f"unknown key '{'.'.join(map(str, here))}'",
        where=at(where, marks.get(here)),
        hint=f"did you mean '{near[0]}'?" if near else f"known keys: {', '.join(sorted(fields))}",
    )
