"""Root file systems: a plain tar of one, a folder with one, and the running host."""

from __future__ import annotations

import hashlib
import platform
from pathlib import Path

from gate.bom.model import Layer, Reading, ReadingStatus, Subject, SubjectKind
from gate.errors import InputError
from gate.sources.budget import Meter
from gate.sources.folder import FolderTree
from gate.sources.image import Opened
from gate.sources.layer import Content
from gate.sources.overlay import OverlayTree
from gate.sources.running import read_running

_ASSET_KEY = b"patchgate asset identity"


def open_rootfs_tar(
    content: Content, digest: str, diff_id: str, meter: Meter, where: str
) -> Opened:
    """Open a root file system that is packed as one tar.

    `digest` is the ``sha256:…`` of the file as stored, `diff_id` that of the
    plain tar.  Nothing vouches for the content, so an archive that does not
    end as archives end counts as cut short.
    """
    if any(note.code == "no-end-of-archive" for note in content.index.notes):
        raise InputError(
            "ends without the two zero blocks that close a tar archive",
            where=where,
            hint="it was cut short: fetch or pack it again",
        )
    created = content.index.newest_file
    subject = Subject(
        kind=SubjectKind.ROOTFS,
        source="rootfs-tar",
        name=where,
        digests={"sha256": digest.removeprefix("sha256:")},
        created=created,
        created_basis="newest-file" if created else "",
        layers=(Layer(diff_id=diff_id, digest=digest),),
    )
    reading = Reading(what="archive", status=ReadingStatus.COMPLETE)
    tree = OverlayTree([("", content)], meter, where)
    return Opened(subject=subject, tree=tree, readings=(reading,))


def open_rootfs_folder(root: Path, meter: Meter, *, cross_mounts: bool = False) -> Opened:
    """Open a folder that holds a root file system.  Its digest is that of its inventory."""
    name = root.resolve().name or "/"
    subject = Subject(kind=SubjectKind.ROOTFS, source="rootfs", name=name)
    return Opened(subject=subject, tree=FolderTree(root, meter, name, cross_mounts=cross_mounts))


def open_host(meter: Meter, *, cross_mounts: bool = False) -> Opened:
    """Open the running host.  Its digest is that of its inventory."""
    tree = FolderTree(Path("/"), meter, "host", cross_mounts=cross_mounts)
    labels = {}
    if tree.exists(b"etc/machine-id"):
        # machine-id(5) asks that the id itself stay on the machine.
        machine_id = bytes(tree.read(b"etc/machine-id")).strip()
        labels["asset-id"] = hashlib.blake2s(machine_id, key=_ASSET_KEY).hexdigest()[:32]
    subject = Subject(
        kind=SubjectKind.HOST,
        source="host",
        name=f"host:{platform.node()}",
        architecture=platform.machine(),
        os=platform.system().lower(),
        labels=labels,
    )
    return Opened(subject=subject, tree=tree, running=read_running())
