"""Runtimes and servers as upstream releases them, and whose advisories speak of those.

No OSV ecosystem is made for Python, Node or Redis built from source.  Bitnami
records the flaws of what it packages by upstream's versions, unpatched, so its
advisories are right about the same version from anywhere (docs/decisions/0008).
Go's toolchain has advisories of its own and asks as any Go module.
"""

from __future__ import annotations

import re

from gate.bom.model import Component

ECOSYSTEM = "Bitnami"
TYPE = "generic"
"""purl type of what no package manager installed (purl specification, types)."""

_NAMES = {
    "apache": "apache",
    "haproxy": "haproxy",
    "httpd": "apache",
    "java": "java",
    "jdk": "java",
    "jre": "java",
    "libphp": "php",
    "mariadb": "mariadb",
    "memcached": "memcached",
    "nginx": "nginx",
    "node": "node",
    "nodejs": "node",
    "openjdk": "java",
    "openresty": "openresty",
    "php": "php",
    "php-cli": "php",
    "php-fpm": "php",
    "postgresql": "postgresql",
    "python": "python",
    "redis": "redis",
    "ruby": "ruby",
    "varnish": "varnish",
}
"""Name of a generic purl, as patchgate and syft write it, to Bitnami's name."""
_PRERELEASE = re.compile(r"(?<=[0-9])(?=(?:a|b|c|rc|alpha|beta|RC)[0-9]*\Z)")
_JAVA_PARTS = 3


def asked_of_upstream(component: Component) -> tuple[str, str] | None:
    """Return the name and version under which Bitnami's advisories are asked, None for none."""
    if component.type != TYPE or component.namespace:
        return None
    name = _NAMES.get(component.name.lower())
    if name is None:
        return None
    version = component.version.removeprefix("v")
    if name == "java":
        return name, _java(version)
    return name, _PRERELEASE.sub("-", version)


def _java(version: str) -> str:
    """Return a version of Java by its feature: 8.0.402 for 1.8.0_402 and for 8u402.

    A fourth part is a patch over the third, which advisories do not count.
    """
    numbers = re.split(r"[._u]", version.partition("+")[0].partition("-")[0])
    if numbers[0] == "1" and len(numbers) > 1:
        numbers = numbers[1:]
    elif "u" in version:
        numbers.insert(1, "0")
    return ".".join(numbers[:_JAVA_PARTS])
