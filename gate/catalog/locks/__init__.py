"""What a folder of sources would install: the lock files of its package managers.

A lock file states exact versions; a manifest without one is a wish, and what
it would bring tomorrow nobody knows.  A new package manager is one file here
and its lines in `LOCKS` or `WISHES`.
"""

from __future__ import annotations

from collections.abc import Sequence

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
from gate.catalog.locks.python import PIPENV, REQUIREMENTS, TOML_LOCKS
from gate.catalog.locks.r import RENV
from gate.catalog.locks.ruby import BUNDLER
from gate.catalog.locks.wishes import WISHES
from gate.catalog.locks.yarn import YARN

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
