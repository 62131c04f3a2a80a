"""From what the user typed to an opened target.

The kind is recognised from content; a prefix forces it.  A new kind of target
is one file and one line in `OPENERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from gate.bom.model import Bom
from gate.errors import InputError, UnreachableError, UsageError
from gate.sources import bomfile, oci
from gate.sources.archivefile import open_archive
from gate.sources.budget import Meter
from gate.sources.daemon import NotInDaemonError, open_daemon
from gate.sources.image import Opened
from gate.sources.layout import LayoutFolder, is_layout
from gate.sources.registry.reference import parse_reference
from gate.sources.request import Request
from gate.sources.rootfs import open_host, open_rootfs_folder
from gate.sources.sourcefolder import is_source_folder, open_source_folder

_FILE_ENDINGS = (".tar", ".gz", ".tgz", ".zst", ".xz", ".bz2", ".json", ".xml", ".spdx", ".purls")

Opener = Callable[[str, Request, Meter], Opened | Bom]


def open_target(target: str, request: Request, meter: Meter) -> Opened | Bom:
    """Open `target`; the result is a Bom where the target is an SBOM file already.

    Raises UsageError, InputError or UnreachableError.
    """
    if target == "host":
        return OPENERS["host"]("", request, meter)
    prefix, colon, rest = target.partition(":")
    if colon and prefix in OPENERS:
        return OPENERS[prefix](rest, request, meter)
    path = Path(target)
    if path.is_dir():
        return OPENERS[_kind_of_folder(path)](target, request, meter)
    if path.exists():
        is_bom = bomfile.looks_like_document(path)
        return OPENERS["sbom" if is_bom else "archive"](target, request, meter)
    if target.startswith((".", "/", "~")) or target.endswith(_FILE_ENDINGS):
        raise InputError("there is no such file", where=target, hint="check the path")
    return _open_named_image(target, request, meter)


def _kind_of_folder(path: Path) -> str:
    if is_layout(path):
        return "oci"
    try:
        return "source" if is_source_folder(path) else "rootfs"
    except OSError as error:
        raise InputError(f"cannot be opened ({error.strerror})", where=path.name) from error


def _open_named_image(name: str, request: Request, meter: Meter) -> Opened | Bom:
    """Open what is neither a file nor a folder: the daemon's image, else the registry's."""
    try:
        return open_daemon(name, request, meter)
    except NotInDaemonError as in_daemon:
        # An image that is there and breaks off is not looked for elsewhere: the
        # registry's image of that name may be another one.
        try:
            parse_reference(name)
        except UsageError as error:
            raise UsageError(
                f"is no file, and no name of an image either: {error.what}",
                where=name,
                hint="check the path or the name",
            ) from error
        try:
            return _open_registry(name, request, meter)
        except UnreachableError as in_registry:
            raise UnreachableError(
                f"{in_daemon.what}; nor can it be had from its registry: {in_registry.what}",
                where=name,
                hint=f"there is no file of that name either; {in_registry.hint}",
            ) from in_registry


def _open_docker_archive(name: str, request: Request, meter: Meter) -> Opened:
    path = _existing(name)
    return open_archive(path, request, meter, kind="docker-archive")


def _open_any_archive(name: str, request: Request, meter: Meter) -> Opened:
    return open_archive(_existing(name), request, meter)


def _open_oci(name: str, request: Request, meter: Meter) -> Opened:
    path = _existing(name)
    if path.is_dir():
        blobs = LayoutFolder(path, request.wanted, meter)
        return oci.open_oci(blobs, request.choice, meter, later=request.later)
    return open_archive(path, request, meter, kind="oci")


def _open_daemon(name: str, request: Request, meter: Meter) -> Opened | Bom:
    if not name:
        raise UsageError("names no image", where="daemon:", hint="for example daemon:debian:12")
    return open_daemon(name, request, meter)


def _open_image(name: str, request: Request, meter: Meter) -> Opened | Bom:
    if not name:
        raise UsageError("names no image", where="image:", hint="for example image:debian:12")
    return _open_named_image(name, request, meter)


def _open_registry(name: str, request: Request, meter: Meter) -> Opened:
    if not name:
        raise UsageError("names no image", where="registry:", hint="for example registry:debian:12")
    from gate.sources.registry import image  # noqa: PLC0415 - 35 ms, only for this kind of target

    return image.open_registry(name, request, meter)


def _open_rootfs(name: str, request: Request, meter: Meter) -> Opened:
    path = _existing(name)
    if path.is_dir():
        return open_rootfs_folder(path, meter, cross_mounts=request.cross_mounts)
    return open_archive(path, request, meter, kind="rootfs")


def _open_source(name: str, request: Request, meter: Meter) -> Opened:
    del request
    path = _existing(name)
    if not path.is_dir():
        raise UsageError("is not a folder", where=name, hint="give the folder of the sources")
    return open_source_folder(path, meter)


def _open_host(name: str, request: Request, meter: Meter) -> Opened:
    if name:
        raise UsageError(
            "only the host this runs on can be read",
            where=f"host:{name}",
            hint="run patchgate there, or give a folder with rootfs:PATH",
        )
    return open_host(meter, cross_mounts=request.cross_mounts)


def open_sbom(name: str, meter: Meter) -> Bom:
    """Read the SBOM in the file `name`; InputError where it is none that is read."""
    return bomfile.open_bom(_existing(name.removeprefix("sbom:")), meter)


def _open_bom(name: str, request: Request, meter: Meter) -> Bom:
    del request
    return bomfile.open_bom(_existing(name), meter)


def _existing(name: str) -> Path:
    path = Path(name)
    if not name or not path.exists():
        raise InputError("there is no such file", where=name or "the target", hint="check the path")
    return path


def archive_file(target: str) -> Path | None:
    """Return the file that `target` names if it is to be read as an archive."""
    prefix, colon, rest = target.partition(":")
    if colon and prefix in OPENERS:
        path = Path(rest)
        return path if prefix in {"archive", "docker-archive", "oci"} and path.is_file() else None
    path = Path(target)
    return path if path.is_file() and not bomfile.looks_like_document(path) else None


OPENERS: Mapping[str, Opener] = {
    "archive": _open_any_archive,
    "daemon": _open_daemon,
    "docker-archive": _open_docker_archive,
    "host": _open_host,
    "image": _open_image,
    "oci": _open_oci,
    "registry": _open_registry,
    "rootfs": _open_rootfs,
    "sbom": _open_bom,
    "source": _open_source,
}
"""Prefix of a target to what opens it."""
