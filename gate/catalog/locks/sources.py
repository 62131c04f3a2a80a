"""What the readers of lock files have in common: where they look, and how they decode."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Hashable, Mapping
from typing import Any

import yaml

from gate.catalog.document import mapping
from gate.catalog.language import FileCataloger, Identity, Parse
from gate.errors import InputError
from gate.nesting import harm_in
from gate.sources.budget import Meter
from gate.sources.streams import Chunk
from gate.sources.wanted import Named, Wanted

_DEEPEST = 200
"""Collections in each other; lock files have about ten."""
_RUNS = re.compile(r"[-_.]+")
_OTHERS = rb"node_modules|vendor|site-packages|\.git|\.?venv|\.tox|target|\.cargo"
OWN = rb"\A(?!(?:.*/)?(?:" + _OTHERS + rb")(?:/|\Z))"
"""Folders of the project's own: what lies in the others came with a package, and its
lock files say what its author had installed."""


def locks_named(what: str, parse: Parse, *names: bytes) -> FileCataloger:
    """Return the cataloger of lock files with these names."""
    wanted = Wanted(names=frozenset(Named(name, OWN) for name in names))
    return FileCataloger(what=what, wanted=wanted, parse=parse)


def python_package(name: str, version: str) -> Identity:
    """Return a package of Python; names as PEP 503 writes them."""
    return Identity(type="pypi", name=_RUNS.sub("-", name).lower(), version=version)


def read_text(content: Chunk, meter: Meter) -> str:
    """Return a lock file as text; ValueError where it is not UTF-8, InputError if too large."""
    limit = meter.budget.text_bytes
    if len(content) > limit:
        raise InputError(f"is larger than limit 'text_bytes' allows ({limit:,} bytes)")
    return bytes(content).decode("utf-8-sig")


def read_toml(content: Chunk, meter: Meter) -> Mapping[str, Any]:
    """Decode a TOML lock file; ValueError where it is none."""
    try:
        return tomllib.loads(read_text(content, meter))
    except RecursionError as error:
        raise ValueError("is nested too deep") from error


def read_yaml(content: Chunk, meter: Meter) -> Mapping[str, Any]:
    """Decode a YAML lock file into text, mappings and lists; ValueError where it is none.

    Scalars stay text, as `1.10` is a version, and aliases, which lock files
    do not use, are refused: a few of them can stand for gigabytes.
    """
    text = read_text(content, meter)
    try:
        if harm := harm_in(text, _DEEPEST, aliases=False):
            raise ValueError(harm)
        document = yaml.load(text, Loader=_TextLoader)  # noqa: S506 - a SafeLoader with less
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"is not valid YAML ({_brief(error)})") from error
    return mapping(document, "the document")


def _brief(error: BaseException) -> str:
    mark = getattr(error, "problem_mark", None)
    line = f", line {mark.line + 1}" if mark is not None else ""
    return f"{getattr(error, 'problem', None) or type(error).__name__}{line}"


class _TextLoader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - yaml's own protocol

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value]
        if len(set(map(str, keys))) != len(keys):
            raise yaml.YAMLError("a key is there twice")
        made: dict[Hashable, Any] = super().construct_mapping(node, deep=deep)
        return made
