"""Builds small images in memory: tars, layers, archives and layouts of every kind."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zstandard

OS_RELEASE = b'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian 12"\n'
STATUS = (
    b"Package: openssl\nStatus: install ok installed\nArchitecture: amd64\n"
    b"Version: 3.0.9-1\nDescription: x\n\n"
    b"Package: libssl3\nStatus: install ok installed\nArchitecture: amd64\n"
    b"Source: openssl\nVersion: 3.0.9-1\nDescription: x\n\n"
)
CREATED = "2026-11-01T10:00:00.123456789Z"


@dataclass(frozen=True)
class Item:
    """One tar member."""

    name: str
    content: bytes = b""
    type: bytes = tarfile.REGTYPE
    link: str = ""
    mode: int = 0o644
    mtime: int = 1_700_000_000


def file(name: str, content: bytes = b"") -> Item:
    return Item(name, content)


def folder(name: str) -> Item:
    return Item(name, type=tarfile.DIRTYPE, mode=0o755)


def symlink(name: str, target: str) -> Item:
    return Item(name, type=tarfile.SYMTYPE, link=target)


def hardlink(name: str, target: str) -> Item:
    return Item(name, type=tarfile.LNKTYPE, link=target)


def tar(items: Iterable[Item], format: int = tarfile.GNU_FORMAT) -> bytes:  # noqa: A002
    """Return a tar archive of `items`, written by the standard library."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as archive:
        for item in items:
            info = tarfile.TarInfo(item.name)
            info.type = item.type
            info.linkname = item.link
            info.mode = item.mode
            info.mtime = item.mtime
            info.size = len(item.content)
            archive.addfile(info, io.BytesIO(item.content))
    return buffer.getvalue()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


DEBIAN = (file("etc/os-release", OS_RELEASE), file("var/lib/dpkg/status", STATUS))


@dataclass
class Image:
    """An image to be; `layers` are plain tars, lowest first."""

    layers: list[bytes]
    tags: list[str] = field(default_factory=lambda: ["example/app:1"])
    created: str | None = CREATED
    labels: Mapping[str, str] = field(default_factory=dict)
    compression: str = "none"
    layer_type: str = ""
    config_changes: Mapping[str, Any] = field(default_factory=dict)

    def config(self) -> bytes:
        document: dict[str, Any] = {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Labels": dict(self.labels) or None},
            "rootfs": {
                "type": "layers",
                "diff_ids": [f"sha256:{sha256(layer)}" for layer in self.layers],
            },
            "history": [{"created_by": f"step {n}"} for n in range(len(self.layers))],
        }
        if self.created is not None:
            document["created"] = self.created
        document.update(self.config_changes)
        return json.dumps(document).encode()

    def stored_layers(self) -> list[bytes]:
        return [compressed(layer, self.compression) for layer in self.layers]


def compressed(data: bytes, how: str) -> bytes:
    if how == "gzip":
        return gzip.compress(data, mtime=0)
    if how == "zstd":
        return zstandard.compress(data)
    return data


def docker_archive_old(*images: Image) -> list[Item]:
    """Return the members of a `docker save` archive as Docker wrote it before 25."""
    items: dict[str, Item] = {}
    manifest = []
    for image in images:
        config = image.config()
        names = []
        for layer in image.stored_layers():
            name = f"{sha256(layer)}/layer.tar"
            names.append(name)
            items[name] = file(name, layer)
        config_name = f"{sha256(config)}.json"
        items[config_name] = file(config_name, config)
        manifest.append({"Config": config_name, "RepoTags": image.tags, "Layers": names})
    return [*items.values(), file("manifest.json", json.dumps(manifest).encode())]


def docker_archive_new(image: Image) -> list[Item]:
    """Return the members of a `docker save` archive of Docker 25 and later."""
    items = {item.name: item for item in oci_layout(image)}
    manifest = [
        {
            "Config": f"blobs/sha256/{sha256(image.config())}",
            "RepoTags": image.tags,
            "Layers": [f"blobs/sha256/{sha256(layer)}" for layer in image.stored_layers()],
        }
    ]
    return [*items.values(), file("manifest.json", json.dumps(manifest).encode())]


LAYER_TYPES = {
    "none": "application/vnd.oci.image.layer.v1.tar",
    "gzip": "application/vnd.oci.image.layer.v1.tar+gzip",
    "zstd": "application/vnd.oci.image.layer.v1.tar+zstd",
}


def oci_layout(*images: Image, platforms: Iterable[str] = ()) -> list[Item]:
    """Return the files of an OCI layout; `platforms` gives each image one."""
    blobs: dict[str, bytes] = {}
    descriptors = []
    wanted = [*platforms, *[""] * len(images)]
    for image, platform in zip(images, wanted, strict=False):
        config = image.config()
        layers = image.stored_layers()
        for blob in (config, *layers):
            blobs[sha256(blob)] = blob
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": descriptor(config, "application/vnd.oci.image.config.v1+json"),
                "layers": [
                    descriptor(layer, image.layer_type or LAYER_TYPES[image.compression])
                    for layer in layers
                ],
            }
        ).encode()
        blobs[sha256(manifest)] = manifest
        entry = descriptor(manifest, "application/vnd.oci.image.manifest.v1+json")
        if image.tags:
            entry["annotations"] = {"org.opencontainers.image.ref.name": image.tags[0]}
        if platform:
            system, architecture = platform.split("/")
            entry["platform"] = {"os": system, "architecture": architecture}
        descriptors.append(entry)
    index = {"schemaVersion": 2, "manifests": descriptors}
    return [
        file("oci-layout", b'{"imageLayoutVersion": "1.0.0"}'),
        file("index.json", json.dumps(index).encode()),
        *[file(f"blobs/sha256/{digest}", blob) for digest, blob in blobs.items()],
    ]


def descriptor(blob: bytes, media_type: str) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": f"sha256:{sha256(blob)}", "size": len(blob)}


def write_folder(path: Path, items: Iterable[Item]) -> Path:
    """Write files into a folder of the test's own."""
    for item in items:
        target = path / item.name
        target.parent.mkdir(parents=True, exist_ok=True)
        if item.type == tarfile.SYMTYPE:
            target.symlink_to(item.link)
        else:
            target.write_bytes(item.content)
    return path


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path
