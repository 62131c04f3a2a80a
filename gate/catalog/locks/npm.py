"""npm: ``package-lock.json`` and ``npm-shrinkwrap.json``, versions 1 to 3.

Rules: npm's documentation, "package-lock.json" (packages, dependencies, link,
bundled, aliases).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gate.catalog.document import mapping, read_json, word
from gate.catalog.language import Identity
from gate.catalog.locks.sources import locks_named
from gate.sources.budget import Meter
from gate.sources.streams import Chunk

_MODULES = "node_modules/"
_ELSEWHERE = ("file:", "link:", "workspace:")
_DEPTH = 100


def parse_lock(path: bytes, content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the packages that a lock file names, without the project's own."""
    del path
    lock = mapping(read_json(content, dict[str, Any], meter), "the document")
    if "packages" in lock:
        return list(_installed(mapping(lock["packages"], "packages")))
    if "lockfileVersion" not in lock:
        raise ValueError("has no lockfileVersion")
    return list(_nested(mapping(lock.get("dependencies", {}), "dependencies"), 0))


def package(name: str, version: str) -> Identity:
    """Return an npm package by its full name (``@scope/name``)."""
    scope, _, rest = name.rpartition("/")
    if scope and not scope.startswith("@"):
        raise ValueError(f"'{name}' is no name of a package")
    return Identity(type="npm", namespace=scope, name=rest, version=version)


def _installed(packages: Mapping[str, Any]) -> Iterator[Identity]:
    """Read `packages` (lockfileVersion 2 and 3): where each one lies, and what it is."""
    for place, value in packages.items():
        entry = mapping(value, f"'{place}'")
        if _MODULES not in f"/{place}" or entry.get("link") is True:
            # The project itself, a member of its workspace, or a link to one.
            continue
        name = entry.get("name") or place.rpartition(_MODULES)[2]
        yield package(word(name, f"the name of '{place}'"), _version(entry, place))


def _nested(dependencies: Mapping[str, Any], depth: int) -> Iterator[Identity]:
    """Read `dependencies` (lockfileVersion 1), which nest as the folders do."""
    if depth > _DEPTH:
        raise ValueError("is nested too deep")
    for name, value in dependencies.items():
        entry = mapping(value, f"'{name}'")
        version = _version(entry, name)
        if version.startswith("npm:"):
            # An alias: "npm:real-name@1.2.3" under another name.
            name, _, version = version.removeprefix("npm:").rpartition("@")  # noqa: PLW2901 - the real name
        if not version.startswith(_ELSEWHERE):
            yield package(word(name, "a name"), version)
        yield from _nested(mapping(entry.get("dependencies", {}), f"'{name}'"), depth + 1)


def _version(entry: Mapping[str, Any], place: str) -> str:
    return word(entry.get("version"), f"the version of '{place}'")


NPM = locks_named("npm lock files", parse_lock, b"package-lock.json", b"npm-shrinkwrap.json")
