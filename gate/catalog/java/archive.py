"""Packages in Java archives, those nested in them and shaded into them included.

Every ``pom.properties`` is a package: an archive of its own has one, a shaded
one has those of all it was made from.  An archive that Maven did not build, as
those of Gradle and Ant, is known by its manifest and the name of its file.
These seldom state the group, without which no advisory names it; then every
group that its classes could stand for is a candidate, and advisories of any of
them count (`Identity.other_namespaces`).

Archives with no classes hold nothing that runs, and those of the Java runtime
itself are parts of it: neither is a package.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from gate.catalog.java.coordinates import (
    Coordinates,
    of_file_name,
    of_manifest,
    of_pom,
    of_properties,
    read_manifest,
)
from gate.catalog.language import Contents, Identity
from gate.catalog.reduced import ReducedCataloger, keep
from gate.catalog.zipped import Allowance, Zip, has_end
from gate.sources.wanted import Reduction

ENDINGS = (
    *(b".jar", b".war", b".ear", b".par", b".sar", b".rar", b".jpi", b".hpi", b".lpkg"),
    *(b".aar", b".nar", b".kar"),
)
_WHAT = "Java archives"
_MIB = 1024 * 1024
_DOCUMENT = 4 * _MIB
_NESTED = 512 * _MIB
_UNPACKED = 1024 * _MIB
"""Bytes that may be unpacked of one file, all nested archives together."""
_DEPTH = 8
_PROBLEMS = 5
_MANIFEST = b"META-INF/MANIFEST.MF"
_POM = re.compile(rb"META-INF/maven/([^/]+)/([^/]+)/(pom\.properties|pom\.xml)")
_CLASS = b".class"
_VERSIONED = re.compile(rb"META-INF/versions/[0-9]+/|BOOT-INF/classes/|WEB-INF/classes/")
_SEPARATORS = re.compile(r"[-_.]+")
_RUNTIME = "Java Runtime Environment"
"""`Implementation-Title` of the archives of OpenJDK itself (rt.jar, jrt-fs.jar)."""
_CANDIDATES = 6


def reduce_archive(path: bytes, content: memoryview, gone: bool) -> bytes:
    """Return what is to be kept of an archive, ``b""`` for what is none."""
    if bytes(content[:2]) != b"PK" and not has_end(content):
        # No Java virtual machine loads it either; what lies before an archive it does not mind.
        return b""
    reader = _Reader()
    reader.read(content, path.rpartition(b"/")[2], "", 0)
    if not reader.packages and not reader.problems:
        return b""
    problem = "; ".join(reader.problems[:_PROBLEMS])
    return keep(_WHAT, Contents(tuple(sorted(set(reader.packages))), problem), path, content, gone)


class _Seen(NamedTuple):
    """What matters of the names in one archive."""

    poms: Mapping[tuple[bytes, bytes], Mapping[bytes, bytes]]
    """Group and artifact to file name to path."""
    nested: tuple[bytes, ...]
    classes: tuple[bytes, ...]
    """Folders that hold classes."""


class _Reader:
    """Reads an archive and those in it."""

    def __init__(self) -> None:
        self.packages: list[Identity] = []
        self.problems: list[str] = []
        self._allowance = Allowance(_UNPACKED)

    def read(self, data: memoryview, name: bytes, inside: str, depth: int) -> None:
        """Read one archive; what is wrong is told with where it lies."""
        try:
            archive = Zip(data)
        except ValueError as error:
            self._problem(inside, str(error))
            return
        seen = _look(archive)
        try:
            self._identify(archive, seen, name, inside)
        except ValueError as error:
            self._problem(inside, str(error))
        for nested in seen.nested:
            shown = nested.decode("utf-8", "replace")
            below = f"{inside}!/{shown}" if inside else shown
            if depth >= _DEPTH:
                self._problem(below, "is nested too deep")
                continue
            try:
                content = archive.read(nested, _NESTED, self._allowance)
            except ValueError as error:
                self._problem(inside, str(error))
            else:
                self.read(content, nested.rpartition(b"/")[2], below, depth + 1)

    def _identify(self, archive: Zip, seen: _Seen, name: bytes, inside: str) -> None:
        stem = name.decode("utf-8", "replace").rpartition(".")[0]
        found = list(self._of_maven(archive, seen))
        for package in found:
            self._add(package, inside)
        own = of_file_name(stem)
        if not seen.classes or any(_is_named(stem, package) for package in found):
            return
        headers: Mapping[str, str] = {}
        if archive.member(_MANIFEST) is not None:
            headers = read_manifest(bytes(archive.read(_MANIFEST, _DOCUMENT, self._allowance)))
        if headers.get("implementation-title") == _RUNTIME:
            return
        stated = of_manifest(headers, stem)
        if stated.version:
            self._add(stated, inside, _groups(stated, seen.classes, headers))
        elif not found and not seen.nested:
            # With neither a version nor parts that have one, it says nothing of itself.
            self._problem(inside, f"names no version of '{own.artifact}'")

    def _of_maven(self, archive: Zip, seen: _Seen) -> Iterator[Coordinates]:
        """Return the packages that Maven's own files name."""
        for (group, artifact), files in sorted(seen.poms.items()):
            folder = Coordinates(
                group.decode("utf-8", "replace"), artifact.decode("utf-8", "replace"), ""
            )
            stated = Coordinates("", "", "")
            if (path := files.get(b"pom.properties")) is not None:
                content = archive.read(path, _DOCUMENT, self._allowance)
                stated = of_properties(bytes(content))
            if not stated.known and (path := files.get(b"pom.xml")) is not None:
                content = archive.read(path, _DOCUMENT, self._allowance)
                stated = _filled(stated, of_pom(bytes(content)))
            stated = _filled(stated, folder)
            if not stated.version:
                raise ValueError(f"names no version of '{stated.group}:{stated.artifact}'")
            yield stated

    def _add(self, found: Coordinates, inside: str, others: tuple[str, ...] = ()) -> None:
        group, *rest = [found.group, *others] if found.group else [*others, ""]
        self.packages.append(
            Identity(
                type="maven",
                namespace=group,
                name=found.artifact,
                version=found.version,
                inside=inside,
                other_namespaces=tuple(name for name in rest if name and name != group),
            )
        )

    def _problem(self, inside: str, message: str) -> None:
        self.problems.append(f"{inside} {message}" if inside else message)


