"""Programs that say what they are made of: each executable ELF file is looked at once.

`reduce_program` runs wherever the bytes of a program are at hand, which for a
compressed layer is only while it passes.  So it keeps what catalogers need, as
a small document: the packages, what is wrong, and the digests by which an
unchanged file of the distribution is known.  Almost all programs are of no
such language, and are told by the names of their sections alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping

import msgspec

from gate.bom.model import Location
from gate.catalog import golang, rust
from gate.catalog.elf import Elf
from gate.catalog.language import Contents, Identity, Installed, Problem, package_of
from gate.catalog.package import Package
from gate.sources.budget import Meter
from gate.sources.paths import text
from gate.sources.tree import Tree
from gate.sources.wanted import Wanted

READERS: Mapping[str, Callable[[Elf, bytes], Contents | None]] = {
    "Go programs": golang.read_program,
    "Rust programs": rust.read_program,
}
"""A new language whose programs say what they are made of is a line here."""

_ADD_ON = re.compile(rb"(?:usr/local|opt|srv|home|root|tmp|app)/|[^/]*\Z")
"""Where a distribution's packages put no program (FHS 3.0, sections 3 and 4)."""
_ALGORITHMS = ("md5", "sha1", "sha256")
"""Those of dpkg, apk and rpm."""


class _Excerpt(msgspec.Struct, frozen=True, omit_defaults=True):
    what: str
    packages: tuple[Identity, ...] = ()
    problem: str = ""
    digests: dict[str, str] = {}


def reduce_program(path: bytes, content: memoryview) -> bytes:
    """Return what is to be kept of a program, ``b""`` where it says nothing of itself."""
    try:
        elf = Elf(content)
    except ValueError:
        # No kernel runs it either.
        return b""
    names = elf.names()
    for what, read in READERS.items():
        try:
            contents = read(elf, names)
        except ValueError as error:
            contents = Contents((), str(error))
        if contents is not None:
            digests = {} if _ADD_ON.match(path) else _digests(content)
            return msgspec.json.encode(_Excerpt(what, contents.packages, contents.problem, digests))
    return b""


def _digests(content: memoryview) -> dict[str, str]:
    return {
        name: hashlib.new(name, content, usedforsecurity=False).hexdigest() for name in _ALGORITHMS
    }


class ProgramCataloger(msgspec.Struct, frozen=True, kw_only=True):
    """The packages in the programs of one language.  Implements `LanguageCataloger`."""

    what: str

    @property
    def wanted(self) -> Wanted:
        """All programs; they are looked at once for all languages."""
        return Wanted(programs=reduce_program)

    def __call__(self, tree: Tree, meter: Meter) -> Installed:
        """Return the packages of every program of this language."""
        del meter
        packages: list[tuple[bytes, Package]] = []
        problems: list[Problem] = []
        digests: dict[bytes, dict[str, str]] = {}
        for path, data, problem in tree.programs(reduce_program):
            excerpt = (
                msgspec.json.decode(data, type=_Excerpt)
                if data
                else _Excerpt(next(iter(READERS)), problem=problem)
            )
            if excerpt.what != self.what:
                continue
            location = Location(path=text(path), layer=tree.layer_of(path))
            packages.extend((path, package_of(found, location)) for found in excerpt.packages)
            digests[path] = excerpt.digests
            if excerpt.problem:
                problems.append(Problem(path, excerpt.problem))
        return Installed(packages=tuple(packages), problems=tuple(problems), digests=digests)
