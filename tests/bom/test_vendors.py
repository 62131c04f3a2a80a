"""Whose package it is, by its vendor or maintainer and its version."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from gate.bom.vendors import is_foreign, is_own


@pytest.mark.parametrize(
    ("distribution", "vendor"),
    [
        ("debian", "Matthias Klose <doko@debian.org>"),
        ("debian", "Debian Ruby Team <pkg-ruby@alioth-lists.debian.net>"),
        ("ubuntu", "Ubuntu Developers <ubuntu-devel-discuss@lists.ubuntu.com>"),
        ("almalinux", "AlmaLinux"),
        ("rhel", "Red Hat, Inc."),
        ("sles", "SUSE LLC <https://www.suse.com/>"),
        ("opensuse-leap", "openSUSE"),
        ("photon", "VMware, Inc."),
        ("amzn", "Amazon Linux"),
    ],
)
def test_what_is_the_distribution_s(distribution: str, vendor: str) -> None:
    assert is_own(distribution, vendor)
    kind = "deb" if distribution in {"debian", "ubuntu"} else "rpm"
    assert not is_foreign(distribution, kind, vendor, "1.0-1")


@pytest.mark.parametrize(
    ("vendor", "version"),
    [
        ("NodeSource Support <support@nodesource.com>", "20.20.2-1nodesource1+repack1"),
        ("Docker <support@docker.com>", "5:24.0.7-1~debian.12~bookworm"),
        ("NGINX Packaging <nginx-packaging@f5.com>", "1.25.4-1~bookworm"),
        ("Debian PostgreSQL Maintainers <team+postgresql@tracker.debian.org>", "16.1-1.pgdg120+1"),
        ("MariaDB Developers <maria-developers@lists.launchpad.net>", "1:10.11.6+maria~deb12"),
        (
            "Debian PHP Maintainers <team+pkg-php@tracker.debian.org>",
            "8.2.14-1+0~20231220.62+debian12~1.gbpdf4d5f",
        ),
        ("Eclipse Adoptium <temurin-dev@eclipse.org>", "17.0.9.0.0+9"),
    ],
)
def test_debs_of_others(vendor: str, version: str) -> None:
    assert is_foreign("debian", "deb", vendor, version)
    assert is_foreign("ubuntu", "deb", vendor, version)


def test_rpms_of_others() -> None:
    assert is_foreign("almalinux", "rpm", "Fedora Project", "1.0-1.el9")
    assert is_foreign("rhel", "rpm", "Docker", "24.0.7-1.el9")
    assert not is_foreign("almalinux", "rpm", "", "1.0-1.el9")
    assert not is_foreign("unheard-of", "rpm", "Somebody", "1.0-1")


def test_who_keeps_an_address_of_his_own_is_no_other() -> None:
    vendor = "Nicolas Boulenguez <nicolas@debian.example>"
    assert not is_own("debian", vendor)
    assert not is_foreign("debian", "deb", vendor, "1.0-1")


def test_no_package_of_debian_s_own_archive_is_foreign() -> None:
    """Every package that the archive of this machine offers, by its real tool."""
    if shutil.which("apt-cache") is None:
        pytest.skip("no apt-cache here: Debian's own archive is not tested")
    command = ["apt-cache", "dumpavail"]
    said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120).stdout
    offered = 0
    for record in said.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in record.splitlines() if ": " in line)
        if not fields.get("Filename", "").startswith("pool/"):
            continue
        offered += 1
        vendor, version = fields["Maintainer"], fields["Version"]
        assert not is_foreign("debian", "deb", vendor, version), (fields["Package"], vendor)
    if not offered:
        pytest.skip("apt knows of no archive here: Debian's own packages are not tested")
