"""Which distribution the SBOM of another tool is about.

It can say so itself, and its purls can; tools spell it in their own ways, and
what they say may not fit together.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from gate.bom.model import Distro
from gate.bom.purl import PackageName

_SHOWN = 3
_IDS = {
    "alma": "almalinux",
    "amazon": "amzn",
    "cbl-mariner": "mariner",
    "opensuse.leap": "opensuse-leap",
    "oracle": "ol",
    "redhat": "rhel",
    "suse linux enterprise server": "sles",
}
"""What trivy calls a distribution, to the ID of its os-release."""


def distro_named(name: str, version: str, *, codename: str = "", pretty_name: str = "") -> Distro:
    """Return the distribution that an SBOM calls `name`."""
    return Distro(
        id=_IDS.get(name, name), version_id=version, codename=codename, pretty_name=pretty_name
    )


def distro_of_purl(package: PackageName) -> Distro:
    """Return the distribution that a purl names.

    Tools write ``debian-12``, a bare version (``3.20.3``) or a codename
    (``bookworm``); then the namespace says whose it is.
    """
    stated = package.distro
    identity, dash, version = stated.rpartition("-")
    if dash and version[:1].isdigit():
        return distro_named(identity, version)
    stated = stated.removeprefix(f"{package.namespace}-")
    if stated[:1].isdigit():
        return distro_named(package.namespace, stated)
    return distro_named(
        package.namespace, "", codename=stated if stated != package.namespace else ""
    )


def reconcile(
    stated: Collection[Distro], seen: Collection[Distro]
) -> tuple[Distro | None, list[str]]:
    """Return the distribution, and what speaks against it.

    `stated` is what the document names, `seen` what the purls of its packages name.
    """
    own = _different(stated)
    if len(own) > 1:
        return own[0], [f"it names several distributions ({_listed(own)})"]
    named = _different(seen)
    if len(named) > 1:
        return (own or named)[0], [f"its packages are of several distributions ({_listed(named)})"]
    if not own or not named:
        return next(iter(own or named), None), []
    if not _agree(own[0], named[0]):
        return own[0], [f"it names {_described(own[0])}, its packages {_described(named[0])}"]
    filled = msgspec.structs.replace(
        own[0],
        version_id=own[0].version_id or named[0].version_id,
        codename=own[0].codename or named[0].codename,
    )
    return filled, []


def _different(distros: Collection[Distro]) -> list[Distro]:
    """Return the distributions that are not the same one."""
    found = {(distro.id, distro.version_id, distro.codename): distro for distro in distros}
    return [found[key] for key in sorted(found)]


def _agree(one: Distro, other: Distro) -> bool:
    """Say whether both can be one distribution; ``12`` and ``12.5`` can, ``11`` and ``12`` not."""
    if one.id != other.id:
        return False
    if one.version_id and other.version_id:
        short, long = sorted((one.version_id, other.version_id), key=len)
        return long == short or long.startswith(f"{short}.")
    return not (one.codename and other.codename) or one.codename == other.codename


def _listed(distros: list[Distro]) -> str:
    return ", ".join(map(_described, distros[:_SHOWN]))


def _described(distro: Distro) -> str:
    return " ".join(part for part in (distro.id, distro.version_id or distro.codename) if part)
