"""An image's configuration, and the checks that bind its layers to it.

Rules: OCI image specification, config.md; Docker image specification v1.2.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import msgspec

from gate.bom.model import Bom, Host, Layer, Note, Reading, ReadingStatus, Subject, SubjectKind
from gate.errors import InputError
from gate.sources.blobs import ScannedLayer
from gate.sources.budget import Meter
from gate.sources.documents import parse
from gate.sources.overlay import OverlayTree
from gate.sources.request import Recall, nothing_known
from gate.sources.tree import Tree


class ImageRootfs(msgspec.Struct, frozen=True):
    """`rootfs` of an image configuration."""

    diff_ids: tuple[str, ...]
    type: str = "layers"


class History(msgspec.Struct, frozen=True):
    """One entry of `history`."""

    created_by: str | None = None
    comment: str | None = None
    empty_layer: bool = False


class ContainerConfig(msgspec.Struct, frozen=True, rename={"labels": "Labels"}):
    """The part of `config` that is read."""

    labels: dict[str, str] | None = None


class ImageConfig(msgspec.Struct, frozen=True):
    """An image configuration."""

    rootfs: ImageRootfs
    architecture: str = ""
    os: str = ""
    variant: str = ""
    created: str | None = None
    config: ContainerConfig | None = None
    history: tuple[History, ...] | None = None


def nothing_to_confirm() -> None:
    """Confirm what bears no digest, or was held against it already."""


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """An opened target: who it is, its files, and what was odd about reading it."""

    subject: Subject
    tree: Tree
    readings: tuple[Reading, ...] = ()
    notes: tuple[Note, ...] = ()
    known: Bom | None = None
    """What was found in this image before; then no layer was read and the tree is empty."""
    running: Host | None = None
    """What runs there; None for what does not run."""
    confirm: Callable[[], None] = nothing_to_confirm
    """Waits until everything is hashed, and raises InputError where it is not what manifest
    and configuration say.  Whatever was made of the tree holds only afterwards."""
    key: str = ""
    """What to keep the inventory under, so that a `Recall` finds it; "" for what has no name."""


class LayerBlob(msgspec.Struct, frozen=True, kw_only=True):
    """A layer as its manifest describes it, and how to read it."""

    name: str
    read: Callable[[], ScannedLayer]
    digest: str = ""
    """``sha256:…`` that the manifest demands of the stored bytes, or ""."""
    size: int = -1
    """Stored bytes that the manifest demands, or -1."""


def parse_config(data: bytes, meter: Meter, where: str) -> ImageConfig:
    """Decode an image configuration; InputError where it is not one."""
    return parse(data, ImageConfig, meter, f"{where}, image configuration")


def open_image(
    config: ImageConfig,
    blobs: Sequence[LayerBlob],
    subject: Subject,
    meter: Meter,
    where: str,
    *,
    recall: Recall = nothing_known,
    later: bool = False,
) -> Opened:
    """Read all layers, check them against manifest and configuration, and merge them.

    `subject` carries what the caller knows (name, digests, tags); created,
    platform, labels and layers are filled in here.  Raises InputError when a
    layer is missing or is not the one that was described; the latter is left to
    the result's `confirm` where it is asked for `later`.  `recall` is for
    sources that state digests for what they hold: of an image that it knows no
    layer is read.
    """
    diff_ids = config.rootfs.diff_ids
    if len(blobs) != len(diff_ids):
        raise InputError(
            f"the manifest has {len(blobs)} layers, the configuration {len(diff_ids)}",
            where=where,
            hint="the image is damaged: pull or build it again",
        )
    if len(blobs) > meter.budget.layers:
        raise meter.over("layers", f"{meter.budget.layers} layers", where)
    known = recall(subject.image_id)
    scanned = _read_all(blobs) if known is None else []

    def confirm() -> None:
        for blob, layer, diff_id in zip(blobs, scanned, diff_ids, strict=True):
            _check(blob, layer, diff_id, where)

    if not later and known is None:
        confirm()
    digests = [blob.digest for blob in blobs]
    if known is None:
        digests = [
            blob.digest or (diff_id if layer.is_plain else layer.digest)
            for blob, layer, diff_id in zip(blobs, scanned, diff_ids, strict=True)
        ]
    instructions, notes = _instructions(config, len(blobs))
    created, created_note = created_of(config.created)
    named = zip(diff_ids, (layer.content for layer in scanned), strict=False)
    tree = OverlayTree(list(named), meter, where)
    filled = msgspec.structs.replace(
        subject,
        kind=SubjectKind.IMAGE,
        created=created,
        created_basis="config" if created else "",
        newest_file=_newest(scanned) if known is None else known.subject.newest_file,
        architecture=config.architecture + (f"/{config.variant}" if config.variant else ""),
        os=config.os,
        labels=dict(sorted((config.config.labels or {}).items())) if config.config else {},
        layers=tuple(
            Layer(diff_id=diff_id, digest=digest, created_by=instruction)
            for diff_id, digest, instruction in zip(diff_ids, digests, instructions, strict=True)
        ),
    )
    readings = tuple(
        Reading(what="layer", status=ReadingStatus.COMPLETE, layer=diff_id) for diff_id in diff_ids
    )
    return Opened(
        subject=filled,
        tree=tree,
        readings=readings,
        notes=(*notes, *created_note),
        known=known,
        confirm=confirm if later and known is None else nothing_to_confirm,
    )


def _newest(layers: Sequence[ScannedLayer]) -> datetime | None:
    """Return when the newest file was changed; None where no time is a real one."""
    times = [layer.content.index.newest_file for layer in layers]
    return max((time for time in times if time is not None), default=None)


def _read_all(blobs: Sequence[LayerBlob]) -> list[ScannedLayer]:
    workers = min(len(blobs), os.cpu_count() or 1) or 1
    with ThreadPoolExecutor(workers) as pool:
        # The largest first: one that is begun last is waited for alone.
        begun = {
            number: pool.submit(blob.read)
            for number, blob in sorted(enumerate(blobs), key=lambda item: -item[1].size)
        }
        layers = [begun[number].result() for number in range(len(blobs))]
    for layer in layers:
        # Of packed layers; it keeps other processors at work while the catalogers are.
        layer.stored.begin()
    return layers


def _check(blob: LayerBlob, layer: ScannedLayer, diff_id: str, where: str) -> None:
    place = f"{where}, {blob.name}"
    hint = "the image is damaged or was tampered with: pull or build it again"
    if blob.size >= 0 and layer.size != blob.size:
        raise InputError(
            f"has {layer.size:,} bytes where the manifest says {blob.size:,}",
            where=place,
            hint=hint,
        )
    if blob.digest and layer.digest != blob.digest:
        raise InputError(
            f"its bytes have digest {layer.digest}, the manifest says {blob.digest}",
            where=place,
            hint=hint,
        )
    if layer.diff_id != diff_id:
        raise InputError(
            f"its content has digest {layer.diff_id}, the configuration says {diff_id}",
            where=place,
            hint=hint,
        )


def _instructions(config: ImageConfig, layers: int) -> tuple[list[str], tuple[Note, ...]]:
    """Return the instruction behind each layer, as far as the history tells."""
    made = [
        (entry.created_by or entry.comment or "").strip()
        for entry in config.history or ()
        if not entry.empty_layer
    ]
    if len(made) == layers:
        return made, ()
    if not made:
        return [""] * layers, ()
    note = Note(
        code="history-mismatch",
        message=f"the image history names {len(made)} layers, there are {layers}",
    )
    return [""] * layers, (note,)


def created_of(stated: str | None) -> tuple[datetime | None, tuple[Note, ...]]:
    """Read `created` (RFC 3339).  Zero values of builders are unknown, not ancient."""
    if not stated:
        return None, ()
    try:
        created = datetime.fromisoformat(stated)
    except ValueError:
        shown = stated[:40]
        return None, (Note(code="created-unreadable", message=f"created is '{shown}'"),)
    created = created.replace(tzinfo=UTC) if created.tzinfo is None else created.astimezone(UTC)
    if created.year <= 1 or created.timestamp() == 0:
        message = "created is the builder's zero value, so the image's age is unknown"
        return None, (Note(code="created-zero", message=message),)
    return created.replace(microsecond=0), ()
