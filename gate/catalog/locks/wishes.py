"""Manifests without a lock file: what they would bring is not known, so it is said.

`package.json` says ``^1.2``; which version that is today only the registry knows.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gate.catalog.language import Installed, Problem
from gate.catalog.locks.sources import OWN
from gate.sources.budget import Meter
from gate.sources.tree import Tree
from gate.sources.wanted import Named, Wanted

_JS = (b"package-lock.json", b"npm-shrinkwrap.json", b"yarn.lock", b"pnpm-lock.yaml")
_PYTHON = (b"poetry.lock", b"uv.lock", b"pdm.lock", b"pylock.toml", b"requirements.txt")
MANIFESTS: Mapping[bytes, tuple[bytes, ...]] = {
    b"package.json": _JS,
    b"pyproject.toml": (*_PYTHON, b"requirements.lock"),
    b"Pipfile": (b"Pipfile.lock",),
    b"Cargo.toml": (b"Cargo.lock",),
    b"Gemfile": (b"Gemfile.lock",),
    b"composer.json": (b"composer.lock",),
    b"pom.xml": (),
    b"build.gradle": (b"gradle.lockfile",),
    b"build.gradle.kts": (b"gradle.lockfile",),
    b"mix.exs": (b"mix.lock",),
    b"pubspec.yaml": (b"pubspec.lock",),
}
"""Manifest to the lock files that answer for it, in its folder or, in a workspace, above it."""


class WishCataloger(msgspec.Struct, frozen=True, kw_only=True):
    """Reports manifests that no lock file answers for.  Implements `LanguageCataloger`."""

    what: str = "manifests without a lock file"

    @property
    def wanted(self) -> Wanted:
        """Manifests and lock files, without their content."""
        names = {*MANIFESTS, *(lock for locks in MANIFESTS.values() for lock in locks)}
        return Wanted(names=frozenset(Named(name, OWN, is_read=False) for name in names))

    def __call__(self, tree: Tree, meter: Meter) -> Installed:
        """Return a problem for each manifest whose packages nobody can tell."""
        del meter
        found = frozenset(tree.find(self.wanted))
        problems = [
            Problem(path, "has no lock file, so what it would install is not known")
            for path in sorted(found)
            if path.rpartition(b"/")[2] in MANIFESTS and not _is_locked(path, found)
        ]
        return Installed(problems=tuple(problems), by_path=True)


def _is_locked(path: bytes, found: frozenset[bytes]) -> bool:
    folder, _, name = path.rpartition(b"/")
    while True:
        if any((folder + b"/" + lock if folder else lock) in found for lock in MANIFESTS[name]):
            return True
        if not folder:
            return False
        folder = folder.rpartition(b"/")[0]


WISHES = WishCataloger()
