"""OCI layouts: an index of manifests, each naming a configuration and layers by digest.

Rules: OCI image specification v1.1: image-layout.md, image-index.md,
manifest.md, descriptor.md.  Every document is checked against the digest and
size of the descriptor that led to it.
"""

from __future__ import annotations

import hashlib
import platform as machine
import re
from collections.abc import Iterator

import msgspec

from gate.bom.model import Subject, SubjectKind
from gate.errors import InputError, UsageError
from gate.sources.blobs import Blobs
from gate.sources.budget import Meter
from gate.sources.documents import parse
from gate.sources.image import LayerBlob, Opened, open_image, parse_config
from gate.sources.request import Choice, Recall, nothing_known

INDEX = "index.json"
LAYOUT = "oci-layout"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
_NESTING = 4
_MANIFESTS = 1000
_NAME = "org.opencontainers.image.ref.name"
_FULL_NAME = "io.containerd.image.name"
_REFERENCE_TYPE = "vnd.docker.reference.type"
_LAYER_TYPES = re.compile(
    r"application/vnd\.(?:oci\.image\.layer\.v1\.tar|docker\.image\.rootfs\.diff\.tar)"
    r"(?:[.+](?:gzip|zstd))?\Z"
)
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}


class Platform(msgspec.Struct, frozen=True):
    """`platform` of a descriptor."""

    os: str = ""
    architecture: str = ""
    variant: str = ""

    def __str__(self) -> str:
        """Write the platform as Docker does: ``linux/arm64/v8``."""
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


class Descriptor(msgspec.Struct, frozen=True, rename="camel"):
    """What leads to a blob (descriptor.md)."""

    digest: str
    size: int
    media_type: str = ""
    platform: Platform | None = None
    annotations: dict[str, str] | None = None


class Manifest(msgspec.Struct, frozen=True, rename="camel"):
    """An index or an image manifest; never both (CVE-2021-41190)."""

    media_type: str = ""
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] | None = None
    manifests: tuple[Descriptor, ...] | None = None


def open_oci(
    blobs: Blobs,
    choice: Choice,
    meter: Meter,
    recall: Recall = nothing_known,
    *,
    later: bool = False,
) -> Opened:
    """Open the image that `choice` names, or the only one.

    Where no annotation names the image, its file or folder does.  Raises
    UsageError with the choices where they do not name exactly one image.
    """
    where = blobs.where
    index = parse(blobs.document(INDEX), Manifest, meter, f"{where}, {INDEX}")
    images = [image for image in _images(blobs, index, meter, 0) if not _is_attestation(image)]
    descriptor = _select(images, choice.image, choice.platform, where)
    manifest = parse(document(blobs, descriptor, meter), Manifest, meter, _place(blobs, descriptor))
    if manifest.config is None or manifest.layers is None or manifest.manifests is not None:
        raise InputError("is not an image manifest", where=_place(blobs, descriptor))
    data = document(blobs, manifest.config, meter)
    tags = tuple(sorted(_names(descriptor)))
    subject = Subject(
        kind=SubjectKind.IMAGE,
        source="oci",
        name=tags[0] if tags else where,
        digests={"sha256": descriptor.digest.removeprefix("sha256:")},
        image_id=manifest.config.digest,
        tags=tags,
    )
    layers = [_layer(blobs, layer) for layer in manifest.layers]
    config = parse_config(data, meter, _place(blobs, manifest.config))
    return open_image(config, layers, subject, meter, where, recall=recall, later=later)


def find_manifest_of(blobs: Blobs, image_id: str, meter: Meter) -> str:
    """Return the digest of the manifest of the image with configuration `image_id`, or "".

    Archives of Docker 25 and later hold it beside ``manifest.json``.
    """
    if not blobs.has(INDEX):
        return ""
    index = parse(blobs.document(INDEX), Manifest, meter, f"{blobs.where}, {INDEX}")
    for descriptor in _images(blobs, index, meter, 0):
        if not blobs.has(_path(descriptor)):
            continue
        manifest = parse(
            document(blobs, descriptor, meter), Manifest, meter, _place(blobs, descriptor)
        )
        if manifest.config is not None and manifest.config.digest == image_id:
            return descriptor.digest
    return ""


