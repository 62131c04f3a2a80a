"""What a Java archive says of itself: Maven's files, its manifest, its name.

Rules: Apache Maven Archiver (``pom.properties``, ``pom.xml``), the JAR File
Specification ("JAR Manifest"), OSGi Core Release 8, section 3.2 (bundle headers).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from xml.parsers import expat

_LINE = re.compile(r"[ \t]*([A-Za-z]+)[ \t]*[=:][ \t]*([^\r\n]*?)[ \t]*$", re.MULTILINE)
_WORD = re.compile(r"[A-Za-z0-9_.+~-]+")
_HEADER = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]*): ?(.*)")
_FOLDED = re.compile(r"\r\n |\n |\r ")
_SNAPSHOT = re.compile(r"(.+)-([0-9][^-]*-[0-9]{8}\.[0-9]{6}-[0-9]+)")
_NAMED = re.compile(r"(.+)[-_]v?([0-9][^-]*(?:-[A-Za-z][^-]*)*)")
_DOTTED = re.compile(
    r"(.+?)[-_]v?([0-9]+(?:\.[0-9A-Za-z_]+)+(?:-(?:[0-9]+|[A-Za-z][0-9A-Za-z.]*))*)"
)
"""A build number and words may follow the version, another version may not: what comes
before that one belongs to the name (``log4j-1.2-api-2.17.1``)."""
_JOINED = re.compile(r"(.*[A-Za-z])([0-9]+(?:\.[0-9]+)+)")
_POM_FIELDS = frozenset({"groupId", "artifactId", "version"})


class Coordinates(NamedTuple):
    """Group, artifact and version, each "" where it is not known."""

    group: str
    artifact: str
    version: str

    @property
    def known(self) -> bool:
        """Whether nothing is missing."""
        return all(self)


def of_properties(content: bytes) -> Coordinates:
    """Return what a ``pom.properties`` states."""
    found: dict[str, str] = {}
    for name, value in _LINE.findall(content.decode("utf-8", "replace")):
        found.setdefault(name, _word(value))
    return Coordinates(*(found.get(name, "") for name in ("groupId", "artifactId", "version")))


def of_pom(content: bytes) -> Coordinates:
    """Return what a ``pom.xml`` states; group and version may be its parent's.

    ValueError where it is not XML, or has a document type, which no pom needs.
    """
    found: dict[str, str] = {}
    path: list[str] = []
    pieces: list[str] = []

    def refuse(*_: object) -> None:
        raise ValueError("has a pom.xml with a document type")

    def start(name: str, _: Mapping[str, str]) -> None:
        path.append(name.rpartition(":")[2])
        pieces.clear()

    def end(_: str) -> None:
        name = path.pop()
        if name in _POM_FIELDS and path in (["project"], ["project", "parent"]):
            found["/".join([*path, name])] = _word("".join(pieces).strip())

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = pieces.append
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise ValueError(f"has a pom.xml that is not XML ({error})") from error

    def own_or_parents(name: str) -> str:
        return found.get(f"project/{name}") or found.get(f"project/parent/{name}", "")

    artifact = found.get("project/artifactId", "")
    return Coordinates(own_or_parents("groupId"), artifact, own_or_parents("version"))


def read_manifest(content: bytes) -> dict[str, str]:
    """Return the headers of the main section, by name in lower case."""
    text = _FOLDED.sub("", content.decode("utf-8", "replace"))
    headers: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip():
            break
        match = _HEADER.fullmatch(line)
        if match:
            headers.setdefault(match[1].lower(), match[2].strip())
    return headers


def of_file_name(stem: str) -> Coordinates:
    """Return artifact and version from ``artifact-1.2.3``, without the ending."""
    forms = (_SNAPSHOT, _DOTTED, _NAMED, _JOINED)
    match = next((found for form in forms if (found := form.fullmatch(stem))), None)
    return Coordinates("", match[1], match[2]) if match else Coordinates("", stem, "")


def of_manifest(headers: Mapping[str, str], stem: str) -> Coordinates:
    """Return the best of the manifest and of the name of the file.

    The name of a file is what Maven and Gradle gave it, so the artifact is
    taken from there; versions in manifests are those of builds.
    """
    named = of_file_name(stem)
    version = named.version or next(
        (
            _word(headers[name])
            for name in ("implementation-version", "bundle-version", "specification-version")
            if _word(headers.get(name, "")).startswith(tuple("0123456789"))
        ),
        "",
    )
    title = _word(headers.get("implementation-title", ""))
    artifact = named.artifact if named.version or not title else title
    return Coordinates(_group(headers, artifact), artifact, version)


def _group(headers: Mapping[str, str], artifact: str) -> str:
    """Return what a manifest says of the group: an id of the vendor, or of the bundle."""
    if vendor := _word(headers.get("implementation-vendor-id", "")):
        return vendor
    bundle = _word(headers.get("bundle-symbolicname", "").partition(";")[0])
    last = artifact.replace("-", ".")
    for suffix in (f".{artifact}", f".{last}"):
        if bundle.endswith(suffix) and "." in bundle.removesuffix(suffix):
            return bundle.removesuffix(suffix)
    return ""


def _word(value: str) -> str:
    """Return a value that can be a part of coordinates, "" for anything else (``${…}``)."""
    return value if _WORD.fullmatch(value) else ""
