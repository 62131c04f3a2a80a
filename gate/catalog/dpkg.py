"""dpkg: ``var/lib/dpkg/status``, and ``status.d`` of distroless images.

Rules: deb822(5), dpkg-query(1) (package states), Debian policy 5.6.1
(``Source``, with the source's version in parentheses where it differs).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

import msgspec

from gate.bom.model import Location, Reading
from gate.catalog.package import Found, Package, reading_of, time_of
from gate.catalog.stanzas import read_text, stanzas
from gate.errors import InputError
from gate.sources.budget import Meter
from gate.sources.paths import text
from gate.sources.tree import Tree
from gate.sources.wanted import Named, Wanted

STATUS = b"var/lib/dpkg/status"
STATUS_FOLDER = b"var/lib/dpkg/status.d"
INFO_FOLDER = b"var/lib/dpkg/info"

_WHAT = "dpkg database"
_FIELD = re.compile(rb"([!-9;-~]+):[ \t]*([^\n]*)")
# Lengths are bounded, since names stand in messages and reports.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9+.~_-]{0,254}")
_VERSION = re.compile(r"[0-9A-Za-z.+:~_-]{1,255}")
_SOURCE = re.compile(r"([A-Za-z0-9][A-Za-z0-9+.~_-]{0,254})(?:\s+\(([^()\s]{1,255})\))?")
_ABSENT = frozenset({"not-installed", "config-files"})
_STATES = _ABSENT | {
    "half-installed",
    "unpacked",
    "half-configured",
    "triggers-awaited",
    "triggers-pending",
    "installed",
}
_NAMES_SHOWN = 3


_DATABASES = Wanted(paths=frozenset({STATUS}), folders=frozenset({STATUS_FOLDER}))
_LISTS = Wanted(
    names=frozenset({Named(b".list", rb"\A" + re.escape(INFO_FOLDER) + rb"\Z", is_read=False)})
)


class DpkgCataloger:
    """Reads dpkg's databases.  Implements `Cataloger`."""

    wanted = _DATABASES | _LISTS

    def __call__(self, tree: Tree, meter: Meter) -> Found:
        """Return the packages whose files are on disk."""
        packages: list[Package] = []
        readings: list[Reading] = []
        try:
            paths = tree.find(_DATABASES)
        except InputError as error:
            return Found(readings=(reading_of(_WHAT, STATUS, "", 0, [error.what]),))
        for path in paths:
            if path.endswith(b".md5sums"):
                continue
            found, reading = read_status(tree, path, meter)
            packages.extend(found)
            readings.append(reading)
        return Found(packages=tuple(packages), readings=tuple(readings))


def read_status(
    tree: Tree, path: bytes, meter: Meter, *, what: str = _WHAT, kind: str = "deb"
) -> tuple[list[Package], Reading]:
    """Return the packages of one file in dpkg's format, as purl type `kind`, and its reading."""
    try:
        data = read_text(tree, path, meter)
    except InputError as error:
        return [], reading_of(what, path, "", 0, [error.what])
    location = Location(path=text(path), layer=tree.layer_of(path))
    packages: list[Package] = []
    problems: list[str] = []
    known: set[str] = set()
    lists = _file_lists(tree) if path == STATUS else {}
    needs_status = not path.startswith(STATUS_FOLDER)
    if data and not data.endswith(b"\n"):
        problems.append("the last line is cut short")
    try:
        for number, stanza in enumerate(stanzas(data, meter, text(path)), start=1):
            try:
                fields = _fields(stanza)
                known.add(fields.get("package", ""))
                package = _package(fields, location, kind, has_status=needs_status)
                if package is not None and package.name in lists:
                    package = _with_time(package, tree, lists)
            except ValueError as error:
                problems.append(f"record {number} {error}")
                continue
            if package is not None:
                packages.append(package)
        if path == STATUS:
            problems.extend(_unlisted(lists, known))
    except InputError as error:
        problems.append(error.what)
    return packages, reading_of(what, path, location.layer, len(packages), problems)


def _fields(stanza: bytes) -> dict[str, str]:
    """Parse one stanza; ValueError for what deb822(5) does not allow."""
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.split(b"\n"):
        if line[:1] in {b" ", b"\t"}:
            if not name:
                raise ValueError("begins with a continuation line")
            continue
        match = _FIELD.fullmatch(line)
        if match is None:
            raise ValueError("has a line that is not a field")
        name = match[1].decode("ascii").lower()
        if name in fields:
            raise ValueError(f"has the field '{match[1].decode('ascii')}' twice")
        fields[name] = match[2].decode("utf-8", "replace").strip()
    return fields


def _package(
    fields: dict[str, str], location: Location, kind: str, *, has_status: bool
) -> Package | None:
    """Return the package of a record, or None where its files are not on disk."""
    name = fields.get("package", "")
    if not _NAME.fullmatch(name):
        raise ValueError("names no package")
    if "status" in fields or has_status:
        words = fields.get("status", "").split()
        state = words[2] if len(words) == 3 else ""
        if state not in _STATES:
            raise ValueError(f"of '{name}' has no valid status")
        if state in _ABSENT:
            return None
        if state == "half-installed":
            raise ValueError(f"says that '{name}' is half-installed")
    version = fields.get("version", "")
    if not _VERSION.fullmatch(version):
        raise ValueError(f"of '{name}' has no valid version")
    source_name, source_version = name, version
    if "source" in fields:
        source = _SOURCE.fullmatch(fields["source"])
        if source is None:
            raise ValueError(f"of '{name}' has a malformed source")
        source_name, source_version = source[1], source[2] or version
    return Package(
        type=kind,
        name=name,
        version=version,
        arch=fields.get("architecture", ""),
        source_name=source_name,
        source_version=source_version,
        vendor=fields.get("maintainer", ""),
        location=location,
    )


def _file_lists(tree: Tree) -> dict[str, list[bytes]]:
    """Return the lists of files that dpkg writes when it unpacks, by package.

    Those of packages that can be installed for several architectures name one.
    """
    found: dict[str, list[bytes]] = defaultdict(list)
    for path in tree.find(_LISTS):
        name = path[len(INFO_FOLDER) + 1 : -len(b".list")].partition(b":")[0]
        found[name.decode("utf-8", "replace")].append(path)
    return found


def _with_time(package: Package, tree: Tree, lists: dict[str, list[bytes]]) -> Package:
    """Return a package with the time it was unpacked: dpkg writes its list of files then."""
    paths = lists[package.name]
    own = f":{package.arch}.list".encode()
    path = next((path for path in paths if path.endswith(own)), paths[0])
    return msgspec.structs.replace(package, installed_at=time_of(tree.modified(path)))


def _unlisted(lists: dict[str, list[bytes]], known: set[str]) -> Iterator[str]:
    """Say which packages dpkg has a file list of but no record.

    dpkg writes ``info/<package>.list`` for whatever it unpacks, so a status
    file that was cut between two records gives itself away.
    """
    if missing := sorted(lists.keys() - known):
        shown = ", ".join(missing[:_NAMES_SHOWN])
        yield f"{len(missing)} packages have a file list and no record: {shown}"
