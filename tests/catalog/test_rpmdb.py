"""rpm's database in a target: where it lies, what is beside it, what becomes of it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from gate.bom.model import Bom, Location, ReadingStatus
from gate.catalog.inventory import take_inventory, wanted_by_all
from gate.catalog.package import Found, Package
from gate.catalog.rpmdb import RpmCataloger
from gate.sources.budget import Budget, Meter
from gate.sources.request import Request
from gate.sources.targets import open_target
from tests.builders import Item, file, folder, symlink
from tests.catalog.rpm.databases import add, create, label, made, recorded
from tests.catalog.rpm.headers import package
from tests.trees import tree_of

PATH = "var/lib/rpm/rpmdb.sqlite"


def catalog(*items: Item, meter: Meter | None = None) -> Found:
    return RpmCataloger()(tree_of(*items), meter or Meter())


@cache
def database(*headers: bytes) -> bytes:
    with TemporaryDirectory() as place:
        return made(Path(place) / "db", headers)


def test_a_real_image(data: Path) -> None:
    path = data / "images" / "almalinux-9-micro-20221101-aarch64.tar.xz"
    meter = Meter()
    opened = open_target(str(path), Request(wanted=wanted_by_all()), meter)
    assert not isinstance(opened, Bom)
    bom = take_inventory(opened, meter)
    assert all(reading.status is ReadingStatus.COMPLETE for reading in bom.readings)
    printed = [entry.split("|") for entry in recorded("almalinux-9-aarch64")]
    expected = [
        (name, f"{version}-{release}" if epoch == "(none)" else f"{epoch}:{version}-{release}")
        for _, name, epoch, version, release, *_ in printed
        if name != "gpg-pubkey"
    ]
    assert sorted((found.name, found.version) for found in bom.components) == sorted(expected)
    assert len(bom.components) == 22
    sources = {found.name: found.source_name for found in bom.components}
    assert sources["glibc-common"] == "glibc"


def test_fields() -> None:
    header = package(
        "nodejs-libs",
        "18.12.1",
        "2.module+el9",
        epoch=1,
        source_rpm="nodejs-18.12.1-2.module+el9.src.rpm",
        modularity_label="nodejs:18:9010020221118120946:rhel9",
        vendor="Red Hat, Inc.",
        license="MIT",
    )
    assert catalog(file(PATH, database(header))).packages == (
        Package(
            type="rpm",
            name="nodejs-libs",
            version="1:18.12.1-2.module+el9",
            arch="x86_64",
            source_name="nodejs",
            source_version="1:18.12.1-2.module+el9",
            module="nodejs:18:9010020221118120946:rhel9",
            vendor="Red Hat, Inc.",
            licenses=("MIT",),
            installed_at=datetime(2022, 11, 1, 14, 45, 9, tzinfo=UTC),
            location=Location(path=PATH, layer="layer0"),
        ),
    )


@pytest.mark.parametrize("epoch", [None, 0])
def test_an_epoch_of_zero_is_left_out(epoch: int | None) -> None:
    found = catalog(file(PATH, database(package(epoch=epoch))))
    assert found.packages[0].version == "5.1-6.el9"


@pytest.mark.parametrize("source", ["", "(none)"])
def test_without_a_source_package_it_is_its_own(source: str) -> None:
    header = package("a-b", epoch=3, source_rpm=source)
    found = catalog(file(PATH, database(header))).packages[0]
    assert (found.source_name, found.source_version) == ("a-b", "3:5.1-6.el9")


def test_a_source_package_that_may_not_be_given_away() -> None:
    header = package("a", source_rpm="a-b-c-1.0~rc1-2.el9.nosrc.rpm")
    found = catalog(file(PATH, database(header))).packages[0]
    assert (found.source_name, found.source_version) == ("a-b-c", "1.0~rc1-2.el9")


def test_public_keys_are_no_packages() -> None:
    key = package("gpg-pubkey", arch="", source_rpm="(none)")
    found = catalog(file(PATH, database(key, package())))
    assert [each.name for each in found.packages] == ["bash"]
    assert found.readings[0].status is ReadingStatus.COMPLETE
    assert found.readings[0].components == 1


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (package("bad", arch=""), "'bad' has no valid name, version, release and architecture"),
        (package("bad", "1-2"), "'bad' has no valid"),
        (package("bad", release="1:2"), "'bad' has no valid"),
        (package("b ad"), "'b ad' has no valid"),
        (package("bad", source_rpm="bad.rpm"), "'bad' has a malformed source package"),
        (package("bad")[:-1], "record 2 has"),
    ],
    ids=label,
)
def test_a_damaged_record_is_counted_and_the_others_stay(header: bytes, reason: str) -> None:
    found = catalog(file(PATH, database(package("a"), header, package("c"))))
    assert [each.name for each in found.packages] == ["a", "c"]
    assert found.readings[0].status is ReadingStatus.PARTIAL
    assert reason in found.readings[0].reason


@pytest.mark.parametrize("place", ["var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm"])
@pytest.mark.parametrize("name", ["rpmdb.sqlite", "Packages.db", "Packages"])
def test_every_place_is_looked_at_and_content_decides(place: str, name: str) -> None:
    found = catalog(file(f"{place}/{name}", database(package())))
    assert found.packages[0].location.path == f"{place}/{name}"


@pytest.mark.parametrize(
    "link",
    [
        symlink("var/lib/rpm", "../../usr/lib/sysimage/rpm"),
        symlink("usr/share/rpm", "/usr/lib/sysimage/rpm"),
        symlink(PATH, "/usr/lib/sysimage/rpm/rpmdb.sqlite"),
    ],
)
def test_a_database_reached_by_a_link_counts_once(link: Item) -> None:
    found = catalog(file("usr/lib/sysimage/rpm/rpmdb.sqlite", database(package())), link)
    assert len(found.packages) == 1
    assert len(found.readings) == 1


def test_two_databases_are_both_read() -> None:
    found = catalog(
        file(PATH, database(package("a"))),
        file("usr/share/rpm/rpmdb.sqlite", database(package("b"))),
    )
    assert {each.name for each in found.packages} == {"a", "b"}
    assert len(found.readings) == 2


def test_the_log_beside_the_database_counts(tmp_path: Path) -> None:
    path = tmp_path / "db"
    connection = create(path, wal=True)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("BEGIN")
    add(connection, 1, package("logged"))
    connection.execute("COMMIT")
    log = path.with_name("db-wal").read_bytes()
    files = [file(PATH, path.read_bytes()), file(PATH + "-wal", log)]
    connection.close()
    assert [each.name for each in catalog(*files).packages] == ["logged"]
    assert catalog(files[0]).packages == ()
    linked = [
        file("opt/db", files[0].content),
        file("opt/db-wal", log),
        symlink(PATH, "/opt/db"),
    ]
    assert [each.name for each in catalog(*linked).packages] == ["logged"]


def test_a_hot_journal_makes_the_reading_partial() -> None:
    files = file(PATH, database(package())), file(PATH + "-journal", b"\xd9\xd5\x05\xf9")
    reading = catalog(*files).readings[0]
    assert reading.status is ReadingStatus.PARTIAL
    assert "rollback journal" in reading.reason


@pytest.mark.parametrize("ending", ["-wal", "-journal"])
def test_changes_without_their_database(ending: str) -> None:
    assert catalog(file(PATH + ending, b"")) == Found()
    (reading,) = catalog(file(PATH + ending, b"x")).readings
    assert reading.status is ReadingStatus.FAILED
    assert "the database is missing" in reading.reason


def test_a_log_that_cannot_be_read() -> None:
    (reading,) = catalog(symlink(PATH + "-wal", "/nowhere")).readings
    assert reading.status is ReadingStatus.FAILED


def test_a_folder_that_is_a_loop_of_links() -> None:
    (reading,) = catalog(symlink("var/lib/rpm", "rpm")).readings
    assert reading.status is ReadingStatus.FAILED
    assert "links lie behind" in reading.reason


def test_no_database_is_no_reading() -> None:
    assert catalog(folder("var/lib/rpm"), file("var/lib/rpm/.rpm.lock")) == Found()


def test_an_empty_database_is_left_to_be_judged() -> None:
    (reading,) = catalog(file(PATH, database())).readings
    assert (reading.status, reading.components) == (ReadingStatus.COMPLETE, 0)


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        ([file(PATH, b"")], "is empty"),
        ([file(PATH, b"noise" * 1000)], "format of no rpm database"),
        ([file(PATH, database(package())[:9000])], "bytes where"),
        ([file(PATH, database(package())[:50])], "does not begin with the header"),
        ([symlink(PATH, "/nowhere")], "no such file"),
        ([symlink(PATH, "rpmdb.sqlite")], "loop|links lie behind"),
    ],
)
def test_a_database_that_cannot_be_read(items: list[Item], reason: str) -> None:
    found = catalog(*items)
    assert found.packages == ()
    assert [reading.status for reading in found.readings] == [ReadingStatus.FAILED]
    assert re.search(reason, found.readings[0].reason)


def test_over_budget() -> None:
    content = database(package("a"), package("b"), package("c"))
    (reading,) = catalog(file(PATH, content), meter=Meter(Budget(records=2))).readings
    assert reading.status is ReadingStatus.PARTIAL
    assert "limit 'records' reached" in reading.reason
