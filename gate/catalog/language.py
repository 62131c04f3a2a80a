"""What catalogers of languages have in common.

Languages have no database of their own: each package is a file somewhere in
the tree.  So a cataloger names the files, a parser reads one of them, and what
it could not read belongs to that file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from gate.bom.model import Location
from gate.catalog.package import Package
from gate.errors import BudgetError, InputError
from gate.sources.budget import Meter
from gate.sources.paths import text
from gate.sources.streams import Chunk
from gate.sources.tree import Tree
from gate.sources.wanted import Wanted


class Identity(NamedTuple):
    """A package as its own file states it (fields as in `Component`)."""

    type: str
    name: str
    version: str
    namespace: str = ""
    licence: str = ""
    inside: str = ""
    """Where in the file it is, for archives in archives."""
    other_namespaces: tuple[str, ...] = ()


class Contents(NamedTuple):
    """The packages in one file, and what is not known of it."""

    packages: tuple[Identity, ...]
    problem: str = ""


class Problem(NamedTuple):
    """A file that stands for packages, and why they are not or not all known."""

    path: bytes
    message: str


class Installed(msgspec.Struct, frozen=True, kw_only=True):
    """The packages of one language, with the file of each, and what could not be read."""

    packages: tuple[tuple[bytes, Package], ...] = ()
    problems: tuple[Problem, ...] = ()
    digests: Mapping[bytes, Mapping[str, str]] = {}
    """Path to algorithm to hex digest, of files whose content is not kept."""
    by_path: bool = False
    """Whether a file belongs to the package that lists it, whatever it holds by now."""


class LanguageCataloger(Protocol):
    """Finds the packages of one language."""

    @property
    def what(self) -> str:
        """Name of what is read, for readings."""
        ...

    @property
    def wanted(self) -> Wanted:
        """Files that it will read."""
        ...

    def __call__(self, tree: Tree, meter: Meter) -> Installed:
        """Read what is there; a file that cannot be read is a `Problem`."""
        ...


Parse = Callable[[bytes, Chunk, Meter], Sequence[Identity]]
"""From path and content of a file to its packages; ValueError or InputError says
what is wrong with it, in words that follow the file's name."""


class FileCataloger(msgspec.Struct, frozen=True, kw_only=True):
    """A language whose packages each leave a file.  Implements `LanguageCataloger`."""

    what: str
    wanted: Wanted
    parse: Parse
    inside: bytes = b""
    """The file to read where a link with a wanted name leads to a folder."""
    counts: Callable[[Tree, bytes], bool] | None = None
    """Whether a file of a wanted name is one of these, by what lies around it."""

    def __call__(self, tree: Tree, meter: Meter) -> Installed:
        """Read every wanted file once, however many links lead to it."""
        packages: list[tuple[bytes, Package]] = []
        problems: list[Problem] = []
        seen: set[bytes] = set()
        for found in tree.find(self.wanted):
            path = found
            meter.check_time(text(path))
            if self.counts is not None and not self.counts(tree, path):
                continue
            try:
                path = self._behind(tree, found)
                if path in seen:
                    continue
                seen.add(path)
                identities = self.parse(found, tree.read(path), meter)
            except BudgetError:
                raise
            except InputError as error:
                problems.append(Problem(path, error.what))
            except ValueError as error:
                problems.append(Problem(path, str(error)))
            else:
                location = Location(path=text(path), layer=tree.layer_of(path))
                packages.extend((path, package_of(identity, location)) for identity in identities)
        return Installed(packages=tuple(packages), problems=tuple(problems))

    def _behind(self, tree: Tree, path: bytes) -> bytes:
        target = tree.resolve(path)
        inside = target + b"/" + self.inside
        if self.inside and target != path and tree.exists(inside):
            return tree.resolve(inside)
        return target


def package_of(identity: Identity, location: Location) -> Package:
    """Return the package that a file at `location` describes."""
    return Package(
        type=identity.type,
        namespace=identity.namespace,
        name=identity.name,
        version=identity.version,
        source_name=identity.name,
        source_version=identity.version,
        licenses=(identity.licence,) if identity.licence else (),
        other_namespaces=identity.other_namespaces,
        location=location,
    )
