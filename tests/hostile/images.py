"""Hostile images: containers, transport and layers.

Numbers are those of the list of bad inputs the project set out with; each case
says what must come of it.  `READ` means that the inventory is certain and the
verdict stands, with a note where one is named.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable

import zstandard

from tests.builders import (
    DEBIAN,
    OS_RELEASE,
    STATUS,
    Image,
    Item,
    compressed,
    docker_archive_new,
    docker_archive_old,
    file,
    folder,
    hardlink,
    oci_layout,
    sha256,
    symlink,
    tar,
)

READ, REFUSED, USAGE = 0, 3, 2

Case = tuple[str, Callable[[], bytes], int, str]
"""Name, archive, exit code, and what the message or a note must hold."""

RELEASE = file("etc/os-release", OS_RELEASE)
DATABASE = "var/lib/dpkg/status"


def saved(*layers: bytes, old: bool = True, compression: str = "none") -> bytes:
    image = Image(list(layers), compression=compression)
    return tar(docker_archive_old(image) if old else docker_archive_new(image))


def layer(*items: Item) -> bytes:
    return tar([*DEBIAN, *items])


def with_config(**changes: object) -> bytes:
    return tar(docker_archive_old(Image([tar(DEBIAN)], config_changes=changes)))


def edited(members: list[Item], name: str, change: Callable[[bytes], bytes]) -> bytes:
    return tar(
        Item(item.name, change(item.content), item.type, item.link) if item.name == name else item
        for item in members
    )


def raw_layer(name: bytes, *, size: bytes = b"00000000000", kind: bytes = b"0") -> bytes:
    """Return a layer whose first header the standard library would not write."""
    header = bytearray(tarfile.TarInfo("x").tobuf(tarfile.USTAR_FORMAT))
    header[0:100] = name.ljust(100, b"\0")
    header[124:136] = size.ljust(12, b"\0")
    header[156:157] = kind
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + tar(DEBIAN)


def record(name: str, value: str) -> bytes:
    """Return one record of a PAX header, which begins with its own length."""
    rest = f" {name}={value}\n"
    return f"{len(rest) + 2}{rest}".encode()


def pax_layer(records: bytes, following: bytes = b"", last: bytes = b"") -> bytes:
    """Return a layer that begins with an extended header of the file after it."""
    header = tarfile.TarInfo("./PaxHeaders/x")
    header.type = tarfile.XHDTYPE
    header.size = len(records)
    padding = bytes(-len(records) % 512)
    first = header.tobuf(tarfile.USTAR_FORMAT) + records + padding
    return first + (without_end(following) if following else b"") + (last or tar(DEBIAN))


def without_end(archive: bytes) -> bytes:
    """Return the members of an archive, without the zero blocks behind them."""
    size = int(archive[124:135], 8)
    return archive[: 512 + size + -size % 512]


def sparse_layer() -> bytes:
    """An old GNU sparse file whose map goes on and on."""
    header = bytearray(raw_layer(b"x", kind=b"S")[:512])
    header[482] = 1
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + (bytes(504) + b"\1" + bytes(7)) * 5000 + tar(DEBIAN)


class Trailing(Image):
    """Layers with something behind them; their digests are those of all of it."""

    def stored_layers(self) -> list[bytes]:
        return [layer + b"hidden" for layer in super().stored_layers()]


class Skippable(Image):
    """zstd layers that end in a frame that decoders pass over."""

    def stored_layers(self) -> list[bytes]:
        return [layer + b"\x50\x2a\x4d\x18\x04\0\0\0skip" for layer in super().stored_layers()]


def repeated(count: int) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        index = json.loads(content)
        index["manifests"] *= count
        return json.dumps(index).encode()

    return change


def manifest(**changes: object) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        found = json.loads(content)
        found[0].update(changes)
        return json.dumps(found).encode()

    return change


OLD = docker_archive_old(Image([tar(DEBIAN)]))
LAYOUT = oci_layout(Image([tar(DEBIAN)], compression="gzip"))


def nested_indexes(depth: int) -> bytes:
    """An index of an index of an index, each a blob of its own."""
    items = {item.name: item for item in LAYOUT}
    inner = items["index.json"].content
    for _ in range(depth):
        name = f"blobs/sha256/{sha256(inner)}"
        items[name] = file(name, inner)
        inner = json.dumps(
            {
                "schemaVersion": 2,
                "manifests": [
                    {
                        "mediaType": "application/vnd.oci.image.index.v1+json",
                        "digest": f"sha256:{sha256(inner)}",
                        "size": len(inner),
                    }
                ],
            }
        ).encode()
    items["index.json"] = file("index.json", inner)
    return tar(items.values())


def bomb() -> bytes:
    writer = zstandard.ZstdCompressor(level=1).compressobj()
    parts = [writer.compress(bytes(16 << 20)) for _ in range(64)]
    return b"".join([*parts, writer.flush()])


def wide_window() -> bytes:
    parameters = zstandard.ZstdCompressionParameters(window_log=29, compression_level=1)
    writer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    return writer.compress(tar(OLD)) + writer.flush()


def two_images() -> bytes:
    other = Image([layer(file("x"))], tags=["example/other:2"])
    return tar(docker_archive_old(Image([tar(DEBIAN)]), other))


def many_layers() -> bytes:
    return saved(*[tar(DEBIAN)], *[tar([file(f"f{n}")]) for n in range(600)])


def hidden_second_archive() -> bytes:
    return saved(tar([RELEASE]) + tar(DEBIAN))


def twins() -> bytes:
    names = [f"srv/{name}" for name in ("caf\u00e9", "cafe\u0301", "CAFE", "cafe")]
    return saved(layer(*[file(name) for name in names]))


def odd_names() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for item in (*DEBIAN, file("a\nb"), file("\x1b[31mred"), file("x" * 4000)):
            info = tarfile.TarInfo(item.name)
            info.size = len(item.content)
            archive.addfile(info, io.BytesIO(item.content))
    return saved(out.getvalue())


def database(*items: Item) -> bytes:
    return saved(tar([RELEASE, *items]))


OPAQUE = ".wh..wh..opq"

CASES: list[Case] = [
    ("1 parent name", lambda: saved(layer(file("../../etc/x"))), READ, "parent-name"),
    ("2 absolute name", lambda: saved(layer(file("/etc/x"))), READ, "absolute-name"),
    ("3 link whose name escapes", lambda: saved(layer(symlink("../../x", "/etc"))), READ,
     "parent-name"),
    ("4 link to a file of the host", lambda: database(symlink(DATABASE, "/etc/passwd")), REFUSED,
     "etc/passwd"),
    ("5 link loop", lambda: database(symlink(DATABASE, "status")), REFUSED, "40 links"),
    ("5 link chain", lambda: database(*[symlink(f"l{n}", f"l{n + 1}") for n in range(60)],
                                      symlink(DATABASE, "/l0")), REFUSED, "40 links"),
    ("6 written through a link", lambda: saved(layer(symlink("srv", "/var/lib/dpkg"),
                                                     file("srv/status-new"))), READ, ""),
    ("7 hard link to nothing", lambda: database(hardlink(DATABASE, "gone")), REFUSED, DATABASE),
    ("7 hard link outside", lambda: database(hardlink(DATABASE, "../../etc/passwd")), REFUSED,
     DATABASE),
    ("8 hard link to a lower layer", lambda: saved(
        tar([RELEASE, file("srv/s", STATUS)]), tar([hardlink(DATABASE, "srv/s")])), READ, ""),
    ("8 hard link forward", lambda: database(hardlink(DATABASE, "z"), file("z", STATUS)), READ,
     ""),
    ("9 whiteout of nothing", lambda: saved(layer(file("var/.wh."))), REFUSED, "whiteout"),
    ("10 whiteout of ..", lambda: saved(tar(DEBIAN), tar([file("var/lib/.wh...")])), REFUSED,
     "whiteout"),
    ("10 whiteout of .", lambda: saved(tar(DEBIAN), tar([file("var/lib/.wh..")])), REFUSED,
     "whiteout"),
    ("11 opaque before", lambda: saved(tar(DEBIAN), tar([
        file(f"var/lib/dpkg/{OPAQUE}"), file(DATABASE, STATUS)])), READ, ""),
    ("11 opaque after", lambda: saved(tar(DEBIAN), tar([
        file(DATABASE, STATUS), file(f"var/lib/dpkg/{OPAQUE}")])), READ, ""),
    ("11 opaque hides the database", lambda: saved(
        tar(DEBIAN), tar([file(f"var/lib/dpkg/{OPAQUE}")])), REFUSED, "none of dpkg"),
    ("12 removed and made again", lambda: saved(
        tar(DEBIAN), tar([file("var/lib/dpkg/.wh.status")]), tar([file(DATABASE, STATUS)])),
     READ, ""),
    ("13 whiteout of what never was", lambda: saved(tar(DEBIAN), tar([file("srv/.wh.gone")])),
     READ, "whiteout"),
    ("14 duplicate path", lambda: saved(layer(file(DATABASE, STATUS))), READ, "duplicate-path"),
    ("15 file to folder and back", lambda: saved(
        tar([RELEASE, file(DATABASE, STATUS)]), tar([folder(DATABASE)]),
        tar([file(DATABASE, STATUS)])), READ, ""),
    ("15 the database became a folder", lambda: saved(tar(DEBIAN), tar([folder(DATABASE)])),
     REFUSED, ""),
    ("16 database is a device", lambda: database(Item(DATABASE, type=tarfile.CHRTYPE)), REFUSED,
     "device"),
    ("16 database is a fifo", lambda: database(Item(DATABASE, type=tarfile.FIFOTYPE)), REFUSED,
     "fifo"),
    ("17 sparse map without end", lambda: saved(sparse_layer()), REFUSED, "sparse"),
    ("17 a sparse file of a petabyte", lambda: saved(pax_layer(
        record("GNU.sparse.name", "srv/x") + record("GNU.sparse.major", "1")
        + record("GNU.sparse.realsize", "9" * 15), tar([file("x")]))), READ, ""),
    ("17 the database is sparse", lambda: saved(pax_layer(
        record("GNU.sparse.name", DATABASE) + record("GNU.sparse.major", "1"), tar(DEBIAN[1:]),
        tar([RELEASE]))), REFUSED, "sparse"),
    ("18 PAX header of 64 MiB", lambda: saved(pax_layer(b"x" * (64 << 20))), REFUSED,
     "header_bytes"),
    ("18 PAX header without end", lambda: saved(pax_layer(b"99 path=x\n")), REFUSED, ""),
    ("19 negative size", lambda: saved(raw_layer(b"x", size=b"\xff" * 12)), REFUSED, ""),
    ("19 size that is no number", lambda: saved(raw_layer(b"x", size=b"9zzzzzzzzzz")), REFUSED,
     ""),
    ("19 size of exabytes", lambda: saved(raw_layer(b"x", size=b"\x80" + b"\x7f" * 11)), REFUSED,
     ""),
    ("20 wrong checksum", lambda: saved(tar(DEBIAN).replace(b"etc/os-rel", b"etc/os-rem", 1)),
     REFUSED, "checksum"),
    ("20 second archive behind the first", hidden_second_archive, REFUSED, ""),
    ("21 cut inside a layer", lambda: edited(
        docker_archive_new(Image([tar(DEBIAN)], compression="gzip")),
        f"blobs/sha256/{sha256(compressed(tar(DEBIAN), 'gzip'))}", lambda c: c[:-9]), REFUSED,
     "ends"),
    ("22 zstd bomb", bomb, REFUSED, "ratio"),
    ("23 zstd with a window of 512 MiB", wide_window, REFUSED,
     "too much memory"),
    ("23 several gzip members", lambda: compressed(saved(tar(DEBIAN))[:3000], "gzip")
     + compressed(saved(tar(DEBIAN))[3000:], "gzip"), READ, ""),
    ("24 bytes behind a compressed layer", lambda: tar(oci_layout(
        Trailing([tar(DEBIAN)], compression="gzip"))), REFUSED, ""),
    ("24 skippable frame behind a zstd layer", lambda: tar(oci_layout(
        Skippable([tar(DEBIAN)], compression="zstd"))), READ, ""),
    ("25 unknown layer compression", lambda: edited(
        OLD, next(i.name for i in OLD if i.name.endswith("layer.tar")),
        lambda c: b"\x04\x22\x4d\x18" + c), REFUSED, "lz4"),
    ("26 layer changed", lambda: edited(
        OLD, next(i.name for i in OLD if i.name.endswith("layer.tar")),
        lambda c: c.replace(b"3.0.9-1", b"3.0.9-2")), REFUSED, "digest"),
    ("27 missing config", lambda: edited(OLD, "manifest.json", manifest(Config="gone")), REFUSED,
     "missing"),
    ("28 manifest null", lambda: edited(OLD, "manifest.json", lambda c: b"null"), REFUSED, ""),
    ("28 manifest of no image", lambda: edited(OLD, "manifest.json", lambda c: b"[]"), REFUSED,
     "no image"),
    ("28 manifest not UTF-8", lambda: edited(OLD, "manifest.json", lambda c: b'"\xff"'), REFUSED,
     ""),
    ("29 duplicate keys", lambda: edited(
        OLD, "manifest.json", lambda c: c.replace(b'{"Config"', b'{"Layers":[],"Config"')),
     REFUSED, "twice"),
    ("30 deep JSON", lambda: edited(OLD, "manifest.json", lambda c: b"[" * 200_000), REFUSED, ""),
    ("30 large JSON", lambda: edited(OLD, "manifest.json", lambda c: b" " * (5 << 20) + c),
     REFUSED, "document_bytes"),
    ("30 a number of a million digits", lambda: edited(
        OLD, "manifest.json", lambda c: b"[" + b"9" * 1_000_000 + b"]"), REFUSED, ""),
    ("31 manifest and index in one", lambda: edited(
        LAYOUT, "index.json", lambda c: c.replace(b'{"schema', b'{"layers":[],"schema')), REFUSED,
     "not an image index"),
    ("33 indexes in indexes", lambda: nested_indexes(8), REFUSED, ""),
    ("33 an index of 2,000 manifests", lambda: edited(
        LAYOUT, "index.json", repeated(2000)), REFUSED, "1000 manifests"),
    ("33 an index of 100,000 manifests", lambda: edited(
        LAYOUT, "index.json", repeated(100_000)), REFUSED, "document_bytes"),
    ("34 two images, no selector", two_images, USAGE, "--image"),
    ("35 more layers than diff_ids", lambda: edited(OLD, "manifest.json", manifest(Layers=[])),
     REFUSED, "0 layers"),
    ("35 601 layers", many_layers, REFUSED, "layers"),
    ("40 created missing", lambda: with_config(created=None), 1, "unknown"),
    ("40 created in the year 0", lambda: with_config(created="0001-01-01T00:00:00Z"), 1, ""),
    ("40 created in the future", lambda: with_config(created="2099-01-01T00:00:00Z"), 1,
     "future"),
    ("41 names that are not what they seem", odd_names, READ, ""),
    ("41 twins", twins, READ, ""),
]  # fmt: skip
