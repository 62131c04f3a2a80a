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
_PACKAGED = {
    "apache2": "apache",
    "consul": "consul",
    "docker-ce-cli": "docker-cli",
    "elasticsearch": "elasticsearch",
    "gitlab-ce": "gitlab",
    "gitlab-ee": "gitlab",
    "grafana": "grafana",
    "influxdb2": "influxdb",
    "kibana": "kibana",
    "logstash": "logstash",
    "mariadb": "mariadb",
    "mariadb-server": "mariadb",
    "mongodb-org-server": "mongodb",
    "nginx": "nginx",
    "nodejs": "node",
    "rabbitmq-server": "rabbitmq",
    "redis": "redis",
    "redis-server": "redis",
    "vault": "vault",
}
"""Source or binary package that a vendor makes of its own program, to Bitnami's name."""
_NUMBERED = (
    (re.compile(r"postgresql-[0-9]+"), "postgresql"),
    (re.compile(r"php[0-9]+\.[0-9]+"), "php"),
    (re.compile(r"temurin-[0-9]+-(?:jdk|jre)"), "java"),
    (re.compile(r"java-[0-9]{2}-amazon-corretto.*"), "java"),
)
"""Likewise, of packages that have their release line in the name."""
_UPSTREAM_VERSION = re.compile(r"(?:[0-9]+:)?([0-9]+(?:\.[0-9]+)*)")
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


def asked_of_vendor(component: Component) -> tuple[str, str] | None:
    """Return likewise for a vendor's own deb or rpm of its program; None for any other package."""
    version = _UPSTREAM_VERSION.match(component.version)
    for name in (component.source_name, component.name):
        numbered = (known for pattern, known in _NUMBERED if pattern.fullmatch(name))
        known = _PACKAGED.get(name) or next(numbered, None)
        if known is not None and version is not None:
            return known, _java(version[1]) if known == "java" else version[1]
    return None


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
