"""apk: the installed database of Alpine, Wolfi and Chainguard.

Rules: apk-tools' documentation of the installed database (apk-v2(5)): one
letter, a colon, a value.  ``o:`` names the origin, the source package that
advisories name.
"""

from __future__ import annotations

import re

from gate.bom.model import Location, Reading
from gate.catalog.package import Found, Package, reading_of
from gate.catalog.stanzas import read_text, stanzas
from gate.errors import InputError
from gate.sources.budget import Meter
from gate.sources.paths import text
from gate.sources.tree import Tree
from gate.sources.wanted import Wanted

DATABASES = (b"lib/apk/db/installed", b"usr/lib/apk/db/installed")
"""Where apk keeps it; the second since file systems are merged under ``usr``."""

_WHAT = "apk database"
_PACKAGE_FIELDS = re.compile(rb"^([PVALom]):(.*)$", re.MULTILINE)
_LINE = re.compile(rb"[A-Za-z]:[^\n]*(?:\n[A-Za-z]:[^\n]*)*")
# Lengths are bounded, since names stand in messages and reports.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9+._-]{0,254}")
_VERSION = re.compile(r"[0-9A-Za-z.+~_-]{1,255}")


class ApkCataloger:
    """Reads apk's installed database.  Implements `Cataloger`."""

    wanted = Wanted(paths=frozenset(DATABASES))

    def __call__(self, tree: Tree, meter: Meter) -> Found:
        """Return the installed packages."""
        packages: list[Package] = []
        readings: list[Reading] = []
        seen: set[bytes] = set()
        for path in tree.find(self.wanted):
            try:
                target = tree.resolve(path)
            except InputError as error:
                readings.append(reading_of(_WHAT, path, "", 0, [error.what]))
                continue
            if target not in seen:
                seen.add(target)
                found, reading = _read(tree, target, meter)
                packages.extend(found)
                readings.append(reading)
        return Found(packages=tuple(packages), readings=tuple(readings))


def _read(tree: Tree, path: bytes, meter: Meter) -> tuple[list[Package], Reading]:
    packages: list[Package] = []
    problems: list[str] = []
    layer = tree.layer_of(path)
    location = Location(path=text(path), layer=layer)
    try:
        data = read_text(tree, path, meter)
        if data and not data.endswith(b"\n"):
            problems.append("the last line is cut short")
        for number, stanza in enumerate(stanzas(data, meter, text(path)), start=1):
            try:
                packages.append(_package(stanza, location))
            except ValueError as error:
                problems.append(f"record {number} {error}")
    except InputError as error:
        problems.append(error.what)
    return packages, reading_of(_WHAT, path, layer, len(packages), problems)


def _package(stanza: bytes, location: Location) -> Package:
    if not _LINE.fullmatch(stanza):
        raise ValueError("has a line that is not a field")
    fields: dict[str, str] = {}
    for letter, value in _PACKAGE_FIELDS.findall(stanza):
        key = letter.decode("ascii")
        if key in fields:
            raise ValueError(f"has the field '{key}' twice")
        fields[key] = value.decode("utf-8", "replace").strip()
    name, version = fields.get("P", ""), fields.get("V", "")
    if not _NAME.fullmatch(name):
        raise ValueError("names no package")
    if not _VERSION.fullmatch(version):
        raise ValueError(f"of '{name}' has no valid version")
    licence = fields.get("L", "")
    return Package(
        type="apk",
        name=name,
        version=version,
        arch=fields.get("A", ""),
        source_name=fields.get("o") or name,
        source_version=version,
        vendor=fields.get("m", ""),
        licenses=(licence,) if licence else (),
        location=location,
    )
