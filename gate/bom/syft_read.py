"""Read what syft writes in its own JSON, and grype in its own.

Both list packages as `artifacts` of one shape.  grype writes only those that it
found a flaw in, so an inventory read from it is never complete.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

from gate.bom import foreign
from gate.bom.foreign_distro import distro_named
from gate.bom.model import Bom, Distro, Location, Subject
from gate.errors import InputError

T = TypeVar("T")

_UNSAID = "grype lists only the packages that it found flaws in"
_SHOWN = 3


class _Place(msgspec.Struct, frozen=True):
    path: str = ""
    layer: str = msgspec.field(name="layerID", default="")


class _Artifact(msgspec.Struct, frozen=True):
    """A package."""

    name: str
    version: str = ""
    id: str = ""
    type: str = ""
    purl: str = ""
    locations: tuple[_Place, ...] | None = None
    licenses: tuple[Any, ...] | None = None
    metadata: Any = None


class _Distro(msgspec.Struct, frozen=True, rename="camel"):
    name: str = ""
    id: str = ""
    version: str = ""
    version_id: str = msgspec.field(name="versionID", default="")
    version_codename: str = ""
    pretty_name: str = ""


class _Source(msgspec.Struct, frozen=True):
    type: str = ""
    name: str = ""
    metadata: Any = None
    target: Any = None


class _Location(msgspec.Struct, frozen=True):
    path: str = ""


class _File(msgspec.Struct, frozen=True):
    location: _Location | None = None
    unknowns: tuple[str, ...] | None = None
    """What syft could not make out of a file (since 1.15)."""


class _Descriptor(msgspec.Struct, frozen=True):
    name: str = ""


class _Syft(msgspec.Struct, frozen=True):
    artifacts: tuple[_Artifact, ...]
    descriptor: _Descriptor
    source: _Source | None = None
    distro: _Distro | None = None
    files: tuple[_File, ...] | None = None


class _Match(msgspec.Struct, frozen=True):
    artifact: _Artifact


class _Grype(msgspec.Struct, frozen=True):
    matches: tuple[_Match, ...]
    descriptor: _Descriptor
    source: _Source | None = None
    distro: _Distro | None = None


def read_syft(data: bytes, where: str) -> Bom:
    """Return the bom in syft's JSON; InputError where it is none that is read."""
    document = _decoded(data, _Syft, "syft", where)
    return _bom(
        document.artifacts, document.source, document.distro, data, where,
        problems=_unknowns(document.files or ()), tool="syft",
    )  # fmt: skip


def read_grype(data: bytes, where: str) -> Bom:
    """Return the bom in grype's JSON: the packages it found flaws in."""
    document = _decoded(data, _Grype, "grype", where)
    artifacts: dict[str, _Artifact] = {}
    for match in document.matches:
        artifacts.setdefault(match.artifact.id or match.artifact.purl, match.artifact)
    return _bom(
        artifacts.values(), document.source, document.distro, data, where,
        problems=[_UNSAID], tool="grype",
    )  # fmt: skip


def _decoded(data: bytes, as_type: type[T], tool: str, where: str) -> T:
    try:
        return msgspec.json.decode(data, type=as_type)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"is not valid JSON of {tool} ({error})", where=where) from error


def _bom(
    artifacts: Iterable[_Artifact],
    source: _Source | None,
    distro: _Distro | None,
    data: bytes,
    where: str,
    *,
    problems: list[str],
    tool: str,
) -> Bom:
    return foreign.bom_of(
        map(_entry, artifacts),
        subject=_subject(source, data, where),
        stated=_stated(distro),
        tools=("syft",),
        problems=problems,
        what=f"{tool} JSON",
    )


def _stated(distro: _Distro | None) -> list[Distro]:
    identity = (distro.id or distro.name) if distro is not None else ""
    if distro is None or not identity:
        return []
    return [
        distro_named(
            identity,
            distro.version_id or (distro.version if not distro.id else ""),
            codename=distro.version_codename,
            pretty_name=distro.pretty_name,
        )
    ]


def _entry(artifact: _Artifact) -> foreign.Entry:
    metadata = artifact.metadata if isinstance(artifact.metadata, dict) else {}
    properties = {}
    if isinstance(label := metadata.get("modularityLabel"), str):
        properties["syft:metadata:modularityLabel"] = label
    places = (
        Location(path=place.path.lstrip("/"), layer=place.layer)
        for place in artifact.locations or ()
        if place.path
    )
    return foreign.Entry(
        ref=f"{artifact.purl}#{artifact.id}" if artifact.purl and artifact.id else artifact.purl,
        name=artifact.name,
        version=artifact.version,
        purl=artifact.purl,
        licenses=tuple(filter(None, map(_licence, artifact.licenses or ()))),
        locations=tuple(sorted(set(places))),
        properties=properties,
    )


def _licence(stated: Any) -> str:
    """Return a licence, which older versions write as a text."""
    value = stated.get("value") if isinstance(stated, dict) else stated
    return value if isinstance(value, str) else ""


def _subject(source: _Source | None, data: bytes, where: str) -> Subject:
    digests = {"sha256": hashlib.sha256(data).hexdigest()}
    details = (source.metadata or source.target) if source is not None else None
    stated = details if isinstance(details, dict) else {}
    name = stated.get("userInput") or (source.name if source is not None else "")
    algorithm, _, digest = str(stated.get("manifestDigest") or "").partition(":")
    digests |= foreign.digests_of([(algorithm, digest)])
    subject = foreign.subject_of(
        name=name if isinstance(name, str) else "",
        is_image=source is not None and source.type == "image",
        digests=digests,
        where=where,
    )
    image_id = stated.get("imageID")
    return msgspec.structs.replace(subject, image_id=image_id if isinstance(image_id, str) else "")


def _unknowns(files: Iterable[_File]) -> list[str]:
    paths = sorted(
        file.location.path if file.location is not None else "a file"
        for file in files
        if file.unknowns
    )
    if not paths:
        return []
    shown = ", ".join(path[:80] for path in paths[:_SHOWN])
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return [f"syft could not make out {len(paths)} files ({shown}{more})"]
