"""YAML of other programs, with the line of every text.

Nothing is guessed: ``1.10`` and ``2026-01-01`` stay text, as an image tag must.
Aliases are followed, merge keys (``<<``) filled in, unknown tags ignored: these are
not our files, and what is not an image does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import yaml

from gate.nesting import harm_in

_NODES = 200_000
_DEPTH = 200


class Text(str):
    """A scalar as it is written, and the line it begins in, counted from 1."""

    __slots__ = ("line",)
    line: int

    @classmethod
    def at(cls, written: str, line: int) -> Text:
        """Return `written` as found in `line`."""
        text = cls(written)
        text.line = line
        return text


Value: TypeAlias = "Text | list[Value] | dict[str, Value]"


def read_documents(content: str) -> list[Value]:
    """Return the documents of a YAML file; ValueError where it is none, or too large."""
    try:
        if harm := harm_in(content, _DEPTH, aliases=True):
            raise ValueError(harm)
        loader = yaml.CSafeLoader(content)
        try:
            documents = []
            while loader.check_node():
                node = loader.get_node()
                if node is not None:
                    documents.append(_Builder().value(node))
        finally:
            loader.dispose()
    except (yaml.YAMLError, RecursionError, UnicodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark is not None else "somewhere"
        raise ValueError(f"is not valid YAML ({where})") from error
    return documents


def walk(value: Value) -> Iterator[dict[str, Value]]:
    """Yield every mapping within `value`, each once, however often it is referred to."""
    seen: set[int] = set()
    pending = [value]
    while pending:
        here = pending.pop()
        if isinstance(here, str) or id(here) in seen:
            continue
        seen.add(id(here))
        if isinstance(here, dict):
            yield here
            pending.extend(reversed(here.values()))
        else:
            pending.extend(reversed(here))


def mapping(value: Value | None) -> dict[str, Value]:
    """Return `value` where it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: Value | None) -> list[Value]:
    """Return `value` where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


class _Builder:
    """Turns the nodes of one document into plain values that know their line."""

    def __init__(self) -> None:
        self._made: dict[int, Value] = {}
        self._count = 0

    def value(self, node: yaml.Node) -> Value:
        if id(node) in self._made:
            return self._made[id(node)]
        self._count += 1
        if self._count > _NODES:
            raise ValueError("is too large")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        if isinstance(node, yaml.SequenceNode):
            made: list[Value] = []
            self._made[id(node)] = made
            made.extend(self.value(item) for item in node.value)
            return made
        return Text.at(str(node.value), node.start_mark.line + 1)

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Value]:
        made: dict[str, Value] = {}
        self._made[id(node)] = made
        merged: list[Value] = []
        for key, content in node.value:
            value = self.value(content)
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value == "<<":
                merged.extend(value if isinstance(value, list) else [value])
            else:
                made[str(key.value)] = value
        for other in merged:
            for name, value in mapping(other).items():
                made.setdefault(name, value)
        return made
