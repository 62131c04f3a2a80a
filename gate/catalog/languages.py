"""The packages of all languages, and which of them are the distribution's.

A new language is a file and a line in `LANGUAGES`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from gate.bom.model import Distro, Note, Reading
from gate.catalog import ownership
from gate.catalog.beam import BEAM
from gate.catalog.composer import COMPOSER
from gate.catalog.conda import CONDA
from gate.catalog.dart import DART
from gate.catalog.dotnet import DOTNET
from gate.catalog.eggs import EGGS
from gate.catalog.embedded import EMBEDDED
from gate.catalog.java.archive import JAVA
from gate.catalog.language import Installed, LanguageCataloger
from gate.catalog.lua import LUA
from gate.catalog.node import NODE
from gate.catalog.package import Found, Package, reading_of
from gate.catalog.programs import PROGRAMS
from gate.catalog.python import PYTHON, VENDORED
from gate.catalog.r import R
from gate.catalog.ruby import RUBY
from gate.catalog.runtimes import RUNTIMES
from gate.catalog.zipapps import ZIPAPPS
from gate.sources.budget import Meter
from gate.sources.paths import text
from gate.sources.tree import Tree
from gate.sources.wanted import Wanted

LANGUAGES: Sequence[LanguageCataloger] = (
    PYTHON,
    VENDORED,
    EGGS,
    *ZIPAPPS,
    CONDA,
    NODE,
    JAVA,
    RUBY,
    COMPOSER,
    DOTNET,
    BEAM,
    R,
    LUA,
    DART,
    EMBEDDED,
    RUNTIMES,
    *PROGRAMS,
)
"""What is read of every target, beside the package databases."""


def wanted_by_languages() -> Wanted:
    """Return every file that a language or the question who owns it needs."""
    wanted = ownership.WANTED
    for language in LANGUAGES:
        wanted |= language.wanted
    return wanted


def read_languages(
    tree: Tree, packages: Sequence[Package], distro: Distro | None, meter: Meter
) -> Found:
    """Return the language packages that are installed beside those of the databases.

    `packages` are those of the databases; those of languages that are parts of
    one name it as their owner.  A language of which nothing is there leaves no
    reading.
    """
    installed = {language.what: language(tree, meter) for language in LANGUAGES}
    digests = {
        path: None if part.by_path else part.digests.get(path, {})
        for part in installed.values()
        for path in (*(place for place, _ in part.packages), *(p.path for p in part.problems))
    }
    owned = ownership.owners(digests, tree, packages, distro, meter)
    found: list[Package] = []
    readings: list[Reading] = []
    notes: list[Note] = []
    for what, part in installed.items():
        kept = [package for path, package in part.packages if path not in owned]
        problems = [problem for problem in part.problems if problem.path not in owned]
        found.extend(kept)
        found.extend(
            msgspec.structs.replace(package, owner=owned[path])
            for path, package in part.packages
            if path in owned
        )
        if kept or problems:
            shown = [f"{text(problem.path)} {problem.message}" for problem in problems]
            count = len({(p.type, p.namespace, p.name, p.version) for p in kept})
            readings.append(reading_of(what, b"", "", count, shown))
        notes.extend(_owned_note(what, part, owned))
    return Found(packages=tuple(found), readings=tuple(readings), notes=tuple(notes))


def _owned_note(what: str, part: Installed, owned: Mapping[bytes, Package]) -> list[Note]:
    paths = [path for path, _ in part.packages if path in owned]
    if not paths:
        return []
    message = f"{what}: {len(paths)} belong to the distribution's packages and are matched as those"
    return [Note(code="owned", message=message, path=text(min(paths)))]
