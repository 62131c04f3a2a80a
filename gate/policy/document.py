"""A policy document, from text to a policy; and several that build on each other.

Every document is judged by itself first, so that an error names the file, line
and column where it stands, and an unknown key the nearest one that exists.
Then values are put over each other: the document at hand over the one that it
extends, and a target's rules over the rules of the policy.  Mappings are joined
key by key; a list replaces a list, except that targets are asked one after the
other, those of the document at hand first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from gate.errors import UsageError
from gate.policy import patterns
from gate.policy.model import Extends, Policy
from gate.policy.strict_yaml import Marks, at, load_strict, nearest
from gate.policy.typed import conformed, typed

_HINT = "`patchgate policy schema` prints what is allowed"


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """One policy document that is valid by itself."""

    value: dict[str, Any]
    """As it is written: decimals are text."""
    marks: Marks
    where: str
    """Its name, for errors and origins."""
    extends: Extends | None


def read_document(text: str, where: str) -> Written:
    """Return the document in `text`; UsageError with line and column where it is not valid."""
    value, marks = load_strict(text, where)
    if not isinstance(value, dict):
        raise UsageError("is not a policy: a mapping with 'version: 1' is expected", where=where)
    policy = typed(value, Policy, marks, where, hint=_HINT)
    for path, what, hint in patterns.problems(policy):
        raise UsageError(what, where=at(where, nearest(marks, path)), hint=hint)
    return Written(value=value, marks=marks, where=where, extends=policy.extends)


def parse_policy(text: str, where: str) -> Policy:
    """Return the policy in `text`, which stands alone; UsageError otherwise."""
    return compose([read_document(text, where)])


def compose(documents: Sequence[Written]) -> Policy:
    """Return the policy that `documents` make: each is extended by the one before it.

    UsageError where the last one extends a document that is not there.
    """
    last = documents[-1]
    if last.extends is not None:
        raise UsageError(
            f"extends '{last.extends.origin}', which is not at hand",
            where=at(last.where, last.marks.get(("extends",))),
        )
    value = merged(documents)
    rules = value.get("rules", {})
    targets = [
        {**target, "rules": put_over(rules, target.get("rules", {}))}
        for target in value.get("targets", ())
    ]
    value = conformed({**value, "targets": targets}, Policy, {}, last.where)
    return msgspec.convert(value, Policy)


def merged(documents: Sequence[Written]) -> dict[str, Any]:
    """Return `documents`, the one at hand first, as one that stands alone."""
    value: dict[str, Any] = {}
    for document in reversed(documents):
        targets = [*document.value.get("targets", ()), *value.get("targets", ())]
        value = put_over(value, document.value)
        if targets:
            value["targets"] = targets
    value.pop("extends", None)
    return value


def put_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Return `below` with everything that `above` says instead."""
    result = dict(below)
    for key, item in above.items():
        inner = result.get(key)
        if isinstance(inner, dict) and isinstance(item, dict):
            result[key] = put_over(inner, item)
        else:
            result[key] = item
    return result
