"""Who makes the packages of a distribution, and who else makes packages for it.

A distribution's advisories speak of its own packages.  A deb of NodeSource or an rpm of
EPEL has another version line and other fixes, so they say nothing of it, not
even where they name a package of the same name.

An rpm names its vendor, which its build system sets, so there any other vendor is
somebody else.  A deb names a person or team; most of a distribution's own have an
address in its domain, some do not.  So a deb is somebody else's by a list of
addresses and versions, none of which is in the archive of Debian 12 (64,000 packages).
"""

from __future__ import annotations

import re

_OWN: dict[str, tuple[str, ...]] = {
    "almalinux": ("almalinux", "cloudlinux"),
    "amzn": ("amazon linux", "amazon.com"),
    "azurelinux": ("microsoft corporation",),
    "centos": ("centos",),
    "debian": ("debian.org>", "debian.net>"),
    "fedora": ("fedora project",),
    "mageia": ("mageia",),
    "mariner": ("microsoft corporation",),
    "ol": ("oracle america",),
    "openeuler": ("openeuler",),
    "opensuse-leap": ("suse",),
    "opensuse-tumbleweed": ("suse",),
    "photon": ("vmware", "broadcom"),
    "rhel": ("red hat",),
    "rocky": ("rocky",),
    "sles": ("suse",),
    "sles_sap": ("suse",),
    "ubuntu": ("ubuntu.com>", "canonical.com>"),
}
"""os-release ID to what the maintainer or vendor of its packages contains, in lower case."""

_OTHERS = re.compile(
    r"@(?:[a-z0-9-]+\.)*(?:amazon\.com|azul\.com|chromium\.org|cloudflare\.com|confluent\.io"
    r"|datadoghq\.com|docker\.com|eclipse\.org|elastic\.co|f5\.com|github\.com|gitlab\.com|grafana\.com"
    r"|hashicorp\.com|influx(?:data|db)\.com|kubernetes\.io|mariadb\.(?:com|org)|microsoft\.com"
    r"|mongodb\.com|newrelic\.com|nginx\.com|nodesource\.com|oracle\.com|percona\.com"
    r"|rabbitmq\.com|redis\.(?:com|io)|splunk\.com|tailscale\.com|zabbix\.com)>?\Z"
)
"""End of a maintainer's address, in lower case, of those who make debs for others."""
_MARKED = re.compile(r"nodesource|\.pgdg|\+maria~|\+0~20[0-9]{6}\.")
"""In the versions of NodeSource, PostgreSQL's, MariaDB's and Surý's archives."""


def is_own(distribution: str, vendor: str) -> bool:
    """Return whether a package is surely the distribution's, by os-release's ID and its vendor."""
    stated = vendor.lower()
    return any(word in stated for word in _OWN.get(distribution, ()))


def is_foreign(distribution: str, type: str, vendor: str, version: str) -> bool:  # noqa: A002
    """Return whether a package, by its purl type, is surely somebody else's."""
    if type == "deb":
        return _OTHERS.search(vendor.lower()) is not None or _MARKED.search(version) is not None
    known = type == "rpm" and distribution in _OWN and vendor != ""
    return known and not is_own(distribution, vendor)
