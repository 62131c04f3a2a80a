"""Which package a file belongs to, and its checksum, as dpkg, apk and rpm keep them.

Each function returns, of the paths it is asked for, those that a package lists,
with ``<algorithm>:<hex digest>``, ``""`` where the package manager keeps none,
and the package itself.
They raise InputError where a list cannot be read.

Rules: deb-md5sums(5); apk-v2(5) (``F:`` names a folder, ``R:`` a file in it,
``Z:`` its checksum); rpm's tags BASENAMES, DIRNAMES, DIRINDEXES, FILEDIGESTS.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Set
from typing import NamedTuple

from gate.catalog import rpmdb
from gate.catalog.apk import DATABASES
from gate.catalog.dpkg import INFO_FOLDER, STATUS, STATUS_FOLDER
from gate.catalog.package import Package
from gate.catalog.stanzas import read_text
from gate.sources.budget import Meter
from gate.sources.tree import Tree
from gate.sources.wanted import Named, Wanted

_SUMS = b".md5sums"
_HEX_DIGITS = 32
_APK_ALGORITHMS = {b"Q1": "sha1", b"Q2": "sha256"}

WANTED = Wanted(
    paths=frozenset(DATABASES),
    names=frozenset(
        Named(_SUMS, rb"\A" + folder.replace(b".", rb"\.") + rb"\Z")
        for folder in (INFO_FOLDER, STATUS_FOLDER)
    ),
)
_SUMS_WANTED = Wanted(names=WANTED.names)


class Listed(NamedTuple):
    """What a package manager knows of a file."""

    checksum: str
    owner: Package


Files = dict[bytes, Listed]


def of_dpkg(tree: Tree, packages: Iterable[Package], asked: Set[bytes], meter: Meter) -> Files:
    """Return what the checksum files of these packages list.

    A file that belongs to a package without one belongs to nobody here.
    """
    known = {_sums_of(package): package for package in packages}
    found: Files = {}
    for path in tree.find(_SUMS_WANTED):
        name = path[: -len(_SUMS)]
        if name.startswith(INFO_FOLDER):
            name = name.partition(b":")[0]
        owner = known.get(name)
        if owner is None:
            continue
        for line in read_text(tree, path, meter).split(b"\n"):
            # The digest, two blanks, the path without its first slash.
            listed = line[_HEX_DIGITS + 2 :]
            if listed in asked:
                found[listed] = Listed("md5:" + line[:_HEX_DIGITS].decode("latin-1"), owner)
    return found


def _sums_of(package: Package) -> bytes:
    place = package.location.path.encode()
    return INFO_FOLDER + b"/" + package.name.encode() if place == STATUS else place


def of_apk(tree: Tree, packages: Iterable[Package], asked: Set[bytes], meter: Meter) -> Files:
    """Return what apk's databases list of these packages."""
    known = {package.name.encode(): package for package in packages}
    found: Files = {}
    for path in tree.find(Wanted(paths=frozenset(DATABASES))):
        folder = current = b""
        owner: Package | None = None
        for line in read_text(tree, path, meter).split(b"\n"):
            letter, value = line[:2], line[2:]
            if letter == b"P:":
                owner = known.get(value.strip())
            elif letter == b"F:":
                folder, current = value, b""
            elif letter == b"R:":
                current = folder + b"/" + value if folder else value
                if current in asked and owner is not None:
                    found[current] = Listed("", owner)
            elif letter == b"Z:" and current in found:
                found[current] = found[current]._replace(checksum=_apk_checksum(value))
    return found


def _apk_checksum(value: bytes) -> str:
    try:
        digest = base64.b64decode(value[2:], validate=True).hex()
    except binascii.Error:
        return "unreadable:"
    return f"{_APK_ALGORITHMS.get(value[:2], 'unknown')}:{digest}"


def of_rpm(tree: Tree, packages: Iterable[Package], asked: Set[bytes], meter: Meter) -> Files:
    """Return what the headers of these packages list."""
    databases = {package.location.path.encode() for package in packages}
    known = {(package.name, package.version): package for package in packages}
    found: Files = {}
    for path in sorted(databases):
        for name, version, files in rpmdb.read_files(tree, path, meter):
            owner = known.get((name, version))
            if owner is not None:
                found.update((file, Listed(sum_, owner)) for file, sum_ in files if file in asked)
    return found
