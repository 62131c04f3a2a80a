"""Which products of the life cycle data are in a bom, and in which version."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from gate.bom.model import Bom, Component, Distro
from gate.policy.packages import SYSTEM_TYPES

_DISTROS = {
    "almalinux": "almalinux",
    "alpine": "alpine-linux",
    "amzn": "amazon-linux",
    "centos": "centos",
    "debian": "debian",
    "fedora": "fedora",
    "mageia": "mageia",
    "ol": "oracle-linux",
    "opensuse-leap": "opensuse",
    "rhel": "rhel",
    "rocky": "rocky-linux",
    "sled": "sles",
    "sles": "sles",
    "ubuntu": "ubuntu",
}
"""os-release ID to product."""
_RUNTIMES = {
    "dotnet": "dotnet",
    "go": "go",
    "jdk": "eclipse-temurin",
    "jre": "eclipse-temurin",
    "node": "nodejs",
    "nodejs": "nodejs",
    "openjdk": "eclipse-temurin",
    "perl": "perl",
    "php": "php",
    "python": "python",
    "ruby": "ruby",
    "rust": "rust",
    "temurin": "eclipse-temurin",
}
"""Component name to product, for programs that no distribution looks after."""
_GO = frozenset({"stdlib", "toolchain"})
_RUNTIME_TYPES = frozenset({"bitnami", "conda", "generic", "github"})


class Product(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """Something with an end of life."""

    name: str
    """As a person writes it: ``debian 12``, ``go 1.22.1``."""
    product: str
    """In the life cycle data; empty where it is not in there by any name."""
    version: str
    distribution: bool


def products(bom: Bom, *, runtimes: bool) -> list[Product]:
    """Return the distribution of `bom`, and its runtimes where they are wanted, sorted.

    What a distribution packages has the distribution's end of life, not its own.
    """
    found = set() if bom.distro is None else {_distribution(bom.distro)}
    if runtimes:
        found |= {product for component in bom.components for product in _runtime(component)}
    return sorted(found)


def _distribution(distro: Distro) -> Product:
    product = _DISTROS.get(distro.id, "")
    version = distro.version_id
    if product == "centos" and "stream" in distro.pretty_name.lower():
        product = "centos-stream"
    return Product(
        name=f"{distro.id} {version or '(no release)'}",
        product=product,
        version=version,
        distribution=True,
    )


def _runtime(component: Component) -> Iterator[Product]:
    name = component.name.lower()
    product = "go" if component.type == "golang" and name in _GO else ""
    if component.type in _RUNTIME_TYPES and not component.owned_by:
        product = _RUNTIMES.get(name, "")
    if product and component.type not in SYSTEM_TYPES:
        version = component.version.removeprefix("go").removeprefix("v")
        if product == "eclipse-temurin":
            # Java 8 is 8u402 or 1.8.0_402 in full.
            version = version.removeprefix("1.").replace("u", ".")
        yield Product(
            name=f"{product} {component.version or '(no version)'}",
            product=product,
            version=version.replace("+", ".").replace("-", ".").replace("_", "."),
            distribution=False,
        )
