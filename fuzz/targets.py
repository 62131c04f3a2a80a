"""What is fuzzed: every parser of bytes that somebody else chose.

A target is a name, seeds (real or built inputs) and a function that reads one
input.  A new parser is a function and a line in `TARGETS`.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import zstandard

from gate.advisories import osv
from gate.bom.detect import read_bom
from gate.bom.formats import WRITERS
from gate.bom.model import Bom, ReadingStatus, Subject, SubjectKind
from gate.bom.xmltree import read_xml
from gate.catalog.inventory import take_inventory, wanted_by_all
from gate.catalog.java.archive import reduce_archive
from gate.catalog.programs import reduce_program
from gate.catalog.rpm import tables
from gate.catalog.rpm.database import read_packages
from gate.catalog.rpm.header import parse as parse_header
from gate.errors import GateError
from gate.evidence import dsse
from gate.policy.document import parse_policy
from gate.policy.template import DEFAULT_DOCUMENT
from gate.sources.archive import MappedArchive
from gate.sources.budget import Budget, Meter
from gate.sources.codecs import decompressed, sniff
from gate.sources.dockerarchive import open_docker_archive
from gate.sources.image import Opened
from gate.sources.layer import Content, scan
from gate.sources.oci import open_oci
from gate.sources.overlay import OverlayTree
from gate.sources.request import Choice
from gate.sources.streams import ChunkReader
from gate.sources.tree import Tree
from gate.sources.wanted import NOTHING
from gate.versions import SCHEMES, key_function
from tests.builders import DEBIAN, Image, docker_archive_new, file, oci_layout, symlink, tar
from tests.catalog.elves import go_inline, modules
from tests.catalog.java.jars import LOG4J, jar

DATA = Path(__file__).resolve().parent.parent / "tests" / "data"

BUDGET = Budget(
    expanded_bytes=64 << 20, file_bytes=32 << 20, text_bytes=32 << 20, retained_bytes=64 << 20,
    seconds=10,
)  # fmt: skip

EXPECTED = (GateError,)
"""How a reader says no.  Anything else is a finding."""


@dataclass(frozen=True)
class Target:
    """One parser."""

    name: str
    seeds: Callable[[], list[bytes]]
    read: Callable[[bytes], object]
    expected: tuple[type[Exception], ...] = EXPECTED


def tree_of(layer: bytes) -> Tree:
    view = memoryview(layer)
    meter = Meter(BUDGET)
    index = scan(ChunkReader([view], "fuzz"), NOTHING, meter, keep=False)
    return OverlayTree([("layer0", Content(index, "fuzz", mapped=view))], meter, "fuzz")


def read_tar(data: bytes) -> object:
    scan(ChunkReader([memoryview(data)], "fuzz"), wanted_by_all(), Meter(BUDGET), keep=True)
    return None


def read_codec(data: bytes) -> object:
    meter = Meter(BUDGET)
    return sum(len(chunk) for chunk in decompressed(sniff(data[:16]), [data], meter, "fuzz"))


def read_image(data: bytes) -> Bom:
    """Read a whole archive that lies in memory."""
    meter = Meter(BUDGET)
    archive = MappedArchive(memoryview(data), wanted_by_all(), meter, "fuzz")
    opener = open_docker_archive if archive.has("manifest.json") else open_oci
    return take_inventory(opener(archive, Choice(), meter), meter)


def read_same_image(data: bytes) -> object:
    """Read a changed image: the same inventory, or a word that it is not whole.

    Everything in an image hangs together by digests, so a change that is not
    noticed may touch names and padding only.
    """
    bom = read_image(data)
    whole = all(reading.status is ReadingStatus.COMPLETE for reading in bom.readings)
    if whole and [c.ref for c in bom.components] != [c.ref for c in read_image(SAVED).components]:
        raise AssertionError("another inventory, and no word of it")
    return bom


def read_tree(path: str) -> Callable[[bytes], object]:
    """Return how to catalog a file system that has the input at `path`."""

    def read(data: bytes) -> object:
        tree = tree_of(tar([DEBIAN[0], file(path, data)]))
        subject = Subject(kind=SubjectKind.ROOTFS, source="fuzz", name="fuzz")
        return take_inventory(Opened(subject=subject, tree=tree), Meter(BUDGET))

    return read


def read_rpm(data: bytes) -> object:
    return read_packages(data, meter=Meter(BUDGET), where="fuzz")


def read_version(data: bytes) -> object:
    text = data.decode("utf-8", "replace")
    keys = [key_function(scheme)(text) for scheme in SCHEMES]
    for key in keys:
        if key is not None and not all("!" <= character <= "~" for character in key):
            raise AssertionError(f"a key that is not printable: {key!r}")
    return keys


def xz(*parts: str) -> bytes:
    return lzma.decompress(DATA.joinpath(*parts).read_bytes())


def image(compression: str = "none") -> Image:
    return Image([tar([*DEBIAN, symlink("a", "b")]), tar([file("x")])], compression=compression)


SAVED = tar(docker_archive_new(image("gzip")))


def tars() -> list[bytes]:
    found = [
        tar(DEBIAN),
        tar([*DEBIAN, file("n" * 300)], tarfile.PAX_FORMAT),
        tar(oci_layout(image())),
    ]
    return [*found, tar([file("n" * 300), symlink("l" * 200, "t" * 300)])]


def codecs() -> list[bytes]:
    plain = tar(DEBIAN)
    return [gzip.compress(plain), zstandard.compress(plain), lzma.compress(plain)]


def headers() -> list[bytes]:
    blobs: list[bytes] = []
    data = xz("rpmdb", "cbl-mariner-2.0.rpmdb.sqlite.xz")
    for record in tables.records(data, None, Meter(BUDGET), "fuzz"):
        blobs.append(record.blob)
        if len(blobs) == 3:
            break
    return blobs


def advisories() -> list[bytes]:
    with zipfile.ZipFile(io.BytesIO((DATA / "osv" / "Go" / "all.zip").read_bytes())) as archive:
        return [archive.read(name) for name in archive.namelist()[:20]]


def sboms(pattern: str) -> list[bytes]:
    found = sorted((DATA / "sbom").glob(pattern))
    return [lzma.decompress(path.read_bytes()) for path in found]


def written(*formats: str) -> list[bytes]:
    """Return a whole inventory of our own in these formats."""
    bom = read_image(tar(docker_archive_new(image())))
    return [WRITERS[name](bom, datetime(2026, 11, 1, tzinfo=UTC)) for name in formats]


def wrapped() -> list[bytes]:
    """Return an SBOM in everything that wraps one."""
    predicate = json.loads(written("spdx")[0])
    digest = read_image(tar(docker_archive_new(image()))).subject.digests["sha256"]
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "predicateType": "https://spdx.dev/Document",
        "subject": [{"name": "x", "digest": {"sha256": digest}}],
        "predicate": predicate,
    }
    payload = base64.b64encode(json.dumps(statement).encode()).decode()
    envelope = {"payloadType": "application/vnd.in-toto+json", "payload": payload}
    documents = [statement, envelope, {"dsseEnvelope": envelope}, {"sbom": predicate},
                 {"linux/amd64": {"SPDX": predicate}}]  # fmt: skip
    lines = json.dumps(envelope).encode() + b"\n" + json.dumps(envelope).encode()
    return [*(json.dumps(document).encode() for document in documents), lines]


def read_sbom(data: bytes) -> object:
    return read_bom(data, "fuzz")


def envelopes() -> list[bytes]:
    """Return the envelopes of recorded bundles, which stand one in a line."""
    bundles = sorted((DATA / "vectors" / "evidence").glob("*.jsonl"))
    return [line for path in bundles for line in path.read_bytes().splitlines()]


def versions() -> list[bytes]:
    seeds = ["1:2.3.4-5+deb12u1", "3.0.7-28.el9_4", "1.2.3_rc1-r4", "1!2.0.post1.dev2+local.1"]
    seeds += ["v1.2.3-0.20200101000000-0123456789ab+incompatible", "1.0-alpha-1-SNAPSHOT", "1.*"]
    return [seed.encode() for seed in seeds]


def read_java(data: bytes) -> object:
    return reduce_archive(b"x.jar", memoryview(data), True)


def java_archives() -> list[bytes]:
    return [jar(LOG4J), jar({"lib/a.jar": jar(LOG4J)}), b"#!/bin/sh\n" + jar(LOG4J, 0)]


def read_elf(data: bytes) -> object:
    return reduce_program(b"x", memoryview(data), True)


def programs() -> list[bytes]:
    with tarfile.open(DATA / "languages" / "programs.tar.xz") as archive:
        found = [archive.extractfile(member) for member in archive if member.isfile()]
        return [file.read() for file in found if file is not None]


def go_programs() -> list[bytes]:
    text = modules("path\ta", "mod\ta\tv1.0.0", "dep\tb\tv1.0.0\th1:x", "=>\tc\tv2.0.0")
    return [go_inline("go1.22.1", text), go_inline("go1.22.1", text, with_sections=False)]


TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        Target("tar", tars, read_tar),
        Target("codecs", codecs, read_codec),
        Target("image", lambda: [SAVED, tar(oci_layout(image()))], read_same_image),
        Target("dpkg", lambda: [(DATA / "dpkg" / "debian-12-minbase.status").read_bytes()],
               read_tree("var/lib/dpkg/status")),
        Target("apk", lambda: [(DATA / "apk" / "alpine-3.20.installed").read_bytes()],
               read_tree("lib/apk/db/installed")),
        Target("pacman", lambda: [(b"%NAME%\nzlib\n\n%VERSION%\n1:1.3-1\n\n%BASE%\nzlib\n\n"
                                  b"%INSTALLDATE%\n1700000000\n\n%LICENSE%\nZlib\nMIT\n\n")],
               read_tree("var/lib/pacman/local/zlib-1:1.3-1/desc")),
        Target("chisel", lambda: [zstandard.compress(
                   b'{"jsonwall":"1.0","schema":"1.0","count":2}\n'
                   b'{"kind":"package","name":"openssl","version":"3.0.13-1","arch":"amd64"}\n')],
               read_tree("var/lib/chisel/manifest.wall")),
        Target("os-release", lambda: [DEBIAN[0].content], read_tree("usr/lib/os-release")),
        Target("rpm-sqlite", lambda: [xz("rpmdb", "cbl-mariner-2.0.rpmdb.sqlite.xz")], read_rpm),
        Target("rpm-ndb", lambda: [xz("rpmdb", "sle15-bci.Packages.db.xz")], read_rpm),
        Target("rpm-bdb", lambda: [xz("rpmdb", "libuuid.Packages.xz")], read_rpm),
        Target("rpm-header", headers, parse_header, (*EXPECTED, ValueError)),
        Target("java", java_archives, read_java),
        Target("programs", programs, read_elf),
        Target("golang", go_programs, read_elf),
        Target("osv", advisories, osv.decode, (msgspec.MsgspecError, UnicodeDecodeError)),
        Target("cyclonedx", lambda: [*sboms("alp.cdx1?.json.xz"), *written("cyclonedx")],
               read_sbom),
        Target("cyclonedx-xml", lambda: [*sboms("*.xml.xz"), *written("cyclonedx-xml")],
               read_sbom),
        Target("spdx", lambda: [*sboms("alp.spdx*"), *written("spdx")], read_sbom),
        Target("spdx3", lambda: written("spdx3"), read_sbom),
        Target("sbom-tools", lambda: [*sboms("made.syft*"), *sboms("*.github*"), *written("purl")],
               read_sbom),
        Target("sbom-wrapped", wrapped, read_sbom),
        Target("xml", lambda: sboms("*.xml.xz"), lambda data: read_xml(data, "fuzz")),
        Target("policy", lambda: [DEFAULT_DOCUMENT.encode()],
               lambda data: parse_policy(data.decode("utf-8", "replace"), "fuzz")),
        Target("dsse", envelopes, dsse.decode),
        Target("versions", versions, read_version),
    )
}  # fmt: skip

__all__ = ["TARGETS", "Target"]
