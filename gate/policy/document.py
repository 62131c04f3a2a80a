"""A policy document: YAML, read strictly.

YAML is read as the small language it is used as here: mappings, lists,
strings, whole numbers, true and false.  Tags, anchors, merge keys and
duplicate keys are refused, and nothing is guessed: ``no`` stays a word and
``1.10`` stays text.  Every error names line and column, and an unknown key the
nearest one that exists.
"""

from __future__ import annotations

import difflib
import re
from typing import Any

import msgspec
import yaml

from gate.errors import UsageError
from gate.policy.model import Policy

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_QUOTED = frozenset({"'", '"', "|", ">"})
_SCALAR_TAGS = frozenset({"str", "int", "float", "bool", "null", "timestamp", "value"})
"""What the YAML library itself makes of plain words; all are read again here."""
_DEPTH = 32
_NODES = 100_000
_SIZE = 1024 * 1024

Marks = dict[tuple[str | int, ...], yaml.Mark]


def parse_policy(text: str, where: str) -> Policy:
    """Return the policy written in `text`; UsageError with line and column otherwise."""
    value, marks = load_strict(text, where)
    if not isinstance(value, dict):
        raise UsageError("is not a policy: a mapping with 'version: 1' is expected", where=where)
    _check_keys(value, Policy, (), marks, where)
    try:
        policy = msgspec.convert(value, Policy)
        _check_patterns(policy, marks, where)
    except msgspec.ValidationError as error:
        raise _type_error(error, marks, where) from error
    return policy


def load_strict(text: str, where: str) -> tuple[Any, Marks]:
    """Return the plain value of a YAML document, and where each part of it stands."""
    if len(text) > _SIZE:
        raise UsageError(f"is larger than {_SIZE:,} bytes", where=where)
    try:
        loader = yaml.CSafeLoader(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise UsageError(
            f"is not valid YAML ({error.problem or error.context})", where=_at(where, mark)
        ) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise UsageError(f"is not valid YAML ({error})", where=where) from error
    builder = _Builder(where)
    return (builder.value(node, ()) if node is not None else None), builder.marks


class _Builder:
    """Turns YAML nodes into plain values, strictly."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.marks: Marks = {}
        self._seen: set[int] = set()

    def value(self, node: yaml.Node, path: tuple[str | int, ...]) -> Any:
        self.marks[path] = node.start_mark
        if len(path) > _DEPTH or len(self.marks) > _NODES:
            raise self._error("is nested too deep or too large", node)
        if id(node) in self._seen:
            raise self._error("uses an alias; write the value again instead", node)
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            self._plain_tag(node, "tag:yaml.org,2002:seq")
            return [self.value(item, (*path, n)) for n, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: tuple[str | int, ...]) -> dict[str, Any]:
        self._plain_tag(node, "tag:yaml.org,2002:map")
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if not isinstance(key_node, yaml.ScalarNode) or key == "<<":
                raise self._error("a key must be a word", key_node)
            if key in mapping:
                raise self._error(f"the key '{key}' is there twice", key_node)
            mapping[key] = self.value(value_node, (*path, key))
            self.marks[(*path, key)] = key_node.start_mark
        return mapping

    def _scalar(self, node: yaml.Node) -> Any:
        written: str = node.value
        if node.tag.removeprefix("tag:yaml.org,2002:") not in _SCALAR_TAGS:
            raise self._error(f"the tag '{node.tag}' is not allowed", node)
        if getattr(node, "style", None) in _QUOTED:
            return written
        if written in {"true", "false"}:
            return written == "true"
        if written in {"null", "~", ""}:
            return None
        return int(written) if _INTEGER.fullmatch(written) else written

    def _plain_tag(self, node: yaml.Node, expected: str) -> None:
        if node.tag != expected:
            raise self._error(f"the tag '{node.tag}' is not allowed", node)

    def _error(self, what: str, node: yaml.Node) -> UsageError:
        return UsageError(what, where=_at(self.where, node.start_mark))


def _at(where: str, mark: yaml.Mark | None) -> str:
    return f"{where}, line {mark.line + 1}, column {mark.column + 1}" if mark else where


def _check_keys(
    value: dict[str, Any], struct: type, path: tuple[str | int, ...], marks: Marks, where: str
) -> None:
    """Refuse keys the format does not know, naming the nearest one it does."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    for key, item in value.items():
        here = (*path, key)
        if key not in fields:
            near = difflib.get_close_matches(key, fields, n=1)
            known = ", ".join(sorted(fields))
            hint = f"did you mean '{near[0]}'?" if near else f"known keys: {known}"
            raise UsageError(
                f"unknown key '{'.'.join(map(str, here))}'",
                where=_at(where, marks.get(here)),
                hint=hint,
            )
        inner = fields[key].type
        if isinstance(inner, type) and issubclass(inner, msgspec.Struct) and isinstance(item, dict):
            _check_keys(item, inner, here, marks, where)


def _type_error(error: msgspec.ValidationError, marks: Marks, where: str) -> UsageError:
    """Say where in the document msgspec found a value it does not accept."""
    message, _, at = str(error).partition(" - at `$")
    parts = re.findall(r"\.([A-Za-z_]\w*)|\[(\d+)\]", at)
    path: tuple[str | int, ...] = tuple(name or int(index) for name, index in parts)
    while path and path not in marks:
        path = path[:-1]
    named = ".".join(map(str, path)) or "the document"
    choices = _choices(path)
    if "matching regex" in message:
        # Every pattern of the format is that of a duration.
        message = "expected a span of time in hours, days or weeks: 72h, 14d, 2w"
    return UsageError(
        f"{named}: {message[:1].lower()}{message[1:]}",
        where=_at(where, marks.get(path)),
        hint=f"allowed: {', '.join(choices)}"
        if choices
        else "`patchgate policy schema` prints what is allowed",
    )


def _choices(path: tuple[str | int, ...]) -> list[str]:
    """Return the values that the field at `path` admits, where they are a closed list."""
    described: msgspec.inspect.Type = msgspec.inspect.type_info(Policy)
    for part in path:
        if isinstance(described, msgspec.inspect.Metadata):
            described = described.type
        if not isinstance(described, msgspec.inspect.StructType):
            return []
        fields = {field.encode_name: field.type for field in described.fields}
        if part not in fields:
            return []
        described = fields[str(part)]
    if isinstance(described, msgspec.inspect.Metadata):
        described = described.type
    if isinstance(described, msgspec.inspect.EnumType):
        return sorted(str(member.value) for member in described.cls)
    if isinstance(described, msgspec.inspect.LiteralType):
        return sorted(map(str, described.values))
    return []


def _check_patterns(policy: Policy, marks: Marks, where: str) -> None:
    for number, pattern in enumerate(policy.coverage.accept_unmatched):
        if not pattern.startswith("pkg:") or not pattern[4:].partition("/")[0].strip("*?"):
            raise UsageError(
                f"'{pattern}' is not a purl pattern with a type",
                where=_at(where, marks.get(("coverage", "accept_unmatched", number))),
                hint="for example pkg:generic/*",
            )
