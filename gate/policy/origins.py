"""Where each value of a policy comes from: which file and line, or the default."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from gate.policy.document import Written
from gate.policy.model import Policy
from gate.policy.strict_yaml import Path

DEFAULT_ORIGIN = "default"


class Effective(msgspec.Struct, frozen=True, kw_only=True):
    """One value in effect."""

    name: str
    """``rules.patch_sla.allow.high``"""
    value: str
    """As JSON."""
    origin: str
    """``patchgate.yaml, line 12``, or ``default``."""


def effective(policy: Policy, documents: Sequence[Written], target: str = "") -> list[Effective]:
    """Return every value in effect for `target` (a name; empty: none of the targets).

    `documents` are those that `policy` was composed of, the one at hand first.
    """
    chosen = next((found for found in policy.targets if found.name == target), None)
    if chosen is not None:
        policy = msgspec.structs.replace(policy, rules=chosen.rules)
    plain = msgspec.to_builtins(policy)
    del plain["targets"], plain["extends"]
    places = _places(documents, target)
    found = []
    for path, value in _leaves(plain, ()):
        origin = next((o for place in places if (o := place.origin(path))), DEFAULT_ORIGIN)
        found.append(
            Effective(
                name=".".join(map(str, path)),
                value=msgspec.json.encode(value).decode(),
                origin=origin,
            )
        )
    return found


class _Place(msgspec.Struct, frozen=True):
    """A document, or the part of it that is put over the rest."""

    document: Written
    prefix: Path

    def origin(self, path: Path) -> str:
        """Return where the value at `path` stands in here, "" where it does not.

        A list that stands here decides for all that is in it.
        """
        if self.prefix and path[0] != "rules":
            return ""
        here = (*self.prefix, *path)
        for length in range(len(here), len(self.prefix), -1):
            mark = self.document.marks.get(here[:length])
            if mark is None:
                continue
            if length == len(here):
                return f"{self.document.where}, line {mark.line + 1}"
            within_a_list = any(
                isinstance(part, int) for part in here[len(self.prefix) : length + 1]
            )
            return DEFAULT_ORIGIN if within_a_list else ""
        return ""


def _places(documents: Sequence[Written], target: str) -> list[_Place]:
    """Return where to look, in this order: the target's own rules, then each document."""
    own = [
        _Place(document, ("targets", number))
        for document in documents
        for number, found in enumerate(document.value.get("targets", ()))
        if target and found["name"] == target
    ]
    return [*own[:1], *(_Place(document, ()) for document in documents)]


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, list | tuple) and value and isinstance(value[0], dict):
        for number, item in enumerate(value):
            yield from _leaves(item, (*path, number))
    else:
        yield path, value
