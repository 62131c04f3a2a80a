"""Targets of every kind: recognised by content, opened, and refused when they are damaged."""

from __future__ import annotations

import gc
import json
import lzma
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard

from gate.bom.model import Bom, SubjectKind
from gate.errors import GateError, InputError, UnreachableError, UsageError
from gate.sources.budget import Meter
from gate.sources.image import Opened
from gate.sources.request import Choice, Request
from gate.sources.targets import open_target
from gate.sources.wanted import Wanted
from tests.builders import (
    DEBIAN,
    STATUS,
    Image,
    Item,
    docker_archive_new,
    docker_archive_old,
    file,
    oci_layout,
    sha256,
    symlink,
    tar,
    write,
    write_folder,
)

STATUS_PATH = b"var/lib/dpkg/status"
WANTED = Wanted(paths=frozenset({STATUS_PATH, b"etc/os-release"}))


def opened(target: str | Path, image: str = "", platform: str = "") -> Opened:
    request = Request(wanted=WANTED, choice=Choice(image=image, platform=platform))
    found = open_target(str(target), request, Meter())
    assert isinstance(found, Opened)
    return found


def image(compression: str = "none", **changes: object) -> Image:
    return Image(layers=[tar(DEBIAN[:1]), tar(DEBIAN[1:])], compression=compression, **changes)  # type: ignore[arg-type]


def check_debian(found: Opened) -> None:
    assert bytes(found.tree.read(STATUS_PATH)) == STATUS
    assert found.tree.find(WANTED) == [b"etc/os-release", STATUS_PATH]


ARCHIVES: dict[str, Callable[[Image], list[Item]]] = {
    "docker-old": docker_archive_old,
    "docker-new": docker_archive_new,
    "oci": oci_layout,
}


@pytest.mark.parametrize("outer", ["none", "zstd", "xz"])
@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
@pytest.mark.parametrize("kind", list(ARCHIVES))
def test_archives(tmp_path: Path, kind: str, compression: str, outer: str) -> None:
    described = image(compression)
    data = tar(ARCHIVES[kind](described))
    if outer == "zstd":
        data = zstandard.compress(data)
    elif outer == "xz":
        data = lzma.compress(data)
    found = opened(write(tmp_path / "image.bin", data))
    check_debian(found)
    subject = found.subject
    assert subject.kind is SubjectKind.IMAGE
    assert subject.source == ("oci" if kind == "oci" else "docker-archive")
    assert subject.name == "example/app:1"
    assert subject.image_id == f"sha256:{sha256(described.config())}"
    assert subject.created == datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert [layer.diff_id for layer in subject.layers] == [
        f"sha256:{sha256(layer)}" for layer in described.layers
    ]
    assert [layer.created_by for layer in subject.layers] == ["step 0", "step 1"]
    assert found.tree.layer_of(STATUS_PATH) == subject.layers[1].diff_id
    if kind == "docker-old":
        assert subject.digests == {"sha256": subject.image_id.removeprefix("sha256:")}
    else:
        manifest = next(item for item in ARCHIVES[kind](described) if item.name == "index.json")
        digest = json.loads(manifest.content)["manifests"][0]["digest"]
        assert subject.digests == {"sha256": digest.removeprefix("sha256:")}


def test_a_layout_folder(tmp_path: Path) -> None:
    found = opened(write_folder(tmp_path / "layout", oci_layout(image("gzip"))))
    check_debian(found)
    assert found.subject.source == "oci"


def test_prefixes_force_the_kind(tmp_path: Path) -> None:
    path = write(tmp_path / "both", tar(docker_archive_new(image())))
    assert opened(f"oci:{path}").subject.source == "oci"
    assert opened(f"docker-archive:{path}").subject.source == "docker-archive"
    assert opened(f"rootfs:{path}").subject.source == "rootfs-tar"
    with pytest.raises(InputError, match=r"manifest\.json"):
        opened(f"docker-archive:{write(tmp_path / 'rootfs', tar(DEBIAN))}")


@pytest.mark.parametrize("outer", ["none", "xz"])
def test_a_root_file_system_as_tar(tmp_path: Path, outer: str) -> None:
    data = tar(DEBIAN) if outer == "none" else lzma.compress(tar(DEBIAN))
    found = opened(write(tmp_path / "rootfs.tar", data))
    check_debian(found)
    assert found.subject.source == "rootfs-tar"
    assert found.subject.digests == {"sha256": sha256(data)}
    assert found.subject.layers[0].diff_id == f"sha256:{sha256(tar(DEBIAN))}"
    assert (found.subject.created_basis, found.subject.created) == (
        "newest-file",
        datetime.fromtimestamp(1_700_000_000, UTC),
    )


