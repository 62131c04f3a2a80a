"""What came straight from upstream is asked for where upstream's versions are spoken of."""

from __future__ import annotations

import pytest

from gate.advisories.lookup import lookup
from gate.bom.model import Component, Distro
from tests.advisories.test_lookup import asked, bom, component


@pytest.mark.parametrize(
    ("name", "version", "query"),
    [
        ("node", "20.11.1", ("node", "20.11.1")),
        ("node", "v20.11.1", ("node", "20.11.1")),
        ("python", "3.12.1", ("python", "3.12.1")),
        ("python", "3.13.0rc1", ("python", "3.13.0-rc1")),
        ("httpd", "2.4.58", ("apache", "2.4.58")),
        ("postgresql", "16.1", ("postgresql", "16.1")),
        ("openjdk", "21.0.2", ("java", "21.0.2")),
        ("openjdk", "21", ("java", "21")),
        ("openjdk", "1.8.0_402", ("java", "8.0.402")),
        ("openjdk", "8u402", ("java", "8.0.402")),
        ("jre", "11.0.21.1", ("java", "11.0.21")),
        ("jdk", "17.0.9+9", ("java", "17.0.9")),
    ],
)
def test_what_is_asked(name: str, version: str, query: tuple[str, str]) -> None:
    found = lookup(bom(None, component("generic", name, version)))
    assert asked(found) == [("Bitnami", *query, "bitnami")]
    assert found.gaps == ()
    assert found.assumed == (
        f"judged by Bitnami's advisories, which speak of upstream's versions: {name} {version}",
    )


@pytest.mark.parametrize("name", ["perl", "erlang", "something-else"])
def test_what_nobody_speaks_of_is_a_gap(name: str) -> None:
    found = lookup(bom(None, component("generic", name, "1.0")))
    assert found.queries == ()
    assert [gap.code for gap in found.gaps] == ["no-ecosystem"]


def test_without_a_version_nothing_is_known() -> None:
    found = lookup(bom(None, component("generic", "node", "")))
    assert [gap.code for gap in found.gaps] == ["no-version"]


def test_a_distribution_s_package_of_that_name_is_the_distribution_s() -> None:
    found = lookup(bom(None, component("deb", "node", "1.0")))
    assert [gap.code for gap in found.gaps] == ["unknown-distro"]


DEBIAN = Distro(id="debian", version_id="12", pretty_name="Debian 12")
ALMA = Distro(id="almalinux", version_id="9.3", pretty_name="AlmaLinux 9.3")
NODESOURCE = "NodeSource Support <support@nodesource.com>"


@pytest.mark.parametrize(
    ("name", "source", "version", "vendor", "query"),
    [
        ("nodejs", "nodejs", "20.20.2-1nodesource1", NODESOURCE, ("node", "20.20.2")),
        ("nginx", "nginx", "1.25.4-1~bookworm", "N <n@nginx.com>", ("nginx", "1.25.4")),
        ("libpq5", "postgresql-16", "16.1-1.pgdg120+1", "D <d@debian.org>", ("postgresql", "16.1")),
        ("mariadb-server", "mariadb", "1:10.11.6+maria~deb12", "M", ("mariadb", "10.11.6")),
        ("php8.2-cli", "php8.2", "8.2.14-1+0~20231220.62+debian12", "D", ("php", "8.2.14")),
        ("temurin-8-jre", "", "8.0.392.0.0+8", "A <a@eclipse.org>", ("java", "8.0.392")),
        ("docker-ce-cli", "", "5:24.0.7-1~debian.12", "D <d@docker.com>", ("docker-cli", "24.0.7")),
    ],
)
def test_a_vendor_s_own_package(
    name: str, source: str, version: str, vendor: str, query: tuple[str, str]
) -> None:
    package = component("deb", name, version, source_name=source or name, vendor=vendor)
    found = lookup(bom(DEBIAN, package))
    assert asked(found) == [("Bitnami", *query, "bitnami")]
    assert found.gaps == ()
    assert len(found.assumed) == 1


@pytest.mark.parametrize(
    ("distro", "package"),
    [
        (DEBIAN, component("deb", "docker-ce", "5:24.0.7-1", vendor="Docker <support@docker.com>")),
        (
            DEBIAN,
            # Numbered 8.392.08, which says nothing about 8.0.392.
            component(
                "deb", "java-8-amazon-corretto-jdk", "1:8.392.08-1", vendor="A <a@amazon.com>"
            ),
        ),
        (ALMA, component("rpm", "htop", "3.2.1-1.el9", vendor="Fedora Project")),
    ],
)
def test_what_somebody_else_made_is_a_gap(distro: Distro, package: Component) -> None:
    found = lookup(bom(distro, package))
    assert found.queries == ()
    (gap,) = found.gaps
    assert gap.code == "foreign-vendor"
    assert distro.pretty_name in gap.message


def test_a_vendor_s_package_and_its_program_are_one() -> None:
    package = component("deb", "nodejs", "20.20.2-1nodesource1", vendor=NODESOURCE)
    found = lookup(bom(DEBIAN, package, component("generic", "node", "20.20.2")))
    assert [query.ref for query in found.queries] == ["deb:nodejs"]
    other = lookup(bom(DEBIAN, package, component("generic", "node", "18.0.0")))
    assert len(other.queries) == 2


def test_root_s_patches_are_no_other_s() -> None:
    package = component("deb", "rootio-nodejs", "20.20.2-1", vendor="Root <x@redis.io>")
    assert lookup(bom(DEBIAN, package)).gaps == ()
