"""Package URLs of components, built and read by packageurl-python.

Qualifiers: ``arch``; ``distro`` as ``<id>-<version>`` (purl specification,
known qualifiers); ``epoch`` of an rpm, whose version then goes without it
(purl types, rpm; trivy writes that of a deb so, too); and ``upstream`` for the
source package, in the form that syft gives it: a name, ``name@version`` where
the versions differ, or the file name of the source rpm.
"""

from __future__ import annotations

import re

import msgspec
from packageurl import PackageURL

from gate.bom.model import Distro

_SOURCE_RPM = re.compile(r"(.+)-([^-]+)-([^-]+)\.(?:no)?src\.rpm")
_EPOCH = re.compile(r"([0-9]+):(.+)", re.DOTALL)
_NUMBER = re.compile(r"[0-9]*")


class PackageName(msgspec.Struct, frozen=True, kw_only=True):
    """What a purl says of a package.  Versions are in the form of `Component.version`."""

    type: str
    name: str
    namespace: str = ""
    version: str = ""
    arch: str = ""
    source_name: str = ""
    source_version: str = ""
    distro: str = ""
    """The ``distro`` qualifier, verbatim."""


def distro_qualifier(distro: Distro | None) -> str:
    """Return the ``distro`` qualifier: ``debian-12``, ``wolfi``, or "" where unknown."""
    if distro is None:
        return ""
    return f"{distro.id}-{distro.version_id}" if distro.version_id else distro.id


def write_purl(package: PackageName) -> str:
    """Return the canonical purl of `package`."""
    version = package.version
    qualifiers = {"arch": package.arch, "distro": package.distro}
    if package.type == "rpm":
        epoch, version = split_epoch(version)
        qualifiers["epoch"] = epoch
    qualifiers["upstream"] = _upstream(package)
    return PackageURL(
        type=package.type,
        namespace=package.namespace or None,
        name=package.name,
        version=version.strip() or None,
        qualifiers={key: value for key, value in sorted(qualifiers.items()) if value},
    ).to_string()


def _upstream(package: PackageName) -> str:
    name, version = package.source_name, package.source_version
    if package.type == "rpm":
        return f"{name}-{split_epoch(version)[1]}.src.rpm" if name and version else ""
    if not name or (name == package.name and version in {"", package.version}):
        return ""
    return name if version in {"", package.version} else f"{name}@{version}"


def read_purl(text: str) -> PackageName:
    """Return what a purl says; ValueError where it is not one."""
    purl = PackageURL.from_string(text)
    qualifiers = purl.qualifiers
    version = purl.version or ""
    epoch = qualifiers.get("epoch", "")
    if not _NUMBER.fullmatch(epoch):
        raise ValueError(f"the epoch '{epoch}' is not a number")
    if purl.type == "rpm" or (purl.type == "deb" and epoch):
        version = join_epoch(epoch, version)
    name, source_version = _read_upstream(qualifiers.get("upstream", ""), version)
    return PackageName(
        type=purl.type,
        name=purl.name,
        namespace=purl.namespace or "",
        version=version,
        arch=qualifiers.get("arch", ""),
        source_name=name,
        source_version=source_version,
        distro=qualifiers.get("distro", ""),
    )


def _read_upstream(upstream: str, version: str) -> tuple[str, str]:
    """Return source name and version; a source rpm shares the epoch of its packages."""
    source_rpm = _SOURCE_RPM.fullmatch(upstream)
    if source_rpm is not None:
        epoch, _ = split_epoch(version)
        return source_rpm[1], join_epoch(epoch, f"{source_rpm[2]}-{source_rpm[3]}")
    name, _, stated = upstream.partition("@")
    return name, stated


def split_epoch(version: str) -> tuple[str, str]:
    """Split a version into its epoch, "" where there is none or it is 0, and the rest."""
    match = _EPOCH.fullmatch(version)
    if match is None:
        return "", version
    return match[1].lstrip("0"), match[2]


def join_epoch(epoch: str, version: str) -> str:
    """Return a version with its epoch, left out when it is 0 or already there."""
    stated, rest = split_epoch(version)
    epoch = stated or epoch.lstrip("0")
    return f"{epoch}:{rest}" if epoch else rest