def document(blobs: Blobs, descriptor: Descriptor, meter: Meter) -> bytes:
    """Return the document a descriptor leads to, checked against size and digest."""
    limit = meter.budget.document_bytes
    place = _place(blobs, descriptor)
    if descriptor.size > limit:
        raise meter.over("document_bytes", f"{limit:,} bytes", place)
    data = blobs.document(_path(descriptor))
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    if digest != descriptor.digest or len(data) != descriptor.size:
        raise InputError(
            f"its bytes have digest {digest}, not the one in its name",
            where=place,
            hint="the image is damaged or was tampered with: pull or build it again",
        )
    return data


def _images(blobs: Blobs, index: Manifest, meter: Meter, depth: int) -> Iterator[Descriptor]:
    """Yield the image manifests of an index and of the indexes inside it."""
    if index.manifests is None or index.layers is not None or index.config is not None:
        raise InputError("is not an image index", where=f"{blobs.where}, {INDEX}")
    if depth >= _NESTING or len(index.manifests) > _MANIFESTS:
        raise InputError(
            f"the index nests deeper than {_NESTING} or names more than {_MANIFESTS} manifests",
            where=blobs.where,
        )
    for descriptor in index.manifests:
        if "index" in descriptor.media_type or "manifest.list" in descriptor.media_type:
            inner = parse(
                document(blobs, descriptor, meter), Manifest, meter, _place(blobs, descriptor)
            )
            for image in _images(blobs, inner, meter, depth + 1):
                # What the outer index calls an image holds for its platforms too.
                annotations = (descriptor.annotations or {}) | (image.annotations or {})
                yield msgspec.structs.replace(image, annotations=annotations)
        else:
            yield descriptor


def _is_attestation(descriptor: Descriptor) -> bool:
    """Say whether a manifest holds statements about an image and not an image."""
    return _REFERENCE_TYPE in (descriptor.annotations or {})


def _names(descriptor: Descriptor) -> set[str]:
    annotations = descriptor.annotations or {}
    return {annotations[key] for key in (_FULL_NAME, _NAME) if annotations.get(key)}


def _select(images: list[Descriptor], selector: str, platform: str, where: str) -> Descriptor:
    if not images:
        raise InputError("the layout holds no image", where=where)
    named = [image for image in images if not selector or _is(image, selector)]
    chosen = [image for image in named if not platform or _runs_on(image, platform)]
    if len({image.digest for image in chosen}) > 1 and not platform:
        here = f"linux/{_MACHINES.get(machine.machine(), machine.machine())}"
        chosen = [image for image in chosen if _runs_on(image, here)] or chosen
    if len({image.digest for image in chosen}) == 1:
        return chosen[0]
    choices = sorted({_describe(image) for image in images})
    asked = " ".join(part for part in (selector, platform) if part)
    found = "no image" if not chosen else f"{len(chosen)} images"
    raise UsageError(
        f"the layout holds {found}{f' for {asked}' if asked else ''}; it has: {'; '.join(choices)}",
        where=where,
        hint="choose one with --image NAME and --platform OS/ARCH",
    )


def _is(descriptor: Descriptor, selector: str) -> bool:
    wanted = {selector, f"{selector}:latest"}
    digest = selector if selector.startswith("sha256:") else f"sha256:{selector}"
    return bool(_names(descriptor) & wanted) or (
        len(digest) >= 19 and descriptor.digest.startswith(digest)
    )


def _runs_on(descriptor: Descriptor, platform: str) -> bool:
    known = str(descriptor.platform) if descriptor.platform else ""
    return known == platform or known.startswith(f"{platform}/")


def _describe(descriptor: Descriptor) -> str:
    names = ", ".join(sorted(_names(descriptor))) or descriptor.digest[:19]
    return f"{names} ({descriptor.platform})" if descriptor.platform else names


def _layer(blobs: Blobs, descriptor: Descriptor) -> LayerBlob:
    if descriptor.media_type and not _LAYER_TYPES.match(descriptor.media_type):
        raise InputError(
            f"a layer of type '{descriptor.media_type}' is not read",
            where=_place(blobs, descriptor),
            hint="encrypted and foreign layers cannot be judged: build without them",
        )
    path = _path(descriptor)
    return LayerBlob(
        name=descriptor.digest,
        read=lambda: blobs.layer(path),
        digest=descriptor.digest,
        size=descriptor.size,
    )


def _path(descriptor: Descriptor) -> str:
    if not _DIGEST.match(descriptor.digest):
        raise InputError(
            f"'{descriptor.digest[:80]}' is not a sha256 digest",
            hint="only sha256 is read",
        )
    return f"blobs/sha256/{descriptor.digest.removeprefix('sha256:')}"


def _place(blobs: Blobs, descriptor: Descriptor) -> str:
    return f"{blobs.where}, {descriptor.digest}"
