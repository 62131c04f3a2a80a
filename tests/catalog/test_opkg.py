"""opkg's status files, as OpenWrt and Yocto keep them."""

from __future__ import annotations

import pytest

from gate.bom.model import ReadingStatus
from gate.catalog.opkg import OpkgCataloger
from gate.catalog.package import Found
from gate.sources.budget import Meter
from tests.builders import Item, file, symlink
from tests.trees import tree_of

STATUS = b"""Package: dropbear
Version: 2022.82-2
Depends: libc
Status: install user installed
Architecture: mips_24kc
Conffiles:
 /etc/config/dropbear 1234
Installed-Time: 1681245600

Package: gone
Version: 1
Status: deinstall user not-installed

"""


def catalog(*items: Item) -> Found:
    return OpkgCataloger()(tree_of(*items), Meter())


@pytest.mark.parametrize("path", ["usr/lib/opkg/status", "var/lib/opkg/status"])
def test_what_is_installed(path: str) -> None:
    found = catalog(file(path, STATUS))
    assert [(p.type, p.name, p.version, p.arch) for p in found.packages] == [
        ("opkg", "dropbear", "2022.82-2", "mips_24kc")
    ]
    (reading,) = found.readings
    assert (reading.what, reading.status) == ("opkg database", ReadingStatus.COMPLETE)


def test_one_database_under_two_names_is_read_once() -> None:
    linked = symlink("var/lib/opkg/status", "/usr/lib/opkg/status")
    assert len(catalog(file("usr/lib/opkg/status", STATUS), linked).packages) == 1


def test_what_is_cut_is_said() -> None:
    found = catalog(file("usr/lib/opkg/status", STATUS[:-40]))
    assert found.readings[0].status is not ReadingStatus.COMPLETE
    assert catalog(file("etc/x")) == Found()
