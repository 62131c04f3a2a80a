"""Hostile package databases in images.  Numbers as in `tests.hostile.images`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.builders import DEBIAN, OS_RELEASE, STATUS, file, tar
from tests.catalog.rpm.databases import create, made, real
from tests.hostile.images import DATABASE, READ, REFUSED, RELEASE, Case, saved

ALMA = file("etc/os-release", b'ID="almalinux"\nVERSION_ID="9.1"\n')
ALPINE = file("etc/os-release", b"ID=alpine\nVERSION_ID=3.11.13\n")
ONE = STATUS.split(b"\n\n")[0] + b"\n"


def dpkg(content: bytes) -> bytes:
    return saved(tar([RELEASE, file(DATABASE, content)]))


def apk(content: bytes) -> bytes:
    return saved(tar([ALPINE, file("lib/apk/db/installed", content)]))


def rpm(content: bytes, name: str = "rpmdb.sqlite", *beside: tuple[str, bytes]) -> bytes:
    files = [file(f"var/lib/rpm/{other}", data) for other, data in ((name, content), *beside)]
    return saved(tar([ALMA, *files]))


def with_view() -> bytes:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "db"
        connection = create(path)
        connection.execute("DROP TABLE Packages")
        connection.execute(
            "CREATE VIEW Packages AS WITH RECURSIVE n(x) AS "
            "(SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS hnum, x AS blob FROM n"
        )
        connection.commit()
        connection.close()
        return path.read_bytes()


def with_blob(blob: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as place:
        return made(Path(place) / "db", [blob])


def damaged(data: bytes, start: int, content: bytes) -> bytes:
    return data[:start] + content + data[start + len(content) :]


def berkeley() -> bytes:
    return real("libuuid.Packages")


CASES: list[Case] = [
    ("43 Berkeley DB, every page points to page 1", lambda: rpm(
        b"".join(damaged(berkeley()[at : at + 4096], 16, b"\x01\0\0\0")
                 for at in range(0, len(berkeley()), 4096)), "Packages"), REFUSED,
     "rpm database"),
    ("43 Berkeley DB, cut", lambda: rpm(berkeley()[:-4096], "Packages"), REFUSED, "rpm database"),
    ("44 Berkeley DB, overflow page erased", lambda: rpm(
        damaged(berkeley(), 3 * 4096, bytes(4096)), "Packages"), REFUSED, "rpm database"),
    ("45 ndb, a slot outside of the file", lambda: rpm(
        damaged(real("sle15-bci.Packages.db"), 40, b"\xff\xff\xff\x7f"), "Packages.db"), REFUSED,
     "rpm database"),
    ("46 SQLite, Packages is a view without end", lambda: rpm(with_view()), REFUSED, "Packages"),
    ("47 SQLite, hot journal", lambda: rpm(
        real("cbl-mariner-2.0.rpmdb.sqlite"), "rpmdb.sqlite",
        ("rpmdb.sqlite-journal", b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + bytes(600))), REFUSED,
     "journal"),
    ("47 SQLite, a log of another database", lambda: rpm(
        real("cbl-mariner-2.0.rpmdb.sqlite"), "rpmdb.sqlite",
        ("rpmdb.sqlite-wal", b"\x37\x7f\x06\x83" + b"\x55" * 9000)), REFUSED, "rpm database"),
    ("48 header of 2 GiB", lambda: rpm(with_blob(b"\x7f\xff\xff\xff" * 2 + bytes(64))), REFUSED,
     "rpm database"),
    ("49 SQLite, cut", lambda: rpm(real("cbl-mariner-2.0.rpmdb.sqlite")[:-4096]), REFUSED,
     "rpm database"),
    ("49 SQLite, empty of packages", lambda: rpm(with_blob(b"")), REFUSED, "rpm database"),
    ("50 dpkg, half a record", lambda: dpkg(STATUS[:-30]), REFUSED, "cut short"),
    ("50 dpkg, CRLF", lambda: dpkg(STATUS.replace(b"\n", b"\r\n")), READ, ""),
    ("50 dpkg, duplicate field", lambda: dpkg(ONE.replace(b"Version:", b"Version: 1\nVersion:")),
     REFUSED, "twice"),
    ("50 dpkg, folded version", lambda: dpkg(ONE.replace(b"Version: ", b"Version:\n ")), REFUSED,
     "valid version"),
    ("50 dpkg, tabs", lambda: dpkg(STATUS.replace(b": ", b":\t")), READ, ""),
    ("50 dpkg, removed but configured", lambda: dpkg(
        STATUS + b"\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n"), READ, ""),
    ("50 dpkg, half-installed", lambda: dpkg(
        STATUS + b"\nPackage: half\nStatus: install ok half-installed\nVersion: 1\n"), REFUSED,
     "half-installed"),
    ("51 dpkg, status.d without Status", lambda: saved(tar([
        RELEASE, file("var/lib/dpkg/status.d/openssl",
                      b"Package: openssl\nVersion: 3.0.9-1\nArchitecture: amd64\n")])), READ, ""),
    ("52 apk, a line without a letter", lambda: apk(b"P:musl\nV:1.1\nno letter\n\n"), REFUSED,
     "not a field"),
    ("52 apk, a line of 20 MiB", lambda: apk(b"P:" + b"m" * (20 << 20) + b"\nV:1\n\n"), REFUSED,
     "names no package"),
    ("53 pacman, an empty desc", lambda: saved(tar([
        file("etc/os-release", b"ID=arch\n"), file("var/lib/pacman/local/x-1-1/desc")])), REFUSED,
     "'x-1-1' is cut short"),
    ("53 pacman, a field without an end", lambda: saved(tar([
        file("etc/os-release", b"ID=arch\n"),
        file("var/lib/pacman/local/x-1-1/desc", b"%NAME%\n" * 1_000_000)])), REFUSED,
     "'x-1-1' names no package"),
    ("54 os-release missing", lambda: saved(tar([file(DATABASE, STATUS)])), REFUSED,
     "os-release"),
    ("54 os-release without ID", lambda: saved(tar([
        file("etc/os-release", b"NAME=Debian\n"), file(DATABASE, STATUS)])), REFUSED, "os-release"),
    ("54 os-release of another distribution", lambda: saved(tar([
        RELEASE, file("lib/apk/db/installed", b"P:musl\nV:1.1.24-r2\no:musl\n\n")])), REFUSED,
     "a apk package on distribution"),
    ("56 the database was removed", lambda: saved(tar([RELEASE, file("srv/app")])), REFUSED,
     "none of dpkg"),
    ("a gigabyte of blank lines", lambda: dpkg(STATUS + b"\n" * (130 << 20)), REFUSED,
     "text_bytes"),
]  # fmt: skip

__all__ = ["CASES", "DEBIAN", "OS_RELEASE"]
