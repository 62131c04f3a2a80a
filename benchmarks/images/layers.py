"""Layers from folders: what changed in a root file system between two looks at it."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import stat
import tarfile
from collections.abc import Mapping
from pathlib import Path

State = tuple[int, int, int, str]
"""Mode, size, modification time (ns) and link target."""
CREATED = "2026-11-01T00:00:00Z"


def look(root: Path) -> dict[str, State]:
    """Return the state of every path under `root`, relative to it."""
    found: dict[str, State] = {}
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = Path(folder, name)
            status = path.lstat()
            link = str(path.readlink()) if stat.S_ISLNK(status.st_mode) else ""
            size = status.st_size if stat.S_ISREG(status.st_mode) else 0
            found[str(path.relative_to(root))] = (status.st_mode, size, status.st_mtime_ns, link)
    return found


def write_layer(root: Path, before: Mapping[str, State], out: Path) -> None:
    """Write what was added, changed and removed under `root` since `before` as a layer."""
    now = look(root)
    gone = sorted(set(before) - set(now))
    tops = [path for path in gone if os.path.dirname(path) not in gone]  # noqa: PTH120 - names
    with tarfile.open(out, "w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(now):
            if before.get(path) != now[path] and stat.S_IFMT(now[path][0]) != stat.S_IFSOCK:
                archive.add(root / path, path, recursive=False, filter=_whole_seconds)
        for path in tops:
            folder, _, name = path.rpartition("/")
            archive.addfile(tarfile.TarInfo(f"{folder}/.wh.{name}" if folder else f".wh.{name}"))


def _whole_seconds(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Write times as Docker does; fractions would cost every member a header of its own."""
    member.mtime = int(member.mtime)
    return member


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _config(layers: Mapping[str, Path]) -> bytes:
    document = {
        "architecture": "amd64",
        "os": "linux",
        "created": CREATED,
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{sha256(p)}" for p in layers.values()]},
        "history": [{"created": CREATED, "created_by": name} for name in layers],
    }
    return json.dumps(document).encode()


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))


def save(layers: Mapping[str, Path], tag: str, out: Path) -> None:
    """Write layers as `docker save` writes them; keys are the instructions."""
    config = _config(layers)
    name = f"{hashlib.sha256(config).hexdigest()}.json"
    with tarfile.open(out, "w") as archive:
        paths = []
        for path in layers.values():
            inside = f"{sha256(path)}/layer.tar"
            archive.add(path, inside)
            paths.append(inside)
        manifest = [{"Config": name, "RepoTags": [tag], "Layers": paths}]
        _add(archive, name, config)
        _add(archive, "manifest.json", json.dumps(manifest).encode())


def save_oci(layers: Mapping[str, Path], tag: str, out: Path) -> None:
    """Write layers as an OCI archive with gzip layers."""
    kind = "application/vnd.oci.image"
    blobs: dict[str, bytes | Path] = {}
    described = []
    for path in layers.values():
        packed = path.with_suffix(".tar.gz")
        if not packed.exists():
            with path.open("rb") as plain, gzip.GzipFile(packed, "wb", 6, mtime=0) as file:
                while chunk := plain.read(1 << 20):
                    file.write(chunk)
        digest = sha256(packed)
        blobs[digest] = packed
        described.append(
            {
                "mediaType": f"{kind}.layer.v1.tar+gzip",
                "digest": f"sha256:{digest}",
                "size": packed.stat().st_size,
            }
        )

    def blob(data: bytes, media_type: str) -> dict[str, object]:
        digest = hashlib.sha256(data).hexdigest()
        blobs[digest] = data
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}

    config = blob(_config(layers), f"{kind}.config.v1+json")
    manifest = {"schemaVersion": 2, "config": config, "layers": described}
    entry = blob(json.dumps(manifest).encode(), f"{kind}.manifest.v1+json")
    entry["annotations"] = {"org.opencontainers.image.ref.name": tag}
    with tarfile.open(out, "w") as archive:
        _add(archive, "oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
        _add(archive, "index.json", json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode())
        for digest, content in blobs.items():
            if isinstance(content, bytes):
                _add(archive, f"blobs/sha256/{digest}", content)
            else:
                archive.add(content, f"blobs/sha256/{digest}")
