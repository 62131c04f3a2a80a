"""Ecosystems as data: which scheme orders their versions, who asks them for what.

Three tables: `SCHEME_OF` (every ecosystem of the schema to its version scheme, "" where no
order is defined), `DISTROS`
(os-release ID to OSV ecosystem, release suffix and the names that its
advisories use) and `LANGUAGES` (purl type to OSV ecosystem).  A new ecosystem
is a line in one of them.

Sources: OSV schema 1.7.5 (section affected[].package), osv-schema's
ecosystems.json, and the records themselves.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

import msgspec

from gate.versions import SCHEMES

SCHEME_OF: dict[str, str] = {
    "Alpaquita": "apk",
    "Alpine": "apk",
    "AlmaLinux": "rpm",
    "Android": "",
    "Azure Linux": "rpm",
    "BellSoft Hardened Containers": "apk",
    "Bioconductor": "cran",
    "Bitnami": "bitnami",
    "Chainguard": "apk",
    "CleanStart": "apk",
    "ConanCenter": "semver",
    "CRAN": "cran",
    "crates.io": "semver",
    "Debian": "dpkg",
    "Docker Hardened Images": "",
    "Echo": "dpkg",
    "FreeBSD": "freebsd",
    "GHC": "hackage",
    "GitHub Actions": "semver",
    "Go": "golang",
    "Hackage": "hackage",
    "Hex": "semver",
    "Julia": "semver",
    "Kubernetes": "golang",
    "Linux": "semver",
    "Mageia": "rpm",
    "Maven": "maven",
    "MinimOS": "apk",
    "npm": "semver",
    "NuGet": "nuget",
    "opam": "opam",
    "openEuler": "rpm",
    "openSUSE": "rpm",
    "OSS-Fuzz": "",
    "Packagist": "packagist",
    "Photon OS": "rpm",
    "Pub": "pub",
    "PyPI": "pep440",
    "Red Hat": "rpm",
    "Rocky Linux": "rpm",
    "Root": "",
    "RubyGems": "rubygems",
    "SUSE": "rpm",
    "SwiftURL": "semver",
    "TuxCare": "",
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
    REDHAT = "redhat"
    """By CPE_NAME, one for each repository."""
    SUSE = "suse"
    """``15.6`` becomes ``Linux Enterprise Server 15 SP6`` and its modules."""
    LEAP = "leap"
    TUMBLEWEED = "tumbleweed"
    OPENEULER = "openeuler"
    """By PRETTY_NAME, since VERSION_ID has no service pack."""


class DistroRule(msgspec.Struct, frozen=True):
    """How one distribution, by the ID of its os-release, asks OSV."""

    ecosystem: str
    release: Release
    names: Names
    type: str
    """purl type of its packages."""


DISTROS: dict[str, DistroRule] = {
    "alpaquita": DistroRule("Alpaquita", Release.FULL, Names.SOURCE, "apk"),
    "almalinux": DistroRule("AlmaLinux", Release.MAJOR, Names.BINARY, "rpm"),
    "alpine": DistroRule("Alpine", Release.ALPINE, Names.SOURCE, "apk"),
    "azurelinux": DistroRule("Azure Linux", Release.MAJOR, Names.BOTH, "rpm"),
    "bellsoft-hardened-containers": DistroRule(
        "BellSoft Hardened Containers", Release.FULL, Names.SOURCE, "apk"
    ),
    "chainguard": DistroRule("Chainguard", Release.NONE, Names.BOTH, "apk"),
    "clnstrt": DistroRule("CleanStart", Release.NONE, Names.BOTH, "apk"),
    "debian": DistroRule("Debian", Release.DEBIAN, Names.SOURCE, "deb"),
    "echo": DistroRule("Echo", Release.NONE, Names.SOURCE, "deb"),
    "mageia": DistroRule("Mageia", Release.MAJOR, Names.SOURCE, "rpm"),
    "mariner": DistroRule("Azure Linux", Release.MAJOR, Names.BOTH, "rpm"),
    "minimos": DistroRule("MinimOS", Release.NONE, Names.BOTH, "apk"),
    "openeuler": DistroRule("openEuler", Release.OPENEULER, Names.SOURCE, "rpm"),
    "opensuse-leap": DistroRule("openSUSE", Release.LEAP, Names.BOTH, "rpm"),
    "opensuse-tumbleweed": DistroRule("openSUSE", Release.TUMBLEWEED, Names.BOTH, "rpm"),
    "photon": DistroRule("Photon OS", Release.FULL, Names.BINARY, "rpm"),
    "rhel": DistroRule("Red Hat", Release.REDHAT, Names.BOTH, "rpm"),
    "rocky": DistroRule("Rocky Linux", Release.MAJOR, Names.BOTH, "rpm"),
    "sles": DistroRule("SUSE", Release.SUSE, Names.BOTH, "rpm"),
    "sles_sap": DistroRule("SUSE", Release.SUSE, Names.BOTH, "rpm"),
    "ubuntu": DistroRule("Ubuntu", Release.UBUNTU, Names.SOURCE, "deb"),
    "wolfi": DistroRule("Wolfi", Release.NONE, Names.BOTH, "apk"),
}

DERIVATIVES: dict[str, str] = {
    "neon": "ubuntu",
    "pop": "ubuntu",
}
"""ID of a derivative to the ID of its base, whose archive it installs from under the base's
VERSION_ID.  Whoever rebuilds under versions of its own is not here: Raspbian's ``1.0-1+rpi1``
would count as newer than Debian's fix ``1.0-1+deb12u1``."""

