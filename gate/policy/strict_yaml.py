"""YAML, read strictly.

YAML is read as the small language it is used as here: mappings, lists,
strings, whole numbers, true and false.  Tags, anchors, merge keys and
duplicate keys are refused, and nothing is guessed: ``no`` stays a word and
``1.10`` stays text.  Every error names line and column.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from gate.errors import UsageError
from gate.nesting import harm_in

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_QUOTED = frozenset({"'", '"', "|", ">"})
_SCALAR_TAGS = frozenset({"str", "int", "float", "bool", "null", "timestamp", "value"})
"""What the YAML library itself makes of plain words; all are read again here."""
_DEPTH = 32
_NODES = 100_000
_SIZE = 1024 * 1024

Path = tuple[str | int, ...]
Marks = dict[Path, yaml.Mark]
"""Where each key and item of a document stands."""


def load_strict(text: str, where: str) -> tuple[Any, Marks]:
    """Return the plain value of a YAML document, and where each part of it stands."""
    if len(text) > _SIZE:
        raise UsageError(f"is larger than {_SIZE:,} bytes", where=where)
    try:
        # An alias is named with its line further down.
        if harm := harm_in(text, _DEPTH, aliases=True):
            raise UsageError(harm, where=where)
        loader = yaml.CSafeLoader(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise UsageError(
            f"is not valid YAML ({error.problem or error.context})", where=at(where, mark)
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

    def value(self, node: yaml.Node, path: Path) -> Any:
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

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
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
        return UsageError(what, where=at(self.where, node.start_mark))


def nearest(marks: Marks, path: Path) -> yaml.Mark | None:
    """Return where the part at `path` stands, or the smallest one around it that is marked."""
    while path and path not in marks:
        path = path[:-1]
    return marks.get(path)


def at(where: str, mark: yaml.Mark | None) -> str:
    """Return the name of a place in the document `where`."""
    return f"{where}, line {mark.line + 1}, column {mark.column + 1}" if mark else where
