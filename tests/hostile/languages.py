"""Hostile archives, programs and lists of packages in images.  Numbers as in `images`."""

from __future__ import annotations

import struct
import zipfile

from tests.builders import DEBIAN, Item, file, tar
from tests.catalog.elves import go_inline, modules
from tests.catalog.java.jars import LOG4J, jar, properties
from tests.hostile.images import READ, REFUSED, Case, layer, saved

SAFE = "srv/safe.jar"
"""A sound archive beside each of these; it is read whatever the other one does."""


def jars(*others: bytes) -> bytes:
    found = [file(f"srv/other{number}.jar", content) for number, content in enumerate(others)]
    return saved(layer(file(SAFE, jar(LOG4J)), *found))


def nested(depth: int) -> bytes:
    content = jar(LOG4J)
    for _ in range(depth):
        content = jar({"lib/inner.jar": content})
    return content


def bomb() -> bytes:
    """A jar in a jar that would unpack to two gigabytes."""
    inner = jar({"x.class": bytes(64 << 20)})
    return jar({f"lib/{number}.jar": jar({"y.jar": inner}) for number in range(32)})


def manifest_bomb() -> bytes:
    return jar(LOG4J | {"META-INF/MANIFEST.MF": b"A: " + bytes(600 << 20)})


def overlapping() -> bytes:
    """Two entries that share their bytes (CVE-2024-0450)."""
    content = bytearray(
        jar(properties("a", "a", "1") | properties("a", "b", "2"), zipfile.ZIP_STORED)
    )
    first = content.index(b"PK\x01\x02")
    second = content.index(b"PK\x01\x02", first + 4)
    content[second + 42 : second + 46] = content[first + 42 : first + 46]
    return bytes(content)


def with_local_name(name: bytes) -> bytes:
    """The name before the content is another one than in the directory (CVE-2024-8088)."""
    content = bytearray(jar(properties("a", "artifact", "1"), zipfile.ZIP_STORED))
    at = content.index(b"pom.properties")
    content[at : at + len(name)] = name
    return bytes(content)


def with_count(count: int) -> bytes:
    content = bytearray(jar(LOG4J))
    struct.pack_into("<HH", content, content.rindex(b"PK\x05\x06") + 8, count, count)
    return bytes(content)


def with_zip64() -> bytes:
    """A record of large archives that tells of another directory (CVE-2025-8291)."""
    content = jar(LOG4J)
    end = content.rindex(b"PK\x05\x06")
    record = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 9, 9, 99, 7)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, end, 1)
    return content[:end] + record + locator + content[end:]


def program(content: bytes) -> bytes:
    return saved(layer(Item("usr/local/bin/app", content, mode=0o755)))


GO = go_inline("go1.22.1", modules("dep\tgithub.com/a/b\tv1.0.0"))


CASES: list[Case] = [
    ("57 jar in jar, 60 deep", lambda: jars(nested(60)), REFUSED, "nested"),
    ("57 jars that unpack to 2 GiB", lambda: jars(bomb()), REFUSED, "other0.jar"),
    ("57 manifest of 600 MiB in a jar", lambda: jars(manifest_bomb()), REFUSED, "other0.jar"),
    ("57 entries that overlap", lambda: jars(overlapping()), REFUSED, "other0.jar"),
    ("57 a damaged jar hides no other", lambda: jars(jar(LOG4J)[:-30]), REFUSED, "other0.jar"),
    ("58 jar of 20,000 entries", lambda: jars(
        jar({f"a/C{n}.class": b"x" for n in range(20_000)} | LOG4J)), READ, ""),
    ("59 two names for one entry", lambda: jars(with_local_name(b"Pom.properties")), REFUSED,
     "other0.jar"),
    ("59 more entries than there are", lambda: jars(with_count(9)), REFUSED, "other0.jar"),
    ("59 fewer entries than there are", lambda: jars(with_count(1)), REFUSED, "other0.jar"),
    ("59 zip64 of another directory", lambda: jars(with_zip64()), REFUSED, "other0.jar"),
    ("60 Go program, list of modules cut", lambda: program(GO.replace(b"\tv1.0.0", b"\tv1.0\0\0")),
     REFUSED, "usr/local/bin/app"),
    ("60 Go program, build information erased", lambda: program(
        GO.replace(b"\xff Go buildinf:", b"\xff Go buildinf:" + b"\xff" * 40)), REFUSED,
     "usr/local/bin/app"),
    ("60 ELF of nothing but a header", lambda: program(b"\x7fELF\x02\x01\x01" + bytes(57)), READ,
     ""),
    ("60 ELF that no kernel runs", lambda: program(GO[:40] + b"\xff" * 24 + GO[64:]), READ, ""),
    ("60 Go program, table of sections beyond the file", lambda: program(
        GO[:40] + b"\xff" * 8 + GO[48:]), READ, ""),
    ("63 a package called like an option", lambda: saved(tar([
        DEBIAN[0], file("var/lib/dpkg/status", DEBIAN[1].content
                        + b"Package: -oProxyCommand=x\nStatus: install ok installed\n"
                        b"Version: 1\n\n")])), REFUSED, "names no package"),
]  # fmt: skip