LANGUAGES: dict[str, str] = {
    "bioconductor": "Bioconductor",
    "bitnami": "Bitnami",
    "cargo": "crates.io",
    "composer": "Packagist",
    "conan": "ConanCenter",
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
    "opam": "opam",
    "pub": "Pub",
    "pypi": "PyPI",
    "swift": "SwiftURL",
    "vscode-extension": "VSCode",
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

ROOT = "Root"
_LINEAGES = frozenset({ROOT, "Docker Hardened Images", "Echo", "TuxCare"})
"""Ecosystems whose suffix names another ecosystem, by whose rules their packages go."""
_PATCHED = {(ROOT, ""): "root", ("Echo", "semver"): "echo"}
"""Lineages that count patches of their own in the version, over all schemes ("") or one."""
_SPELLINGS = {name.lower(): name for name in SCHEME_OF} | {"python": "PyPI"}
_SYSTEMS = {
    "alma": "rpm",
    "alpine": "apk",
    "centos": "rpm",
    "debian": "dpkg",
    "oracle": "rpm",
    "red hat": "rpm",
    "rhel": "rpm",
    "rocky": "rpm",
    "ubuntu": "dpkg",
}
"""Words in the names of systems that TuxCare patches."""

_LOWER_CASE = frozenset({"GitHub Actions", "NuGet", "Packagist"})
_PEP503 = re.compile(r"[-_.]+")
_REPOSITORY = re.compile(r"(?:[a-z+]+://)?(.+?)(?:\.git)?/?", re.IGNORECASE)
RELEASED = frozenset(rule.ecosystem for rule in DISTROS.values())
"""Ecosystems whose suffix is a release: a row without one speaks of every release."""


def indexed_as(ecosystem: str) -> str:
    """Return the ecosystem that a row is found under: that of a repository under the bare one.

    ``Maven:https://…`` names where a package comes from, which no inventory tells: a
    row of it speaks of every package of that name, at worst a finding too many.
    """
    base, _, suffix = ecosystem.partition(":")
    return base if suffix.startswith(("https://", "http://")) else ecosystem


def base_of(ecosystem: str) -> str:
    """Return the ecosystem without its release suffix: ``Debian:12`` gives ``Debian``."""
    return ecosystem.partition(":")[0]


def scheme_of(ecosystem: str) -> str:
    """Return the version scheme of an exact ecosystem, or "" where no order is known."""
    base, _, lineage = ecosystem.partition(":")
    if base not in _LINEAGES or not lineage:
        scheme = SCHEME_OF.get(base, "")
        return scheme if scheme in SCHEMES else ""
    if base_of(lineage) == base:
        return ""
    scheme = scheme_of(_spelled(lineage))
    if not scheme and base == "TuxCare":
        scheme = _scheme_of_system(lineage)
    if not scheme:
        # The suffix is a release of the ecosystem itself.
        return SCHEME_OF[base]
    patches = _PATCHED.get((base, "")) or _PATCHED.get((base, scheme))
    return f"{patches}:{scheme}" if patches else scheme


def _spelled(lineage: str) -> str:
    """Return a lineage as its ecosystem is spelled: ``Root:alpine:3.18`` is an Alpine."""
    base, colon, rest = lineage.partition(":")
    return _SPELLINGS.get(base.lower(), base) + colon + rest


def _scheme_of_system(name: str) -> str:
    """Return the scheme of a distribution by what it is called (``CentOS 7``)."""
    words = name.lower()
    return next((scheme for word, scheme in _SYSTEMS.items() if word in words), "")


@lru_cache(maxsize=65536)
def normalise(ecosystem: str, name: str) -> str:
    """Return `name` as both sides spell it when they are compared.

    PyPI: PEP 503.  NuGet, Packagist, GitHub Actions: case does not matter.
    SwiftURL: an address without scheme and ``.git``.  Everything else is compared
    as it stands.
    """
    base, _, lineage = ecosystem.partition(":")
    if base in _LINEAGES and lineage and base_of(lineage) != base:
        return normalise(_spelled(lineage), name)
    if base == "PyPI":
        return _PEP503.sub("-", name).lower()
    if base in _LOWER_CASE:
        return name.lower()
    if base == "SwiftURL":
        return repository(name)
    return name


def repository(address: str) -> str:
    """Return the address of a repository without its scheme and ``.git``."""
    found = _REPOSITORY.fullmatch(address)
    return found[1] if found else address
