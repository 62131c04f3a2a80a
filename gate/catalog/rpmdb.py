"""rpm: the package database of Red Hat, SUSE, Amazon, Azure and their kin.

Facts: rpm's macros ``_dbpath`` and the file names of its backends.  A database
in SQLite's format may have a write-ahead log or a rollback journal beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from gate.bom.model import Location, Reading
from gate.catalog.package import Found, Package, reading_of, time_of
from gate.catalog.rpm.database import RpmReading, read_packages
from gate.catalog.rpm.header import RpmPackage
from gate.errors import InputError
from gate.sources.budget import Meter
from gate.sources.paths import text
from gate.sources.streams import Chunk
from gate.sources.tree import Tree
from gate.sources.wanted import Wanted

FOLDERS = (b"usr/lib/sysimage/rpm", b"usr/share/rpm", b"var/lib/rpm")
"""Fedora and SUSE; rpm-ostree; all others."""
DATABASES = (b"Packages", b"Packages.db", b"rpmdb.sqlite")
WAL, JOURNAL = b"-wal", b"-journal"

_WHAT = "rpm database"
_SIDE_FILES = (b"rpmdb.sqlite" + WAL, b"rpmdb.sqlite" + JOURNAL)
_PATHS = frozenset(
    folder + b"/" + name for folder in FOLDERS for name in (*DATABASES, *_SIDE_FILES)
)
# Lengths are bounded, since names stand in messages and reports.
_NAME = re.compile(r"[!-~]{1,255}")
_VERSION = re.compile(r"[!-,.-9;-~]{1,255}")
_SOURCE = re.compile(r"([!-~]{1,255})-([!-,.-~]{1,255})-([!-,.-~]{1,255})\.(?:no)?src\.rpm")
_NO_SOURCE = frozenset({"", "(none)"})


class RpmCataloger:
    """Reads rpm's databases.  Implements `Cataloger`."""

    wanted = Wanted(paths=_PATHS)

    def __call__(self, tree: Tree, meter: Meter) -> Found:
        """Return the installed packages, without the public keys rpm keeps among them."""
        packages: list[Package] = []
        readings: list[Reading] = []
        targets: dict[bytes, None] = {}
        beside: dict[bytes, None] = {}
        try:
            paths = tree.find(self.wanted)
        except InputError as error:
            return Found(readings=(reading_of(_WHAT, FOLDERS[-1], "", 0, [error.what]),))
        for path in paths:
            try:
                target = tree.resolve(path)
            except InputError as error:
                readings.append(reading_of(_WHAT, path, "", 0, [error.what]))
                continue
            (beside if path.endswith((WAL, JOURNAL)) else targets)[target] = None
        for target in targets:
            found, reading = _read(tree, target, meter)
            packages.extend(found)
            readings.append(reading)
        readings.extend(_orphans(tree, beside.keys() - _expected(targets)))
        return Found(packages=tuple(packages), readings=tuple(readings))


def _expected(databases: Iterable[bytes]) -> set[bytes]:
    return {path + ending for path in databases for ending in (WAL, JOURNAL)}


def _orphans(tree: Tree, paths: set[bytes]) -> list[Reading]:
    """Report logs with content whose database is gone."""
    readings: list[Reading] = []
    for path in sorted(paths):
        problem = ""
        try:
            if len(tree.read(path)):
                problem = "there are changes to a database, and the database is missing"
        except InputError as error:
            problem = error.what
        if problem:
            readings.append(reading_of(_WHAT, path, tree.layer_of(path), 0, [problem]))
    return readings


def _read(tree: Tree, path: bytes, meter: Meter) -> tuple[list[Package], Reading]:
    packages: list[Package] = []
    problems: list[str] = []
    layer = tree.layer_of(path)
    location = Location(path=text(path), layer=layer)
    try:
        reading = _read_database(tree, path, meter)
        problems.extend(reading.problems)
        for package in reading.packages:
            if package.is_key:
                continue
            try:
                packages.append(_package(package, location))
            except ValueError as error:
                problems.append(f"'{package.name}' {error}")
    except InputError as error:
        problems.append(error.what)
    return packages, reading_of(_WHAT, path, layer, len(packages), problems)


def read_files(
    tree: Tree, path: bytes, meter: Meter
) -> Iterator[tuple[str, str, tuple[tuple[bytes, str], ...]]]:
    """Yield name, version and files (path, ``<algorithm>:<hex digest>``) of each package.

    Those that cannot be read are left out: the cataloger says so.
    """
    for package in _read_database(tree, path, meter, files=True).packages:
        yield package.name, _version(package), package.files


def _read_database(tree: Tree, path: bytes, meter: Meter, *, files: bool = False) -> RpmReading:
    return read_packages(
        tree.read(path),
        files=files,
        wal=_beside(tree, path + WAL),
        journal=_beside(tree, path + JOURNAL),
        meter=meter,
        where=text(path),
    )


def _beside(tree: Tree, path: bytes) -> Chunk | None:
    return tree.read(path) if tree.exists(path) else None


def _package(package: RpmPackage, location: Location) -> Package:
    """Turn one of rpm's packages into ours; ValueError where rpm could not have made it."""
    for value, pattern in (
        (package.name, _NAME),
        (package.version, _VERSION),
        (package.release, _VERSION),
        (package.arch, _NAME),
    ):
        if not pattern.fullmatch(value):
            raise ValueError("has no valid name, version, release and architecture")
    version = _version(package)
    source_name, source_version = package.name, version
    if package.source_rpm not in _NO_SOURCE:
        source = _SOURCE.fullmatch(package.source_rpm)
        if source is None:
            raise ValueError("has a malformed source package")
        source_name = source[1]
        # rpm keeps no epoch of the source; a build gives all its packages one.
        source_version = f"{_epoch(package)}{source[2]}-{source[3]}"
    return Package(
        type="rpm",
        name=package.name,
        version=version,
        arch=package.arch,
        source_name=source_name,
        source_version=source_version,
        module=package.modularity_label,
        vendor=package.vendor,
        licenses=(package.license,) if package.license else (),
        installed_at=time_of(package.install_time or 0),
        location=location,
    )


def _version(package: RpmPackage) -> str:
    return f"{_epoch(package)}{package.version}-{package.release}"


def _epoch(package: RpmPackage) -> str:
    return f"{package.epoch}:" if package.epoch else ""
