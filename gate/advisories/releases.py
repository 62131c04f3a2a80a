"""From os-release(5) to the release as the suffixes of OSV ecosystems name it.

One system may be spoken of under several: Red Hat writes a row for each
repository of a release, SUSE one for each product or module.
"""

from __future__ import annotations

import re

from gate.advisories.ecosystems import DEBIAN_CODENAMES, DistroRule, Release
from gate.bom.model import Distro

_CPE = re.compile(r"cpe:/o:redhat:([a-z0-9_]+:[0-9.]+)(?:::[a-z_]+)?")
_REPOSITORIES = (
    *("baseos", "appstream", "crb", "highavailability", "nfv", "realtime"),
    *("resilientstorage", "sap", "sap_hana", "supplementary"),
)
"""Of Red Hat Enterprise Linux 8 and later.  os-release names baseos only, and packages of
all of them are installed."""
_OLDER = ("", "server", "client", "workstation", "computenode")
"""Variants of Red Hat Enterprise Linux 7 and earlier."""
_MODULES = (
    *("Basesystem", "Server Applications", "Development Tools", "Desktop Applications"),
    *("Containers", "Python 3", "Web and Scripting", "Legacy", "Public Cloud", "HPC"),
    *("Certifications", "Confidential Computing", "Live Patching", "SUSE Manager Client"),
    *("Transactional Server", "NVIDIA Compute", "Package Hub", "Systems Management"),
)
"""Of SUSE Linux Enterprise 15, whose packages are on a server of that service pack."""
_OPENEULER = re.compile(r"openEuler ([0-9.]+)(?: \((LTS(?:-SP[0-9]+)?)\))?")


def suffixes_of(rule: DistroRule, distro: Distro) -> tuple[str, ...]:
    """Return every suffix of the release; none where os-release does not name it."""
    version_id = distro.version_id
    match rule.release:
        case Release.NONE:
            return ("",)
        case Release.REDHAT:
            return _redhat(distro.cpe_name)
        case Release.SUSE:
            return _suse(version_id)
        case Release.OPENEULER:
            found = _OPENEULER.fullmatch(distro.pretty_name)
            suffix = "-".join(part for part in found.groups() if part) if found else ""
        case Release.LEAP:
            suffix = f"Leap {version_id}" if version_id else ""
        case Release.TUMBLEWEED:
            suffix = "Tumbleweed"
        case Release.FULL:
            suffix = version_id
        case Release.MAJOR:
            suffix = version_id.partition(".")[0]
        case Release.ALPINE:
            suffix = _alpine(version_id)
        case Release.DEBIAN:
            suffix = _debian(version_id, distro.codename)
        case Release.UBUNTU:
            suffix = _ubuntu(version_id)
    return (suffix,) if suffix else ()


def _redhat(cpe_name: str) -> tuple[str, ...]:
    match = _CPE.fullmatch(cpe_name)
    if match is None:
        return ()
    product, _, version = match[1].partition(":")
    major = version.partition(".")[0]
    if product == "enterprise_linux":
        # Rows are of major releases; a minor one here means no stream of its own.
        version = major
    if major.isdecimal() and int(major) < 8:
        return tuple(f"{product}:{version}::{variant}".rstrip(":") for variant in _OLDER)
    return tuple(f"{product}:{version}::{repository}" for repository in _REPOSITORIES)


def _suse(version_id: str) -> tuple[str, ...]:
    major, _, pack = version_id.partition(".")
    if not major.isdecimal():
        return ()
    release = f"{major} SP{pack}" if pack not in {"", "0"} else major
    server = (f"Linux Enterprise Server {release}", f"Linux Enterprise Server {release}-LTSS")
    modules = tuple(f"Linux Enterprise Module for {name} {release}" for name in _MODULES)
    return (*server, f"Linux Enterprise High Availability Extension {release}", *modules)


def _alpine(version_id: str) -> str:
    if "_" in version_id:
        return "edge"
    parts = version_id.split(".")
    return f"v{parts[0]}.{parts[1]}" if len(parts) >= 2 else ""


def _debian(version_id: str, codename: str) -> str:
    if not version_id:
        return DEBIAN_CODENAMES.get(codename, codename)
    # Point releases are no releases of their own: 12.5 is 12.  3.1 was one.
    return version_id if version_id.startswith("3.") else version_id.partition(".")[0]


def _ubuntu(version_id: str) -> str:
    year, _, month = version_id.partition(".")
    if not (year.isdecimal() and month):
        return ""
    long_term = month == "04" and int(year) % 2 == 0
    return f"{version_id}:LTS" if long_term else version_id