def test_a_root_file_system_in_a_folder(tmp_path: Path) -> None:
    root = write_folder(tmp_path / "root", [*DEBIAN, symlink("status", "/var/lib/dpkg/status")])
    (tmp_path / "outside").write_bytes(b"secret")
    (root / "escape").symlink_to("../outside")
    found = opened(root)
    check_debian(found)
    assert bytes(found.tree.read(b"status")) == STATUS
    with pytest.raises(InputError):
        found.tree.read(b"escape")


def test_this_host() -> None:
    found = opened("host")
    assert found.subject.kind is SubjectKind.HOST
    assert found.subject.name.startswith("host:")
    with pytest.raises(UsageError):
        opened("host:elsewhere")


def test_equal_layers_that_docker_save_links(tmp_path: Path) -> None:
    described = Image(layers=[tar(DEBIAN), tar(DEBIAN)])
    items = docker_archive_old(described)
    manifest = json.loads(items[-1].content)
    manifest[0]["Layers"] = ["first/layer.tar", "second/layer.tar"]
    changed = [
        file("first/layer.tar", described.layers[0]),
        symlink("second/layer.tar", "../first/layer.tar"),
        *[item for item in items if item.name.endswith(".json") and item.name != "manifest.json"],
        file("manifest.json", json.dumps(manifest).encode()),
    ]
    for data in (tar(changed), zstandard.compress(tar(changed))):
        check_debian(opened(write(tmp_path / "image", data)))


def test_several_images_need_a_selector(tmp_path: Path) -> None:
    one, two = image(), image(tags=["example/other:2"], created=None)
    path = write(tmp_path / "two", tar(docker_archive_old(one, two)))
    with pytest.raises(UsageError, match=r"example/app:1; example/other:2"):
        opened(path)
    with pytest.raises(UsageError, match="no image named"):
        opened(path, image="absent")
    assert opened(path, image="example/other:2").subject.tags == ("example/other:2",)
    assert opened(path, image=sha256(one.config())[:12]).subject.name == "example/app:1"


def test_several_platforms(tmp_path: Path) -> None:
    images = [image(created="2026-01-01T00:00:00Z"), image(created="2026-02-01T00:00:00Z")]
    items = oci_layout(*images, platforms=["linux/amd64", "linux/s390x"])
    path = write(tmp_path / "multi", tar(items))
    assert opened(path, platform="linux/s390x").subject.created == datetime(2026, 2, 1, tzinfo=UTC)
    with pytest.raises(UsageError, match=r"linux/amd64.*linux/s390x"):
        opened(path, platform="linux/riscv64")


@pytest.mark.parametrize(
    ("created", "note"),
    [
        (None, []),
        ("0001-01-01T00:00:00Z", ["created-zero"]),
        ("1970-01-01T00:00:00Z", ["created-zero"]),
        ("yesterday", ["created-unreadable"]),
    ],
)
def test_an_image_without_a_usable_date(
    tmp_path: Path, created: str | None, note: list[str]
) -> None:
    found = opened(write(tmp_path / "image", tar(docker_archive_old(image(created=created)))))
    assert found.subject.created is None
    assert [n.code for n in found.notes] == note


def replaced(items: list[Item], suffix: str, change: Callable[[bytes], bytes]) -> bytes:
    changed = [
        Item(item.name, change(item.content)) if item.name.endswith(suffix) else item
        for item in items
    ]
    assert changed != items
    return tar(changed)


def manifest_with(**changes: object) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        manifest = json.loads(content)
        manifest[0].update(changes)
        return json.dumps(manifest).encode()

    return change


OLD = docker_archive_old(image())
NEW = docker_archive_new(image("gzip"))
LAYOUT = oci_layout(image("gzip"))
GZIP_LAYER = image("gzip").stored_layers()[0]

