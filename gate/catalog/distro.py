"""Which distribution a target is: os-release(5)."""

from __future__ import annotations

import re

from gate.bom.model import Distro, Reading, ReadingStatus
from gate.errors import InputError
from gate.sources.paths import text
from gate.sources.tree import MissingError, Tree
from gate.sources.wanted import Wanted

PATHS = (b"etc/os-release", b"usr/lib/os-release")
"""In the order that os-release(5) gives them."""

WANTED = Wanted(paths=frozenset(PATHS))

_ASSIGNMENT = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)")
_ESCAPE = re.compile(r"\\([\\\"$`'])")
_ID = re.compile(r"[A-Za-z0-9._-]+")
"""The specification wants lower case, and openEuler does not mind."""


def read_distro(tree: Tree) -> tuple[Distro | None, Reading]:
    """Return the distribution that os-release names, and how that went."""
    for path in PATHS:
        try:
            content = bytes(tree.read(path))
        except MissingError:
            continue
        except InputError as error:
            return None, _failed(error.what, path)
        return _parse(content, tree, path)
    return None, _failed("there is neither etc/os-release nor usr/lib/os-release", b"")


def _parse(content: bytes, tree: Tree, path: bytes) -> tuple[Distro | None, Reading]:
    try:
        lines = content.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        return None, _failed("is not UTF-8 text", path)
    fields: dict[str, str] = {}
    for line in lines:
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _ASSIGNMENT.fullmatch(stripped)
        if match is not None:
            fields[match[1]] = _unquote(match[2])
    identity = fields.get("ID", "")
    if not _ID.fullmatch(identity):
        return None, _failed("names no distribution (ID is missing or malformed)", path)
    distro = Distro(
        id=identity.lower(),
        version_id=fields.get("VERSION_ID", ""),
        codename=fields.get("VERSION_CODENAME", ""),
        pretty_name=fields.get("PRETTY_NAME", ""),
        id_like=tuple(fields.get("ID_LIKE", "").split()),
        cpe_name=fields.get("CPE_NAME", ""),
    )
    reading = Reading(
        what="os-release",
        status=ReadingStatus.COMPLETE,
        path=text(path),
        layer=tree.layer_of(path),
    )
    return distro, reading


def _unquote(value: str) -> str:
    """Undo shell quoting as far as os-release(5) allows it."""
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    return _ESCAPE.sub(r"\1", value)


def _failed(reason: str, path: bytes) -> Reading:
    return Reading(what="os-release", status=ReadingStatus.FAILED, path=text(path), reason=reason)
