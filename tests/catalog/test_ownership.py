"""Which language packages are the distribution's: lists of dpkg, apk and rpm."""

from __future__ import annotations

import base64
import gzip
import hashlib
import lzma
from pathlib import Path

import pytest

from gate.advisories.lookup import lookup
from gate.bom.model import Bom, ReadingStatus
from gate.catalog import filelists
from gate.catalog.inventory import CATALOGERS, wanted_by_all
from gate.errors import InputError
from gate.sources.budget import Meter
from gate.sources.image import Opened
from gate.sources.request import Choice, Request
from gate.sources.targets import open_target
from tests.builders import Item, file, write
from tests.catalog.elves import go_inline, modules
from tests.catalog.languages import of, take, unread, versions

SITE = "usr/lib/python3/dist-packages"
METADATA = b"Name: six\nVersion: 1.16.0\n"
PATH = f"{SITE}/six-1.16.0.egg-info/PKG-INFO"
STATUS = "var/lib/dpkg/status"
DEBIAN_TEAM = "Debian Python Team <team+python@tracker.debian.org>"


def record(name: str, maintainer: str) -> str:
    return (
        f"Package: {name}\nStatus: install ok installed\nArchitecture: all\n"
        f"Version: 1.16.0-4\nMaintainer: {maintainer}\n\n"
    )


def sums(*files: tuple[str, bytes]) -> bytes:
    return "".join(
        f"{hashlib.md5(content).hexdigest()}  {path}\n" for path, content in files
    ).encode()


def debian(
    *files: tuple[str, bytes], maintainer: str = DEBIAN_TEAM, listed: str = "python3-six"
) -> list[Item]:
    """Return a layer in which one package lists `files`."""
    return [
        file(STATUS, record("python3-six", maintainer).encode()),
        file(f"var/lib/dpkg/info/{listed}.md5sums", sums(*files)),
    ]


def owned(bom: Bom) -> list[str]:
    return [note.message for note in bom.notes if note.code == "owned"]


@pytest.mark.parametrize("compression", ["none", "gzip"])
@pytest.mark.parametrize("listed", ["python3-six", "python3-six:amd64"])
def test_a_package_of_debian_is_counted_and_not_matched(
    tmp_path: Path, listed: str, compression: str
) -> None:
    items = [*debian((PATH, METADATA), listed=listed), file(PATH, METADATA)]
    bom = take(tmp_path, items, compression=compression)
    assert of(bom, "pypi") == []
    assert owned(bom) == [
        "Python packages: 1 belong to the distribution's packages and are matched as those"
    ]
    assert unread(bom) == []


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_it_is_shown_when_asked_for_and_asks_for_no_advisory(
    tmp_path: Path, compression: str
) -> None:
    items = [*debian((PATH, METADATA)), file(PATH, METADATA)]
    venv = "srv/venv/lib/python3/site-packages/six-1.16.0.dist-info/METADATA"
    added = [file(venv, METADATA)]
    bom = take(tmp_path, items, added, compression=compression, include_owned=True)
    mine, debians = of(bom, "pypi")
    (owner,) = [c for c in of(bom, "deb") if c.name == "python3-six"]
    assert (mine.owned_by, debians.owned_by) == ("", owner.ref)
    assert [place.path for place in debians.locations] == [PATH]
    assert mine.ref != debians.ref
    assert len(owned(bom)) == 1
    asked = {query.ref for query in lookup(bom).queries}
    assert mine.ref in asked
    assert debians.ref not in asked
    without = take(tmp_path, items, added, compression=compression)
    assert bom.unowned == without.components
    assert lookup(bom) == lookup(without)


def test_apk_names_the_owner_too(tmp_path: Path) -> None:
    path = "usr/lib/python3.12/site-packages/six-1.16.0.dist-info/METADATA"
    digest = base64.b64encode(hashlib.sha1(METADATA).digest()).decode()
    database = (
        "P:other\nV:1-r0\nF:usr\n\nP:py3-six\nV:1.16.0-r9\nA:noarch\no:py3-six\n"
        f"F:{path.rpartition('/')[0]}\nR:METADATA\na:0:0:644\nZ:Q1{digest}\n\n"
    )
    items = [file("lib/apk/db/installed", database.encode()), file(path, METADATA)]
    (six,) = of(take(tmp_path, items, include_owned=True), "pypi")
    assert six.owned_by.startswith("pkg:apk/debian/py3-six@1.16.0-r9")


def test_what_was_installed_beside_it_is_matched(tmp_path: Path) -> None:
    other = f"{SITE}/six-1.17.0.dist-info/METADATA"
    items = [*debian((PATH, METADATA)), file(PATH, METADATA)]
    bom = take(tmp_path, items, [file(other, b"Name: six\nVersion: 1.17.0\n")])
    assert versions(bom, "pypi") == {"six": "1.17.0"}
    assert len(owned(bom)) == 1


def test_what_was_changed_is_not_the_distributions(tmp_path: Path) -> None:
    items = [*debian((PATH, METADATA)), file(PATH, METADATA)]
    bom = take(tmp_path, items, [file(PATH, METADATA + b"License: MIT\n")])
    assert versions(bom, "pypi") == {"six": "1.16.0"}
    assert owned(bom) == []


