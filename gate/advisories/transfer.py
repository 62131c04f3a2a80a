"""Carry a snapshot to where there is no network: one file, and its digest.

The file is a plain tar: the manifest, then the shards in the order it names
them.  Nothing in it tells when or where it was made, so the same snapshot is
the same file.  Its SHA-256, carried by another way, says that it arrived as
it was sent; every shard is hashed on arrival in any case.
"""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import msgspec

from gate.advisories.integrity import IntegrityCheck
from gate.advisories.shard import FORMAT
from gate.advisories.shrinking import refuse_shrunk
from gate.advisories.snapshot import (
    MANIFEST,
    SHARDS,
    ShardFile,
    Snapshot,
    locked,
    read_snapshot,
    replaced,
    shard_path,
    write_snapshot,
)
from gate.durable import Disk, sync_folder
from gate.errors import AdvisoryError

_disk = Disk(AdvisoryError)
_MANIFEST_BYTES = 16 * 1024 * 1024
_SHARD_BYTES = 16 * 1024**3
_SHARD_NAME = re.compile(r"[0-9a-f]{32}\.sqlite")
_CHUNK = 1024 * 1024


class Transferred(msgspec.Struct, frozen=True, kw_only=True):
    """What was written to, or read from, a file."""

    snapshot: Snapshot
    sha256: str
    """Of the file, in hex."""
    size: int
    """Of the file, in bytes."""


def export_snapshot(folder: Path, path: Path) -> Transferred:
    """Write the current snapshot of the store in `folder` to `path`.

    Raises AdvisoryError; then `path` is what it was.
    """
    snapshot = msgspec.structs.replace(read_snapshot(folder), previous=())
    check = IntegrityCheck(folder, snapshot.shards)
    try:
        check.wait()
    finally:
        check.close()
    temporary = path.with_name(f".{path.name}.building")
    _disk.make_folder(path.parent)
    try:
        with _disk.explained("write", path):
            with tarfile.open(temporary, "w", format=tarfile.USTAR_FORMAT) as archive:
                manifest = msgspec.json.format(msgspec.json.encode(snapshot), indent=1) + b"\n"
                _add_bytes(archive, MANIFEST, manifest)
                for shard in snapshot.shards:
                    _add_file(archive, f"{SHARDS}/{shard.file}", shard_path(folder, shard.file))
            digest, size = _digest(temporary)
            _disk.place(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return Transferred(snapshot=snapshot, sha256=digest, size=size)


def import_snapshot(
    folder: Path, path: Path, *, sha256: str = "", allow_shrink: bool = False
) -> Transferred:
    """Take the snapshot in `path` into the store in `folder`.

    Its sources replace those of the same name; others stay.  Where `sha256`
    (hex) is given, the file must have it.  Raises AdvisoryError; then the
    store is as it was.
    """
    with _disk.explained("read", path):
        digest, size = _digest(path)
    if sha256 and sha256.lower().removeprefix("sha256:") != digest:
        raise AdvisoryError(
            f"has the digest {digest}, not the one given",
            where=str(path),
            hint="it was damaged or exchanged on its way: carry it over again",
        )
    with locked(folder) as old:
        with _members(path) as members:
            snapshot = _read_manifest(members, path)
            if not allow_shrink:
                for shard in snapshot.shards:
                    refuse_shrunk(shard.source, old.sources, str(path))
            for shard in snapshot.shards:
                _take_shard(folder, shard, members, path)
        with _disk.explained("write", folder):
            sync_folder(folder / SHARDS)
        write_snapshot(folder, replaced(old, snapshot.shards))
    return Transferred(snapshot=snapshot, sha256=digest, size=size)


def is_snapshot(path: Path) -> bool:
    """Return whether `path` looks like a file of `export_snapshot`."""
    with suppress(OSError), path.open("rb") as file:
        head = file.read(512)
        return head.startswith(MANIFEST.encode() + b"\0") and head[257:262] == b"ustar"
    return False


def _add_bytes(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _add_file(archive: tarfile.TarFile, name: str, path: Path) -> None:
    member = tarfile.TarInfo(name)
    member.size = path.stat().st_size
    with path.open("rb") as file:
        archive.addfile(member, file)


def _digest(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size


Members = Iterator[tuple[tarfile.TarInfo, IO[bytes]]]


@contextmanager
def _members(path: Path) -> Iterator[Members]:
    """Give the files of the archive, in its order; AdvisoryError for whatever is not sound."""
    try:
        with tarfile.open(path, "r:") as archive:
            yield _files(archive, path)
    except (tarfile.TarError, EOFError) as error:
        raise AdvisoryError(
            f"is no exported snapshot, or was cut short: {error}",
            where=str(path),
            hint="carry it over again",
        ) from error


def _files(archive: tarfile.TarFile, path: Path) -> Members:
    for member in archive:
        content = archive.extractfile(member) if member.isreg() else None
        if content is None:
            raise AdvisoryError(f"holds {member.name[:80]!r}, which is no file", where=str(path))
        yield member, content


def _read_manifest(members: Members, path: Path) -> Snapshot:
    member, content = next(members, (None, None))
    if member is None or content is None or member.name != MANIFEST:
        raise AdvisoryError("does not begin with a manifest", where=str(path))
    if member.size > _MANIFEST_BYTES:
        raise AdvisoryError("has a manifest of impossible size", where=str(path))
    try:
        snapshot = msgspec.json.decode(content.read(), type=Snapshot)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise AdvisoryError(f"has a damaged manifest: {error}", where=str(path)) from error
    if snapshot.format != FORMAT:
        raise AdvisoryError(
            f"has format {snapshot.format}; this version of patchgate reads {FORMAT}",
            where=str(path),
            hint="export it again with the same version",
        )
    names = [shard.source.name for shard in snapshot.shards]
    if names != sorted(set(names)) or not names:
        raise AdvisoryError("has a manifest whose sources are not in order", where=str(path))
    for shard in snapshot.shards:
        if not _SHARD_NAME.fullmatch(shard.file) or not 0 < shard.size <= _SHARD_BYTES:
            raise AdvisoryError(f"names the shard {shard.file[:80]!r}", where=str(path))
    return snapshot


def _take_shard(folder: Path, shard: ShardFile, members: Members, path: Path) -> None:
    member, content = next(members, (None, None))
    if member is None or content is None or member.name != f"{SHARDS}/{shard.file}":
        raise AdvisoryError(f"lacks the advisories of {shard.source.name}", where=str(path))
    target = shard_path(folder, shard.file)
    temporary = target.with_suffix(".building")
    digest = hashlib.sha256()
    try:
        with _disk.explained("write", temporary):
            with temporary.open("wb") as file:
                while chunk := content.read(_CHUNK):
                    digest.update(chunk)
                    file.write(chunk)
            if digest.hexdigest() != shard.sha256 or member.size != shard.size:
                raise AdvisoryError(
                    f"holds damaged advisories of {shard.source.name}",
                    where=str(path),
                    hint="carry it over again",
                )
            _disk.place(temporary, target)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
