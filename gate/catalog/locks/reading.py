"""The packages that a folder of sources is locked to."""

from __future__ import annotations

from collections.abc import Sequence

from gate.bom.model import Reading, ReadingStatus
from gate.catalog.language import LanguageCataloger
from gate.catalog.locks.beam import MIX
from gate.catalog.locks.cargo import CARGO
from gate.catalog.locks.composer import COMPOSER
from gate.catalog.locks.dart import PUB
from gate.catalog.locks.golang import GO
from gate.catalog.locks.gradle import GRADLE
from gate.catalog.locks.npm import NPM
from gate.catalog.locks.nuget import NUGET
from gate.catalog.locks.pnpm import PNPM
from gate.catalog.locks.python import PIPENV, TOML_LOCKS
from gate.catalog.locks.r import RENV
from gate.catalog.locks.requirements import REQUIREMENTS
from gate.catalog.locks.ruby import BUNDLER
from gate.catalog.locks.wishes import WISHES
from gate.catalog.locks.yarn import YARN
from gate.catalog.package import Found, Package, reading_of
from gate.sources.budget import Meter
from gate.sources.paths import text
from gate.sources.tree import Tree
from gate.sources.wanted import NOTHING, Wanted

LOCKS: Sequence[LanguageCataloger] = (
    BUNDLER,
    CARGO,
    COMPOSER,
    GO,
    GRADLE,
    MIX,
    NPM,
    NUGET,
    PIPENV,
    PNPM,
    PUB,
    RENV,
    REQUIREMENTS,
    *TOML_LOCKS,
    WISHES,
    YARN,
)
"""What is read of a folder of sources."""


def wanted_by_locks() -> Wanted:
    """Return every file that a reader of lock files needs."""
    wanted = NOTHING
    for cataloger in LOCKS:
        wanted |= cataloger.wanted
    return wanted


def read_locks(tree: Tree, meter: Meter) -> Found:
    """Return the packages of all lock files.

    A folder without any is not one without packages: that is a failed reading.
    """
    packages: list[Package] = []
    readings: list[Reading] = []
    for cataloger in LOCKS:
        found = cataloger(tree, meter)
        files = len(tree.find(cataloger.wanted))
        if not found.problems and (not files or found.by_path):
            continue
        packages.extend(package for _, package in found.packages)
        shown = [f"{text(problem.path)} {problem.message}" for problem in found.problems]
        readings.append(reading_of(cataloger.what, b"", "", len(found.packages), shown))
    if not readings:
        readings.append(
            Reading(
                what="lock files", status=ReadingStatus.FAILED, reason="there is none that is known"
            )
        )
    return Found(packages=tuple(packages), readings=tuple(readings))
