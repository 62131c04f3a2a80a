"""pacman: the local database of Arch Linux and its kin.

Rules: alpm-desc(5) (``%NAME%`` on a line of its own, then its values, then a
blank line), alpm-db-version file; alpm itself rejects a record whose name and
version are not those of its folder.  ``%BASE%`` is the package that was built,
of which this one may be a part.

The lists of files (``files``) hold no checksums, and Arch fixes a flaw with
the newer version rather than by backporting it.  So nothing is owned here: a
Python package of Arch is judged by its own version as well.
"""

from __future__ import annotations

import re

from gate.bom.model import Location, Reading
from gate.catalog.package import Found, Package, reading_of, time_of
from gate.catalog.stanzas import read_text, stanzas
from gate.errors import InputError
from gate.sources.budget import Meter
from gate.sources.paths import text
from gate.sources.tree import MissingError, Tree
from gate.sources.wanted import Named, Wanted

LOCAL = b"var/lib/pacman/local"

_WHAT = "pacman database"
_VERSION_FILE = b"ALPM_DB_VERSION"
_FORMAT = b"9"
_RECORD = b"desc"
_OTHERS = (b"files", b"mtree")
_FIELD = re.compile(rb"%([A-Z0-9_]+)%")
# Lengths are bounded, since names stand in messages and reports.
_NAME = re.compile(r"[A-Za-z0-9@_+][A-Za-z0-9@._+-]{0,254}")
_VERSION = re.compile(r"[!-,.-~]{1,200}-[0-9A-Za-z._]{1,50}")
_NAMES_SHOWN = 3


def _wanted(local: bytes) -> Wanted:
    """Return what is read of a database; a record may be missing where other files are."""
    folder = rb"\A" + re.escape(local) + rb"/[^/]+\Z"
    return Wanted(
        paths=frozenset({local + b"/" + _VERSION_FILE}),
        names=frozenset({Named(_RECORD, folder)})
        | {Named(name, folder, is_read=False) for name in _OTHERS},
    )


class PacmanCataloger:
    """Reads pacman's local database.  Implements `Cataloger`."""

    wanted = _wanted(LOCAL)

    def __call__(self, tree: Tree, meter: Meter) -> Found:
        """Return the installed packages."""
        packages: list[Package] = []
        problems: list[str] = []
        try:
            local = tree.resolve(LOCAL)
            paths = tree.find(self.wanted if local == LOCAL else _wanted(local))
        except InputError as error:
            return Found(readings=(_reading(tree, LOCAL, 0, [error.what]),))
        if not paths:
            return Found()
        problems.extend(_unknown_format(tree, local, meter))
        problems.extend(_incomplete(paths))
        for path in paths:
            if path.endswith(b"/" + _RECORD):
                try:
                    packages.append(_read(tree, path, meter))
                except InputError as error:
                    problems.append(f"'{_folder_of(path)}': {error.what}")
                except ValueError as error:
                    problems.append(f"'{_folder_of(path)}' {error}")
        reading = _reading(tree, local, len(packages), problems)
        return Found(packages=tuple(packages), readings=(reading,))


def _reading(tree: Tree, local: bytes, count: int, problems: list[str]) -> Reading:
    return reading_of(_WHAT, local, tree.layer_of(local), count, problems)


def _unknown_format(tree: Tree, local: bytes, meter: Meter) -> list[str]:
    """Say that the database is of another format; the oldest of today's have no mark."""
    try:
        written = read_text(tree, local + b"/" + _VERSION_FILE, meter).strip()
    except MissingError:
        return []
    except InputError as error:
        return [f"{text(_VERSION_FILE)}: {error.what}"]
    return [] if written == _FORMAT else [f"its format '{text(written[:20])}' is not known"]


def _incomplete(paths: list[bytes]) -> list[str]:
    """Say which packages have a list of files and no record."""
    records = {path.rpartition(b"/")[0] for path in paths if path.endswith(b"/" + _RECORD)}
    others = {path.rpartition(b"/")[0] for path in paths if path.endswith(_OTHERS)}
    missing = sorted(text(folder.rpartition(b"/")[2]) for folder in others - records)
    if not missing:
        return []
    shown = ", ".join(missing[:_NAMES_SHOWN])
    return [f"{len(missing)} packages have a list of files and no record: {shown}"]


def _folder_of(path: bytes) -> str:
    return text(path.split(b"/")[-2])


def _read(tree: Tree, path: bytes, meter: Meter) -> Package:
    """Read one record; InputError or ValueError says what is wrong with it."""
    fields = _fields(read_text(tree, path, meter), meter, text(path))
    name, version = _first(fields, "NAME"), _first(fields, "VERSION")
    if not _NAME.fullmatch(name):
        raise ValueError("names no package")
    if not _VERSION.fullmatch(version):
        raise ValueError("has no valid version")
    if _folder_of(path) != f"{name}-{version}":
        raise ValueError(f"is the record of '{name}-{version}'")
    base = _first(fields, "BASE") or name
    if not _NAME.fullmatch(base):
        raise ValueError("has a malformed base")
    installed = _first(fields, "INSTALLDATE")
    return Package(
        type="alpm",
        name=name,
        version=version,
        arch=_first(fields, "ARCH"),
        source_name=base,
        source_version=version,
        vendor=_first(fields, "PACKAGER"),
        licenses=tuple(fields.get("LICENSE", ())),
        installed_at=time_of(int(installed)) if installed.isdecimal() else None,
        location=Location(path=text(path), layer=tree.layer_of(path)),
    )


def _first(fields: dict[str, list[str]], name: str) -> str:
    values = fields.get(name)
    return values[0] if values else ""


def _fields(data: bytes, meter: Meter, where: str) -> dict[str, list[str]]:
    """Parse a record; ValueError where it is not one."""
    if not data.endswith(b"\n"):
        raise ValueError("is cut short")
    fields: dict[str, list[str]] = {}
    for stanza in stanzas(data, meter, where):
        head, *values = stanza.split(b"\n")
        match = _FIELD.fullmatch(head)
        if match is None:
            raise ValueError("has a line that belongs to no field")
        name = match[1].decode("ascii")
        if name in fields:
            raise ValueError(f"has the field '{name}' twice")
        fields[name] = [value.decode("utf-8", "replace").strip() for value in values]
    return fields