def _look(archive: Zip) -> _Seen:
    poms: dict[tuple[bytes, bytes], dict[bytes, bytes]] = {}
    nested: list[bytes] = []
    folders: set[bytes] = set()
    for name in archive.names:
        if name.endswith(_CLASS):
            folders.add(name.rpartition(b"/")[0])
        elif name.lower().endswith(ENDINGS):
            nested.append(name)
        elif (match := _POM.fullmatch(name)) is not None:
            poms.setdefault((match[1], match[2]), {})[match[3]] = name
    return _Seen(poms, tuple(nested), tuple(sorted(folders)))


def _filled(one: Coordinates, other: Coordinates) -> Coordinates:
    return Coordinates(*(value or spare for value, spare in zip(one, other, strict=True)))


def _is_named(stem: str, package: Coordinates) -> bool:
    """Return whether a file has the name of a package: with its version, or without."""
    name = _SEPARATORS.sub("-", f"{stem.lower()}-")
    return name.startswith(_SEPARATORS.sub("-", f"{package.artifact.lower()}-"))


def _groups(
    stated: Coordinates, folders: tuple[bytes, ...], headers: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the groups that an archive may be of, by where its classes lie.

    Projects name their packages after their group; some put the artifact
    behind it.  The shorter prefixes come first, the whole package last.
    """
    names = {_VERSIONED.sub(b"", folder) for folder in folders} - {b"", b"META-INF"}
    shared = _shared([name.split(b"/") for name in sorted(names)])
    if len(shared) < 2:
        shared = max((name.split(b"/") for name in sorted(names)), key=len, default=[])[:2]
    parts = [part.decode("utf-8", "replace") for part in shared[:_CANDIDATES]]
    found = [".".join(parts[:length]) for length in range(2, len(parts) + 1)]
    bundle = headers.get("bundle-symbolicname", "").partition(";")[0].strip()
    for name in (headers.get("automatic-module-name", ""), bundle):
        if "." in name:
            found += [name.rpartition(".")[0], name]
    # Before groups were domains, they were the artifact's own name (commons-io:commons-io).
    found.append(stated.artifact)
    return tuple(dict.fromkeys(found))


def _shared(paths: list[list[bytes]]) -> list[bytes]:
    if not paths:
        return []
    first, last = min(paths), max(paths)
    length = next(
        (n for n, (one, other) in enumerate(zip(first, last, strict=False)) if one != other),
        min(len(first), len(last)),
    )
    return first[:length]


JAVA = ReducedCataloger(what=_WHAT, reduction=Reduction(reduce_archive, endings=ENDINGS))
