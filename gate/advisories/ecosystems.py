"""Ecosystems as data: which scheme orders their versions, who asks them for what.

Three tables: `SCHEME_OF` (OSV ecosystem to version scheme), `DISTROS`
(os-release ID to OSV ecosystem, release suffix and the names that its
advisories use) and `LANGUAGES` (purl type to OSV ecosystem).  A new ecosystem
is a line in one of them.

Sources: OSV schema 1.7.5 (section affected[].package), osv-schema's
ecosystems.json, and the records themselves.
"""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

from gate.versions import SCHEMES

SCHEME_OF: dict[str, str] = {
    "Alpaquita": "apk",
    "Alpine": "apk",
    "AlmaLinux": "rpm",
    "Azure Linux": "rpm",
    "BellSoft Hardened Containers": "apk",
    "Bitnami": "bitnami",
    "Chainguard": "apk",
    "CleanStart": "apk",
    "CRAN": "cran",
    "crates.io": "semver",
    "Debian": "dpkg",
    "Echo": "dpkg",
    "GHC": "hackage",
    "GitHub Actions": "semver",
    "Go": "golang",
    "Hackage": "hackage",
    "Hex": "semver",
    "Julia": "semver",
    "Mageia": "rpm",
    "Maven": "maven",
    "MinimOS": "apk",
    "npm": "semver",
    "NuGet": "nuget",
    "openEuler": "rpm",
    "openSUSE": "rpm",
    "Packagist": "packagist",
    "Photon OS": "rpm",
    "Pub": "pub",
    "PyPI": "pep440",
    "Red Hat": "rpm",
    "Rocky Linux": "rpm",
    "RubyGems": "rubygems",
    "SUSE": "rpm",
    "SwiftURL": "semver",
    "Ubuntu": "dpkg",
    "VSCode": "semver",
    "Wolfi": "apk",
}


class Names(StrEnum):
    """Which names the advisories of a distribution use."""

    SOURCE = "source"
    BINARY = "binary"
    BOTH = "both"


class Release(StrEnum):
    """How VERSION_ID becomes the suffix of an OSV ecosystem."""

    NONE = "none"
    MAJOR = "major"
    """``9.4`` becomes ``9``."""
    FULL = "full"
    ALPINE = "alpine"
    """``3.20.3`` becomes ``v3.20``; a pre-release is ``edge``."""
    DEBIAN = "debian"
    """``12``, or the number of the codename where testing names no version."""
    UBUNTU = "ubuntu"
    """``22.04`` becomes ``22.04:LTS``, ``24.10`` stays."""


class DistroRule(msgspec.Struct, frozen=True):
    """How one distribution, by the ID of its os-release, asks OSV."""

    ecosystem: str
    release: Release
    names: Names
    type: str
    """purl type of its packages."""


DISTROS: dict[str, DistroRule] = {
    "almalinux": DistroRule("AlmaLinux", Release.MAJOR, Names.BINARY, "rpm"),
    "alpine": DistroRule("Alpine", Release.ALPINE, Names.SOURCE, "apk"),
    "azurelinux": DistroRule("Azure Linux", Release.MAJOR, Names.BOTH, "rpm"),
    "chainguard": DistroRule("Chainguard", Release.NONE, Names.BOTH, "apk"),
    "clnstrt": DistroRule("CleanStart", Release.NONE, Names.BOTH, "apk"),
    "debian": DistroRule("Debian", Release.DEBIAN, Names.SOURCE, "deb"),
    "mageia": DistroRule("Mageia", Release.MAJOR, Names.SOURCE, "rpm"),
    "mariner": DistroRule("Azure Linux", Release.MAJOR, Names.BOTH, "rpm"),
    "minimos": DistroRule("MinimOS", Release.NONE, Names.BOTH, "apk"),
    "rocky": DistroRule("Rocky Linux", Release.MAJOR, Names.BOTH, "rpm"),
    "ubuntu": DistroRule("Ubuntu", Release.UBUNTU, Names.SOURCE, "deb"),
    "wolfi": DistroRule("Wolfi", Release.NONE, Names.BOTH, "apk"),
}

LANGUAGES: dict[str, str] = {
    "bitnami": "Bitnami",
    "cargo": "crates.io",
    "composer": "Packagist",
    "cran": "CRAN",
    "gem": "RubyGems",
    "githubactions": "GitHub Actions",
    "golang": "Go",
    "hackage": "Hackage",
    "hex": "Hex",
    "julia": "Julia",
    "maven": "Maven",
    "npm": "npm",
    "nuget": "NuGet",
    "pub": "Pub",
    "pypi": "PyPI",
    "swift": "SwiftURL",
}

DEBIAN_CODENAMES: dict[str, str] = {
    "woody": "3.0",
    "sarge": "3.1",
    "etch": "4",
    "lenny": "5",
    "squeeze": "6",
    "wheezy": "7",
    "jessie": "8",
    "stretch": "9",
    "buster": "10",
    "bullseye": "11",
    "bookworm": "12",
    "trixie": "13",
    "forky": "14",
    "duke": "15",
}

_LOWER_CASE = frozenset({"GitHub Actions", "NuGet", "Packagist"})
_PEP503 = re.compile(r"[-_.]+")


def base_of(ecosystem: str) -> str:
    """Return the ecosystem without its release suffix: ``Debian:12`` gives ``Debian``."""
    return ecosystem.partition(":")[0]


def scheme_of(ecosystem: str) -> str:
    """Return the version scheme of an exact ecosystem, or "" where no order is known."""
    scheme = SCHEME_OF.get(base_of(ecosystem), "")
    return scheme if scheme in SCHEMES else ""


def normalise(ecosystem: str, name: str) -> str:
    """Return `name` as both sides spell it when they are compared.

    PyPI: PEP 503.  NuGet, Packagist, GitHub Actions: case does not matter.
    Everything else is compared as it stands.
    """
    base = base_of(ecosystem)
    if base == "PyPI":
        return _PEP503.sub("-", name).lower()
    if base in _LOWER_CASE:
        return name.lower()
    return name


def release_suffix(rule: DistroRule, version_id: str, codename: str) -> str:
    """Return the release as the ecosystem's suffix names it, or "" where none can be told.

    `version_id` and `codename` are VERSION_ID and VERSION_CODENAME of
    os-release(5).
    """
    match rule.release:
        case Release.NONE:
            return ""
        case Release.FULL:
            return version_id
        case Release.MAJOR:
            return version_id.partition(".")[0]
        case Release.ALPINE:
            return _alpine_suffix(version_id)
        case Release.DEBIAN:
            return _debian_suffix(version_id, codename)
        case Release.UBUNTU:
            return _ubuntu_suffix(version_id)


def _alpine_suffix(version_id: str) -> str:
    if "_" in version_id:
        return "edge"
    parts = version_id.split(".")
    return f"v{parts[0]}.{parts[1]}" if len(parts) >= 2 else ""


def _debian_suffix(version_id: str, codename: str) -> str:
    if not version_id:
        return DEBIAN_CODENAMES.get(codename, codename)
    # Point releases are no releases of their own: 12.5 is 12.  3.1 was one.
    return version_id if version_id.startswith("3.") else version_id.partition(".")[0]


def _ubuntu_suffix(version_id: str) -> str:
    year, _, month = version_id.partition(".")
    if not (year.isdecimal() and month):
        return ""
    long_term = month == "04" and int(year) % 2 == 0
    return f"{version_id}:LTS" if long_term else version_id
