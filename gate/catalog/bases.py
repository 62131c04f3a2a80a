"""Which image a subject was built from, and which of its packages came with that.

Three sources, the surest first: a catalog of known bases, whose layers the
subject begins with; the Dockerfile it was built from, where that is given; and
the labels that builders set (OCI image specification, annotations.md:
``org.opencontainers.image.base.name`` and ``.digest``).  Only layers prove it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec

from gate.bom.model import BaseImage, Bom, SubjectKind
from gate.errors import InputError

LABEL_NAME = "org.opencontainers.image.base.name"
LABEL_DIGEST = "org.opencontainers.image.base.digest"

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
Digest = Annotated[str, msgspec.Meta(pattern=r"^sha256:[0-9a-f]{64}$")]


class KnownBase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One image of a catalog."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    diff_ids: Annotated[tuple[Digest, ...], msgspec.Meta(min_length=1)]
    """Of its layers, lowest first."""
    digest: str = ""
    """``sha256:…`` of its manifest, where it is known."""
    created: datetime | None = None
    """UTC."""
    sbom: str = ""
    """File of its SBOM, beside the catalog."""


class Catalog(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of known bases."""

    version: Literal[1]
    bases: tuple[KnownBase, ...] = ()


_decoder = msgspec.json.Decoder(Catalog)


class NamedCatalog(msgspec.Struct, frozen=True):
    """A catalog, and what results call it."""

    name: str
    bases: tuple[KnownBase, ...]


def read_catalog(content: bytes, name: str) -> NamedCatalog:
    """Return the catalog in `content`; InputError where it is none."""
    try:
        return NamedCatalog(name, _decoder.decode(content).bases)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"is not a catalog of base images: {error}",
            where=name,
            hint="`patchgate sbom base` writes one",
        ) from error


def find_base(
    bom: Bom, catalogs: Sequence[NamedCatalog], dockerfile: BaseImage | None
) -> BaseImage | None:
    """Return the image that the subject was built from, as far as that is known.

    Of several known bases it is the one with the most layers, of equal ones the
    first by name.  A subject that adds no layer to a known base has that as its base.
    """
    subject = bom.subject
    if subject.kind is not SubjectKind.IMAGE:
        return None
    own = [layer.diff_id for layer in subject.layers]
    fitting = [
        (-len(base.diff_ids), base.name, base, catalog)
        for catalog in catalogs
        for base in catalog.bases
        if own[: len(base.diff_ids)] == list(base.diff_ids)
    ]
    if fitting:
        *_, base, catalog = min(fitting, key=lambda item: item[:2])
        return BaseImage(
            name=base.name,
            basis="layers",
            digest=base.digest,
            layers=len(base.diff_ids),
            created=base.created,
            catalog=catalog.name,
        )
    return dockerfile or _labelled(subject.labels)


def _labelled(labels: dict[str, str]) -> BaseImage | None:
    name, digest = labels.get(LABEL_NAME, ""), labels.get(LABEL_DIGEST, "")
    if not name:
        return None
    return BaseImage(name=name, basis="labels", digest=digest if _DIGEST.fullmatch(digest) else "")
