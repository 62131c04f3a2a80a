"""An archive in a file: an image, or a root file system packed as one tar."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gate.errors import InputError
from gate.sources import dockerarchive, oci
from gate.sources.archive import MappedArchive, StreamedArchive, map_file
from gate.sources.budget import Meter
from gate.sources.codecs import Codec, decompressed, sniff, unread_codec
from gate.sources.image import Opened
from gate.sources.request import Request
from gate.sources.rootfs import open_rootfs_tar
from gate.sources.streams import Chunk, Digest, ahead, hashed, passing
from gate.sources.tar import BLOCK, looks_like_tar


def open_archive(path: Path, request: Request, meter: Meter, *, kind: str = "") -> Opened:
    """Open the archive at `path`.

    `kind` forces docker-archive, oci or rootfs; "" recognises it by what the
    archive holds.  Raises InputError for what is not an archive.
    """
    view = map_file(path)
    head = bytes(view[:BLOCK])
    codec = sniff(head)
    if codec is Codec.NONE and not looks_like_tar(head):
        named = unread_codec(head)
        raise InputError(
            f"is {named}, which is not read" if named else "is not an archive",
            where=path.name,
            hint="give a `docker save` or OCI archive, a root file system or an SBOM file",
        )
    if codec is Codec.NONE:
        return _open_mapped(view, request, meter, where=path.name, kind=kind)
    return _open_compressed(view, codec, request, meter, where=path.name, kind=kind)


def _open_mapped(
    view: memoryview, request: Request, meter: Meter, *, where: str, kind: str
) -> Opened:
    archive = MappedArchive(view, request.wanted, meter, where)
    if (kind or _kind(archive)) != "rootfs":
        return _open_image(kind or _kind(archive), archive, request, meter)
    whole = Digest()
    whole.update(view)
    digest = f"sha256:{whole.hexdigest()}"
    return open_rootfs_tar(archive.content, digest, digest, meter, where)


def _open_compressed(
    view: memoryview, codec: Codec, request: Request, meter: Meter, *, where: str, kind: str
) -> Opened:
    def expand() -> Iterator[Chunk]:
        return decompressed(codec, passing(view), meter, where)

    stored, plain = Digest(), Digest()
    stored.update(view)
    chunks = hashed(ahead(expand()), plain)
    archive = StreamedArchive(chunks, request.wanted, meter, where, reopen=expand)
    if (kind or _kind(archive)) != "rootfs":
        return _open_image(kind or _kind(archive), archive, request, meter)
    digests = f"sha256:{stored.hexdigest()}", f"sha256:{plain.hexdigest()}"
    return open_rootfs_tar(archive.content, *digests, meter, where)


def _kind(archive: MappedArchive | StreamedArchive) -> str:
    if archive.has(dockerarchive.MANIFEST):
        return "docker-archive"
    return "oci" if archive.has(oci.LAYOUT) or archive.has(oci.INDEX) else "rootfs"


def _open_image(
    kind: str, archive: MappedArchive | StreamedArchive, request: Request, meter: Meter
) -> Opened:
    choice, later = request.choice, request.later
    if kind == "oci":
        return oci.open_oci(archive, choice, meter, later=later)
    return dockerarchive.open_docker_archive(archive, choice, meter, later=later)