DAMAGED: dict[str, tuple[bytes, str]] = {
    "empty file": (b"", "not an archive"),
    "text": (b"hello world\n" * 100, "not an archive"),
    "zip": (b"PK\x03\x04" + bytes(600), "zip"),
    "truncated archive": (tar(OLD)[:5000], "early|inside"),
    "truncated compressed": (zstandard.compress(tar(OLD))[:-20], "early"),
    "layer content changed": (
        replaced(OLD, "layer.tar", lambda c: c.replace(b"3.0.9-1", b"3.0.9-2")),
        "configuration says",
    ),
    "compressed layer changed": (
        replaced(NEW, sha256(GZIP_LAYER), lambda c: c[:-8] + bytes(8)),
        "corrupt|digest",
    ),
    "truncated layer": (
        replaced(NEW, sha256(GZIP_LAYER), lambda c: c[: len(c) // 2]),
        "early|corrupt",
    ),
    "missing layer": (
        tar([item for item in OLD if not item.name.endswith("layer.tar")]),
        "is missing",
    ),
    "missing config": (
        replaced(OLD, "manifest.json", manifest_with(Config="gone.json")),
        "'gone.json' is missing",
    ),
    "config changed": (
        replaced(OLD, f"{sha256(image().config())}.json", lambda c: c + b" "),
        "its name says",
    ),
    "layers and diff_ids differ": (
        replaced(OLD, "manifest.json", manifest_with(Layers=[])),
        "0 layers",
    ),
    "manifest null": (replaced(OLD, "manifest.json", lambda c: b"null"), "not a valid document"),
    "manifest empty list": (replaced(OLD, "manifest.json", lambda c: b"[]"), "no image"),
    "manifest not UTF-8": (replaced(OLD, "manifest.json", lambda c: b'"\xff"'), "valid"),
    "manifest with a BOM": (replaced(OLD, "manifest.json", lambda c: b"\xef\xbb\xbf" + c), "valid"),
    "manifest duplicate keys": (
        replaced(OLD, "manifest.json", lambda c: c.replace(b'{"Config"', b'{"Layers":[],"Config"')),
        "twice",
    ),
    "manifest deep": (
        replaced(OLD, "manifest.json", lambda c: b"[" * 100_000 + b"]" * 100_000),
        "valid",
    ),
    "manifest large": (
        replaced(OLD, "manifest.json", lambda c: b" " * 5_000_000 + c),
        "document_bytes",
    ),
    "manifest path outside": (
        replaced(OLD, "manifest.json", manifest_with(Config="../../../etc/passwd")),
        "is missing",
    ),
    "unknown compression": (
        replaced(OLD, "layer.tar", lambda c: b"\x04\x22\x4d\x18" + c),
        "lz4",
    ),
    "oci blob changed": (
        replaced(LAYOUT, sha256(image("gzip").config()), lambda c: c + b" "),
        "digest",
    ),
    "oci index and manifest in one": (
        replaced(LAYOUT, "index.json", lambda c: c.replace(b'{"schema', b'{"layers":[],"schema')),
        "not an image index",
    ),
    "oci layer type unknown": (
        tar(oci_layout(image("gzip"))).replace(b"v1.tar+gzip", b"v1.tar+abcd"),
        "digest|checksum|type",
    ),
}


@pytest.mark.parametrize("name", list(DAMAGED))
def test_damaged_images_are_refused(tmp_path: Path, name: str) -> None:
    data, expected = DAMAGED[name]
    with pytest.raises(InputError, match=expected):
        opened(write(tmp_path / "damaged", data))


def test_an_encrypted_layer_is_named(tmp_path: Path) -> None:
    described = image("gzip")
    described.layer_type = "application/vnd.oci.image.layer.v1.tar+gzip+encrypted"
    items = oci_layout(described)
    with pytest.raises(InputError, match=r"encrypted"):
        opened(write(tmp_path / "encrypted", tar(items)))


@pytest.mark.parametrize("target", ["./nothing-here", "nothing.tar", "rootfs:nothing", "sbom:"])
def test_what_is_not_there(target: str) -> None:
    with pytest.raises(InputError):
        opened(target)


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_no_daemon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    monkeypatch.setenv("PATCHGATE_REGISTRIES", "docker.io=http://127.0.0.1:9")
    with pytest.raises(UnreachableError, match="no Docker daemon answers"):
        opened("debian:12")
    gc.collect()  # the docker library leaves the socket it could not connect
    with pytest.raises(UsageError):
        opened("daemon:")


def test_what_breaks_off_in_the_daemon_is_not_looked_for_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*arguments: object) -> None:
        raise UnreachableError("the Docker daemon broke off while it sent the image")

    def forbidden(*arguments: object) -> None:
        pytest.fail("the registry was asked")

    monkeypatch.setattr("gate.sources.targets.open_daemon", broken)
    monkeypatch.setattr("gate.sources.targets._open_registry", forbidden)
    with pytest.raises(UnreachableError, match="broke off"):
        opened("debian:12")


def test_every_bit_of_a_small_image(tmp_path: Path) -> None:
    """A flipped bit gives the same inventory or an error, never a quiet loss."""
    small = Image(layers=[tar([file("s", b"Package: a\n")])])
    data = tar(docker_archive_old(small))
    wanted = Request(wanted=Wanted(paths=frozenset({b"s"})))
    path = tmp_path / "flipped"
    expected = ([b"s"], b"Package: a\n")
    for position in range(0, len(data), 7):
        changed = bytearray(data)
        changed[position] ^= 1 << (position % 8)
        path.write_bytes(changed)
        try:
            found = open_target(f"docker-archive:{path}", wanted, Meter())
            assert isinstance(found, Opened)
            paths = found.tree.find(wanted.wanted)
            assert (paths, bytes(found.tree.read(b"s"))) == expected
        except GateError:
            continue


def test_an_sbom_is_a_bom_already(tmp_path: Path) -> None:
    document = b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}'
    found = open_target(
        str(write(tmp_path / "bom.json", document)), Request(wanted=WANTED), Meter()
    )
    assert isinstance(found, Bom)
