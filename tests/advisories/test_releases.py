"""Which releases of an ecosystem a system asks for, trap by trap (matching.md, section 2)."""

from __future__ import annotations

import json

import pytest

from gate.advisories import osv
from gate.advisories.ecosystems import DISTROS, normalise, scheme_of
from gate.advisories.lookup import lookup
from gate.advisories.releases import suffixes_of
from gate.bom.model import Bom, Component, Distro, Subject, SubjectKind
from gate.matching.conformance import Package, answer
from gate.versions import key_function

RHEL = "cpe:/o:redhat:enterprise_linux:9::baseos"
SYSTEMS: list[tuple[Distro, set[str]]] = [
    (Distro(id="opensuse-leap", version_id="15.6"), {"openSUSE:Leap 15.6"}),
    (Distro(id="opensuse-tumbleweed", version_id="20261101"), {"openSUSE:Tumbleweed"}),
    (
        Distro(id="openeuler", version_id="24.03", pretty_name="openEuler 24.03 (LTS-SP1)"),
        {"openEuler:24.03-LTS-SP1"},
    ),
    (
        Distro(id="openeuler", version_id="22.03", pretty_name="openEuler 22.03"),
        {"openEuler:22.03"},
    ),
    (Distro(id="photon", version_id="5.0"), {"Photon OS:5.0"}),
    (Distro(id="alpaquita", version_id="23"), {"Alpaquita:23"}),
    (Distro(id="echo", version_id="1"), {"Echo"}),
    (Distro(id="rhel", version_id="9.4"), set()),
    (Distro(id="openeuler", version_id="24.03"), set()),
    (Distro(id="sles"), set()),
]


def asked(distro: Distro, type_: str, name: str = "x") -> set[str]:
    part = Component(ref="r", type=type_, name=name, version="1", purl=f"pkg:{type_}/{name}@1")
    subject = Subject(kind=SubjectKind.IMAGE, source="oci", name="x")
    return {
        q.ecosystem for q in lookup(Bom(subject=subject, distro=distro, components=(part,))).queries
    }


@pytest.mark.parametrize(("distro", "ecosystems"), SYSTEMS)
def test_releases(distro: Distro, ecosystems: set[str]) -> None:
    rule = DISTROS[distro.id]
    everywhere = {rule.ecosystem} if ecosystems else set()
    assert asked(distro, rule.type) == ecosystems | everywhere


def test_trap_red_hat_names_a_row_for_each_repository() -> None:
    """os-release names baseos only; appstream's packages are installed all the same."""
    found = asked(Distro(id="rhel", version_id="9.4", cpe_name=RHEL), "rpm")
    assert {
        f"Red Hat:enterprise_linux:9::{name}" for name in ("baseos", "appstream", "crb")
    } <= found
    assert not [name for name in found if "eus" in name or "9.4" in name]


def test_trap_red_hat_streams_are_only_for_hosts_that_say_so() -> None:
    cpe = "cpe:/o:redhat:rhel_eus:9.2::baseos"
    found = asked(Distro(id="rhel", version_id="9.2", cpe_name=cpe), "rpm")
    assert "Red Hat:rhel_eus:9.2::appstream" in found
    assert not [name for name in found if "enterprise_linux" in name]


def test_trap_suse_names_products_and_modules() -> None:
    found = asked(Distro(id="sles", version_id="15.6"), "rpm")
    assert "SUSE:Linux Enterprise Server 15 SP6" in found
    assert "SUSE:Linux Enterprise Module for Basesystem 15 SP6" in found
    (plain, *_) = suffixes_of(DISTROS["sles"], Distro(id="sles", version_id="15"))
    assert plain == "Linux Enterprise Server 15"


def test_trap_packages_of_root_are_asked_for_as_roots() -> None:
    alpine = Distro(id="alpine", version_id="3.18.4")
    assert asked(alpine, "apk", "rootio-util-linux") == {"Root:Alpine:3.18"}
    assert asked(Distro(id="ubuntu", version_id="22.04"), "deb", "rootio-x") == {
        "Root:Ubuntu:22.04"
    }
    assert asked(alpine, "pypi", "rootio_requests") == {"Root:PyPI"}
    assert normalise("Root:PyPI", "rootio_requests") == "rootio-requests"


LINEAGES = {
    "Root:Alpine:3.18": "root:apk",
    "Root:Debian:12": "root:dpkg",
    "Root:npm": "root:semver",
    "Root:Unheard": "",
    "Docker Hardened Images:Alpine:3.23": "apk",
    "Docker Hardened Images:Debian:trixie": "dpkg",
    "Docker Hardened Images": "",
    "TuxCare:CentOS 7": "rpm",
    "TuxCare:Ubuntu 16.04": "dpkg",
    "TuxCare:Something": "",
}


@pytest.mark.parametrize("ecosystem", list(LINEAGES))
def test_trap_the_order_is_that_of_the_lineage(ecosystem: str) -> None:
    assert scheme_of(ecosystem) == LINEAGES[ecosystem]


ORDERS = {
    "root:semver": ["7.5.1", "7.5.2-rc.1", "7.5.2", "7.5.2-root.io.1", "7.5.2-root.io.10", "7.5.3"],
    "root:pep440": ["2.31.0", "2.31.0+root.io.1", "2.31.0+root.io.2", "2.31.0.post1", "2.32"],
    "root:dpkg": ["1.6+deb12u3", "1.6+deb12u3.root.io.1", "1.6+deb12u3.root.io.2", "1.6+deb12u4"],
    "root:apk": ["2.38.1-r2", "2.38.1-r10071", "2.38.2-r0"],
}


@pytest.mark.parametrize("scheme", list(ORDERS))
def test_trap_roots_patches_lie_between_two_versions(scheme: str) -> None:
    keys = [key_function(scheme)(version) for version in ORDERS[scheme]]
    assert None not in keys
    assert keys == sorted(set(keys))  # type: ignore[type-var]


def test_trap_a_patch_of_root_fixes() -> None:
    advisory = osv.decode(
        json.dumps(
            {
                "id": "ROOT-APP-NPM-CVE-2022-25883",
                "modified": "2026-01-01T00:00:00Z",
                "affected": [
                    {
                        "package": {"ecosystem": "Root:npm", "name": "@rootio/semver"},
                        "ranges": [
                            {
                                "type": "ECOSYSTEM",
                                "events": [{"introduced": "0"}, {"fixed": "7.5.2-root.io.1"}],
                            }
                        ],
                    }
                ],
            }
        ).encode()
    )
    for version, affected in {"7.5.2": True, "7.5.2-root.io.1": False, "7.5.3": False}.items():
        package = Package(ecosystem="Root:npm", name="@rootio/semver", version=version)
        assert answer(package, advisory).affected is affected, json.dumps(version)
