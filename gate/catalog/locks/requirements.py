"""Requirements files of pip, with the files that they include.

Rules: pip's "Requirements File Format" (``-r`` includes a file, relative to the
one that says so; ``-c`` only bounds versions) and PEP 508 for requirements.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

import msgspec

from gate.bom.model import Location
from gate.catalog.language import Identity, Installed, Problem, package_of
from gate.catalog.locks.sources import OWN, python_package, read_text
from gate.catalog.package import Package
from gate.errors import BudgetError, InputError
from gate.sources.budget import Meter
from gate.sources.paths import text
from gate.sources.tree import MissingError, Tree
from gate.sources.wanted import Named, Wanted

_PINNED = re.compile(
    r"([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*={2,3}\s*([^\s;,*]+)\s*(?:;.*)?", re.ASCII
)
_OPTION = re.compile(r"-(?:-\S+|[a-zA-Z])(?:[\s=].*)?")
_INCLUDED = re.compile(r"(?:-r|--requirement)[\s=]*(?P<file>\S.*)")
_EDITABLE = ("-e", "--editable")
_HASHES = re.compile(r"\s+--hash[=\s]\S+")
_REST = re.compile(r"(?:\s|^)#.*$")
_NAMES = (b"requirements.lock", b"requirements.txt")


class RequirementsCataloger(msgspec.Struct, frozen=True, kw_only=True):
    """Reads requirements files that pin each package.  Implements `LanguageCataloger`."""

    what: str = "requirements files"

    @property
    def wanted(self) -> Wanted:
        """The files that pip's users call so; what they include is read besides."""
        return Wanted(names=frozenset(Named(name, OWN) for name in _NAMES))

    def __call__(self, tree: Tree, meter: Meter) -> Installed:
        """Return the packages of every file, each read once."""
        packages: list[tuple[bytes, Package]] = []
        problems: list[Problem] = []
        ahead = tree.find(self.wanted)
        seen = set(ahead)
        while ahead:
            path = ahead.pop()
            meter.check_time(text(path))
            try:
                identities, included = _parse(path, read_text(tree.read(path), meter))
            except BudgetError:
                raise
            except MissingError:
                problems.append(Problem(path, "is included, and is not there"))
            except InputError as error:
                problems.append(Problem(path, error.what))
            except ValueError as error:
                problems.append(Problem(path, str(error)))
            else:
                location = Location(path=text(path), layer=tree.layer_of(path))
                packages += [(path, package_of(one, location)) for one in identities]
                ahead += sorted(included - seen)
                seen |= included
        return Installed(packages=tuple(packages), problems=tuple(sorted(problems)))


def _parse(path: bytes, content: str) -> tuple[list[Identity], set[bytes]]:
    """Return the packages of a file and the files it includes.

    ValueError where it does not pin a package, or includes what is not in the folder.
    """
    identities: list[Identity] = []
    included: set[bytes] = set()
    for number, requirement in _requirements(content):
        if found := _INCLUDED.fullmatch(requirement):
            included.add(_place(path, found["file"].strip("\"'"), number))
            continue
        pinned = _PINNED.fullmatch(requirement)
        if pinned is None:
            raise ValueError(f"does not pin '{requirement[:80]}' to a version (line {number})")
        identities.append(python_package(pinned[1], pinned[2]))
    return identities, included


def _requirements(content: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that bring packages, with their numbers."""
    joined = re.sub(r"\\\r?\n", " ", content)
    for number, line in enumerate(joined.splitlines(), 1):
        requirement = _HASHES.sub("", _REST.sub("", line)).strip()
        is_option = _OPTION.fullmatch(requirement) and not requirement.startswith(_EDITABLE)
        if requirement and (not is_option or _INCLUDED.fullmatch(requirement)):
            yield number, requirement


def _place(path: bytes, name: str, number: int) -> bytes:
    """Return the path of an included file; ValueError for one outside of the folder."""
    folder = path.rpartition(b"/")[0]
    place = posixpath.normpath(posixpath.join(folder, name.encode()))
    if place.startswith((b"/", b"..")) or place == b"." or "://" in name:
        raise ValueError(f"includes '{name[:80]}', which is not in this folder (line {number})")
    return place


REQUIREMENTS = RequirementsCataloger()
