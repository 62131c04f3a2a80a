"""Read snapshots as tools submit them to GitHub's dependency graph.

Rules: GitHub REST API, "dependency submission": manifests, each with what it
resolves to, each of that with a purl.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import msgspec

from gate.bom import foreign
from gate.bom.foreign_distro import distro_named
from gate.bom.model import Bom, Distro, Location
from gate.bom.purl import read_purl
from gate.errors import InputError


class _Resolved(msgspec.Struct, frozen=True):
    package_url: str = ""


class _File(msgspec.Struct, frozen=True):
    source_location: str = ""


class _Manifest(msgspec.Struct, frozen=True):
    name: str = ""
    file: _File | None = None
    resolved: dict[str, _Resolved] = {}


class _Detector(msgspec.Struct, frozen=True):
    name: str = ""


class _Snapshot(msgspec.Struct, frozen=True):
    manifests: dict[str, _Manifest]
    detector: _Detector
    metadata: dict[str, str | int | float | bool | None] = {}


def read_snapshot(data: bytes, where: str) -> Bom:
    """Return the bom in a snapshot; InputError where it is none that is read."""
    try:
        snapshot = msgspec.json.decode(data, type=_Snapshot)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"is not a valid dependency snapshot ({error})", where=where) from error
    return foreign.bom_of(
        _entries(snapshot),
        subject=foreign.subject_of(
            name="",
            is_image=False,
            digests={"sha256": hashlib.sha256(data).hexdigest()},
            where=where,
        ),
        stated=tuple(_distros(snapshot)),
        tools=(snapshot.detector.name,),
        problems=(),
        what="dependency snapshot",
    )


def _entries(snapshot: _Snapshot) -> Iterator[foreign.Entry]:
    for manifest in snapshot.manifests.values():
        path = manifest.file.source_location if manifest.file is not None else ""
        for name, resolved in manifest.resolved.items():
            yield foreign.Entry(
                ref=resolved.package_url,
                name=name,
                version="",
                purl=resolved.package_url,
                locations=(Location(path=path.lstrip("/")),) if path else (),
            )


def _distros(snapshot: _Snapshot) -> Iterator[Distro]:
    """Yield the distribution that syft names, as a purl of its own making."""
    stated = snapshot.metadata.get("syft:distro")
    try:
        named = read_purl(stated) if isinstance(stated, str) else None
    except ValueError:
        return
    if named is not None:
        yield distro_named(named.name, named.version)
