"""Read what trivy writes in its own JSON, with the packages that ``--list-all-pkgs`` adds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec

from gate.bom import foreign
from gate.bom.foreign_distro import distro_named
from gate.bom.model import Bom, Distro, Location, Subject
from gate.errors import InputError

_WITH_PACKAGES = frozenset({"os-pkgs", "lang-pkgs"})


class _Identifier(msgspec.Struct, frozen=True):
    purl: str = msgspec.field(name="PURL", default="")


class _Layer(msgspec.Struct, frozen=True):
    diff_id: str = msgspec.field(name="DiffID", default="")


class _Package(msgspec.Struct, frozen=True, rename="pascal"):
    name: str
    version: str = ""
    identifier: _Identifier | None = None
    src_name: str = ""
    src_version: str = ""
    src_release: str = ""
    src_epoch: int = 0
    modularitylabel: str = ""
    maintainer: str = ""
    licenses: tuple[str, ...] | None = None
    file_path: str = ""
    layer: _Layer | None = None


class _Result(msgspec.Struct, frozen=True, rename="pascal"):
    target: str = ""
    class_: str = msgspec.field(name="Class", default="")
    packages: tuple[_Package, ...] | None = None


class _System(msgspec.Struct, frozen=True, rename="pascal"):
    family: str = ""
    name: str = ""


class _Metadata(msgspec.Struct, frozen=True):
    system: _System | None = msgspec.field(name="OS", default=None)
    repo_digests: tuple[str, ...] | None = msgspec.field(name="RepoDigests", default=None)
    image_id: str = msgspec.field(name="ImageID", default="")


class _Report(msgspec.Struct, frozen=True, rename="pascal"):
    artifact_name: str = ""
    artifact_type: str = ""
    metadata: _Metadata | None = None
    results: tuple[_Result, ...] | None = None


def read_trivy(data: bytes, where: str) -> Bom:
    """Return the bom in trivy's JSON; InputError where it is none that is read."""
    try:
        report = msgspec.json.decode(data, type=_Report)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"is not valid JSON of trivy ({error})", where=where) from error
    results = [one for one in report.results or () if one.class_ in _WITH_PACKAGES]
    bare = sorted(one.target for one in results if one.packages is None)
    problems = []
    if bare or not results:
        shown = f" of {', '.join(target[:80] for target in bare[:3])}" if bare else ""
        problems.append(f"it lists no packages{shown}: trivy does with --list-all-pkgs")
    return foreign.bom_of(
        (_entry(package) for one in results for package in one.packages or ()),
        subject=_subject(report, data, where),
        stated=tuple(_distros(report)),
        tools=("trivy",),
        problems=problems,
        what="trivy JSON",
    )


def _distros(report: _Report) -> Iterator[Distro]:
    system = report.metadata.system if report.metadata is not None else None
    if system is not None and system.family:
        yield distro_named(system.family, system.name.partition(" ")[0])


def _entry(package: _Package) -> foreign.Entry:
    purl = package.identifier.purl if package.identifier is not None else ""
    stated: dict[str, Any] = {
        "SrcName": package.src_name,
        "SrcVersion": package.src_version,
        "SrcRelease": package.src_release,
        "SrcEpoch": str(package.src_epoch or ""),
        "Modularitylabel": package.modularitylabel,
    }
    layer = package.layer.diff_id if package.layer is not None else ""
    path = package.file_path.lstrip("/")
    return foreign.Entry(
        ref="",
        name=package.name,
        version=package.version,
        purl=purl,
        vendor=package.maintainer,
        licenses=tuple(package.licenses or ()),
        locations=(Location(path=path, layer=layer),) if path else (),
        properties={f"aquasecurity:trivy:{name}": value for name, value in stated.items()},
    )


def _subject(report: _Report, data: bytes, where: str) -> Subject:
    digests = {"sha256": hashlib.sha256(data).hexdigest()}
    known = report.metadata.repo_digests if report.metadata is not None else None
    named = {digest.partition("@")[2] for digest in known or ()}
    if len(named) == 1:
        algorithm, _, digest = named.pop().partition(":")
        digests |= foreign.digests_of([(algorithm, digest)])
    return foreign.subject_of(
        name=report.artifact_name,
        is_image=report.artifact_type == "container_image",
        digests=digests,
        where=where,
    )
