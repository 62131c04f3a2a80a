"""`docker save` archives: the old layout with its folders and the new one with blobs.

Rules: Docker image specification v1.2 (combined image JSON and file system
changeset format).  Since Docker 25 the same archive is an OCI layout too, and
its manifest names blobs by digest.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import msgspec

from gate.bom.model import Subject, SubjectKind
from gate.errors import InputError, UsageError
from gate.sources.blobs import Blobs
from gate.sources.budget import Meter
from gate.sources.documents import parse
from gate.sources.image import LayerBlob, Opened, open_image, parse_config
from gate.sources.oci import find_manifest_of
from gate.sources.request import Choice

MANIFEST = "manifest.json"
_HEX = re.compile(r"(?:.*/)?([0-9a-f]{64})(?:\.json|\.tar)?\Z")


class ArchivedImage(msgspec.Struct, frozen=True):
    """One image of ``manifest.json``."""

    config: str = msgspec.field(name="Config")
    layers: tuple[str, ...] = msgspec.field(name="Layers")
    repo_tags: tuple[str, ...] | None = msgspec.field(name="RepoTags", default=None)


def open_docker_archive(
    blobs: Blobs,
    choice: Choice,
    meter: Meter,
    source: str = "docker-archive",
    *,
    later: bool = False,
) -> Opened:
    """Open the image that `choice` names, or the only one.

    Raises UsageError with the choices where it does not name exactly one image.
    """
    where = blobs.where
    images = parse(
        blobs.document(MANIFEST), tuple[ArchivedImage, ...], meter, f"{where}, {MANIFEST}"
    )
    image = _select(images, choice.image, where)
    data = blobs.document(image.config)
    image_id = hashlib.sha256(data).hexdigest()
    stated = _HEX.match(image.config)
    if stated is not None and stated[1] != image_id:
        raise InputError(
            f"the image configuration has digest sha256:{image_id}, "
            f"its name says sha256:{stated[1]}",
            where=where,
            hint="the archive is damaged or was tampered with: save the image again",
        )
    tags = tuple(sorted(image.repo_tags or ()))
    manifest = find_manifest_of(blobs, f"sha256:{image_id}", meter)
    subject = Subject(
        kind=SubjectKind.IMAGE,
        source=source,
        name=tags[0] if tags else f"sha256:{image_id}",
        digests={"sha256": manifest.removeprefix("sha256:") or image_id},
        image_id=f"sha256:{image_id}",
        tags=tags,
    )
    layers = [_layer(blobs, name) for name in image.layers]
    config = parse_config(data, meter, where)
    return open_image(config, layers, subject, meter, where, later=later)


def _layer(blobs: Blobs, name: str) -> LayerBlob:
    digest = name.removeprefix("blobs/sha256/")
    named = digest != name and len(digest) == 64
    return LayerBlob(
        name=name,
        read=lambda: blobs.layer(name),
        digest=f"sha256:{digest}" if named else "",
    )


def _select(images: Sequence[ArchivedImage], selector: str, where: str) -> ArchivedImage:
    if not images:
        raise InputError("the archive holds no image", where=where)
    chosen = [image for image in images if not selector or _is(image, selector)]
    if len(chosen) == 1:
        return chosen[0]
    names = sorted(
        ", ".join(image.repo_tags or (image.config.removesuffix(".json"),)) for image in images
    )
    found = "no image" if not chosen else f"{len(chosen)} images"
    asked = f" named '{selector}'" if selector else ""
    raise UsageError(
        f"the archive holds {found}{asked}; it has: {'; '.join(names)}",
        where=where,
        hint="choose one with --image NAME:TAG",
    )


def _is(image: ArchivedImage, selector: str) -> bool:
    tags = image.repo_tags or ()
    wanted = {selector, f"{selector}:latest"}
    if any(tag in wanted for tag in tags):
        return True
    digest = selector.removeprefix("sha256:")
    return len(digest) >= 12 and image.config.rpartition("/")[2].startswith(digest)