@pytest.mark.parametrize(
    "maintainer",
    ["", "Acme <support@acme.example>", "Debian fans <debian.org@acme.example>"],
)
def test_a_package_of_another_vendor_owns_nothing(tmp_path: Path, maintainer: str) -> None:
    items = [*debian((PATH, METADATA), maintainer=maintainer), file(PATH, METADATA)]
    bom = take(tmp_path, items)
    assert versions(bom, "pypi") == {"six": "1.16.0"}


def test_a_list_without_an_installed_package_owns_nothing(tmp_path: Path) -> None:
    items = [*debian((PATH, METADATA), listed="python3-seven"), file(PATH, METADATA)]
    assert versions(take(tmp_path, items), "pypi") == {"six": "1.16.0"}


def test_a_list_from_before_usr_was_merged(tmp_path: Path) -> None:
    path = "usr/lib/x/six-1.egg-info/PKG-INFO"
    items = [*debian((path.removeprefix("usr/"), METADATA)), file(path, METADATA)]
    assert owned(take(tmp_path, items)) != []


def test_distroless_keeps_its_lists_elsewhere(tmp_path: Path) -> None:
    folder = "var/lib/dpkg/status.d"
    text = record("python3-six", DEBIAN_TEAM).encode()
    items = [
        file(f"{folder}/six", text),
        file(f"{folder}/six.md5sums", sums((PATH, METADATA))),
        file(PATH, METADATA),
    ]
    bom = take(tmp_path, items)
    assert of(bom, "pypi") == []
    assert len(owned(bom)) == 1


def test_what_is_malformed_and_owned_is_no_problem(tmp_path: Path) -> None:
    items = [*debian((PATH, b"broken")), file(PATH, b"broken")]
    assert unread(take(tmp_path, items)) == []
    changed = take(tmp_path, items, [file(PATH, b"broken again")])
    assert [status for _, status, _ in unread(changed)] == [ReadingStatus.FAILED]


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_programs(tmp_path: Path, compression: str) -> None:
    content = go_inline("go1.19.8", modules("dep\tgithub.com/a/b\tv1.0.0"))
    packed = debian(("usr/bin/tool", content), ("usr/bin/other", content))
    items = [
        *packed,
        Item("usr/bin/tool", content, mode=0o755),
        Item("usr/bin/other", content + b"changed", mode=0o755),
        Item("usr/local/bin/tool", content, mode=0o755),
    ]
    bom = take(tmp_path, items, compression=compression)
    assert {place.path for c in of(bom, "golang") for place in c.locations} == {
        "usr/bin/other",
        "usr/local/bin/tool",
    }
    assert owned(bom) == [
        "Go programs: 2 belong to the distribution's packages and are matched as those"
    ]


def test_apk(tmp_path: Path) -> None:
    path = "usr/lib/python3.12/site-packages/six-1.16.0.dist-info/METADATA"
    digest = base64.b64encode(hashlib.sha1(METADATA).digest()).decode()
    database = (
        "P:py3-six\nV:1.16.0-r9\nA:noarch\no:py3-six\nF:usr\nF:"
        f"{path.rpartition('/')[0]}\nR:METADATA\na:0:0:644\nZ:Q1{digest}\nR:RECORD\n\n"
    )
    items = [file("lib/apk/db/installed", database.encode()), file(path, METADATA)]
    assert len(owned(take(tmp_path, items))) == 1
    for wrong in ("Q1AAAA", "Q9" + digest, "Q1&"):
        changed = database.replace(f"Q1{digest}", wrong).encode()
        bom = take(tmp_path, items, [file("lib/apk/db/installed", changed)])
        assert versions(bom, "pypi") == {"six": "1.16.0"}


def opened(path: Path) -> tuple[Opened, Meter]:
    meter = Meter()
    target = open_target(str(path), Request(wanted=wanted_by_all(), choice=Choice()), meter)
    assert isinstance(target, Opened)
    return target, meter


class Everything(frozenset[bytes]):
    """Asks for every path."""

    def __contains__(self, path: object) -> bool:
        return True


@pytest.mark.parametrize(
    ("image", "kind", "least"),
    [
        ("alpine-minirootfs-3.11.13-x86_64.tar.gz", "apk", 60),
        ("almalinux-9-micro-20221101-aarch64.tar.xz", "rpm", 400),
    ],
)
def test_the_checksums_of_real_systems_are_those_of_their_files(
    data: Path, tmp_path: Path, image: str, kind: str, least: int
) -> None:
    stored = (data / "images" / image).read_bytes()
    plain = gzip.decompress(stored) if image.endswith(".gz") else lzma.decompress(stored)
    target, meter = opened(write(tmp_path / "rootfs.tar", plain))
    packages = CATALOGERS[kind](target.tree, meter).packages
    listed = (
        filelists.of_apk(target.tree, packages, Everything(), meter)
        if kind == "apk"
        else filelists.of_rpm(target.tree, packages, Everything(), meter)
    )
    compared = changed = 0
    for path, (checksum, _) in sorted(listed.items()):
        algorithm, _, expected = checksum.partition(":")
        if not expected or compared > least:
            continue
        try:
            content = target.tree.read(path)
        except InputError:
            continue
        compared += 1
        changed += hashlib.new(algorithm, content).hexdigest() != expected
    assert compared > least - 1
    # Those that every system writes after its packages: passwd, shadow and their like.
    assert changed < 10
