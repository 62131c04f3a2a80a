"""A repository as a store of blobs, so that it is read as an OCI layout is.

Its ``index.json`` is made here: it names the one manifest, or index of
platforms, that the reference led to.  From there on everything is asked for by
digest.  Rules: OCI image specification v1.1, manifest.md and image-index.md;
Docker image manifest V2, schema 2.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Generator, Iterator
from concurrent.futures import Future
from contextlib import closing

import msgspec

from gate.errors import InputError
from gate.sources.archive import missing
from gate.sources.blobs import ScannedLayer, scan_streamed, scanned_before
from gate.sources.budget import Meter
from gate.sources.documents import parse
from gate.sources.image import parse_config
from gate.sources.kept import KeptLayer
from gate.sources.oci import INDEX, Descriptor, Manifest, Platform, document
from gate.sources.registry.reference import Reference
from gate.sources.registry.server import Document, Server
from gate.sources.request import Request
from gate.sources.streams import Chunk, ahead

_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_CONFIGS = frozenset(
    {
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.docker.container.image.v1+json",
    }
)
_SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+"
_UNTYPED = frozenset({"", "application/json", "application/octet-stream", "text/plain"})
"""What servers say that do not know media types; then the document says it."""
ACCEPT = ", ".join((*_INDEXES, *_MANIFESTS))
"""Media types of what a reference may lead to."""
_BLOBS = "blobs/sha256/"
_DAMAGED = "the image is damaged or was tampered with: push it again"


class RegistryBlobs:
    """The blobs that `reference` leads to.  Implements `Blobs`."""

    def __init__(
        self, server: Server, reference: Reference, request: Request, meter: Meter
    ) -> None:
        """Fetch the manifest or index of `reference`, which pins a tag to a digest."""
        self.where = str(reference)
        self._server = server
        self._wanted = request.wanted
        self._kept = request.layers
        self._meter = meter
        self._lock = threading.Lock()
        self._documents: dict[str, bytes] = {}
        self._manifests: set[str] = set()
        self._sizes: dict[str, int] = {}
        self._layers: dict[str, Future[ScannedLayer]] = {}
        root = self._fetch(reference.digest or reference.tag)
        self.root = Descriptor(
            digest=f"sha256:{hashlib.sha256(root.data).hexdigest()}",
            size=len(root.data),
            media_type=root.media_type,
        )
        if reference.digest and self.root.digest != reference.digest:
            raise self._other_bytes(reference.digest, self.root.digest)
        if root.digest.startswith("sha256:") and self.root.digest != root.digest:
            raise self._other_bytes(root.digest, self.root.digest)
        self._documents[self.root.digest] = root.data
        self.pushed = root.modified
        """UTC: since when the registry has it; None where it does not say."""

    @property
    def is_index(self) -> bool:
        """Whether the reference names several platforms."""
        return self.root.media_type in _INDEXES

    def has(self, name: str) -> bool:
        """Return whether a document that was read names this blob."""
        digest = _digest(name)
        return name == INDEX or digest in self._sizes or digest in self._documents

    def document(self, name: str) -> bytes:
        """Return the index, a manifest or a configuration."""
        if name == INDEX:
            return msgspec.json.encode(Manifest(manifests=(self._described(),)))
        digest = _digest(name)
        data = self._documents.get(digest)
        if data is None:
            fetched_as_manifest = digest in self._manifests
            data = self._fetch(digest).data if fetched_as_manifest else self._small(digest)
            self._meter.add_retained(len(data), self.where)
            self._documents[digest] = data
        return data

    def layer(self, name: str) -> ScannedLayer:
        """Fetch and read a layer; one that the image has twice is fetched once."""
        digest = _digest(name)
        with self._lock:
            known = self._layers.get(digest)
            reading = self._layers.setdefault(digest, Future())
        if known is None:
            try:
                reading.set_result(self._read(digest))
            except BaseException as error:
                reading.set_exception(error)
                raise
        return reading.result()

    def _read(self, digest: str) -> ScannedLayer:
        place = f"{self.where}, {digest}"
        verified: list[bytes] = []

        def again() -> Iterator[Chunk]:
            # The registry could send something else this time: nothing of it is
            # used before all of it is checked.
            if not verified:
                self._meter.add_retained(self._size(digest), place)
                data = b"".join(self._blob(digest))
                found = f"sha256:{hashlib.sha256(data).hexdigest()}"
                if found != digest:
                    raise self._other_bytes(digest, found)
                verified.append(data)
            return iter(verified)

        def fetched() -> Generator[Chunk, None, None]:
            yield from ahead(self._blob(digest))

        kept = self._kept.layer(digest)
        if kept is not None and kept.size == self._size(digest):
            return scanned_before(kept, digest, self._meter, place, again)
        with closing(fetched()) as chunks:
            layer = scan_streamed(chunks, self._wanted, self._meter, place, again)
        # What has another digest is refused later on, and kept under no name.
        if layer.digest == digest:
            read = KeptLayer(diff_id=layer.diff_id, size=layer.size, index=layer.content.index)
            self._kept.keep_layer(digest, read)
        return layer

    def _blob(self, digest: str) -> Iterator[bytes]:
        size, allowed = self._size(digest), self._meter.budget.expanded_bytes
        place = f"{self.where}, {digest}"
        if size > allowed:
            raise self._meter.over("expanded_bytes", f"{allowed:,} bytes", place)
        return self._server.blob(digest, size, place)

    def _small(self, digest: str) -> bytes:
        limit = self._meter.budget.document_bytes
        if self._size(digest) > limit:
            raise self._meter.over("document_bytes", f"{limit:,} bytes", f"{self.where}, {digest}")
        return b"".join(self._blob(digest))

    def _size(self, digest: str) -> int:
        if digest not in self._sizes:
            raise missing(digest, self.where)
        return self._sizes[digest]

    def _described(self) -> Descriptor:
        """Return what the made-up index says of the root; one image has one platform."""
        if self.is_index:
            return self.root
        manifest = parse(self._documents[self.root.digest], Manifest, self._meter, self.where)
        if manifest.config is None:
            raise InputError("is not an image manifest", where=self.where)
        config = parse_config(document(self, manifest.config, self._meter), self._meter, self.where)
        platform = Platform(config.os, config.architecture, config.variant)
        return msgspec.structs.replace(self.root, platform=platform)

    def _fetch(self, name: str) -> Document:
        """Fetch a manifest or index, and remember what it leads to."""
        place = f"{self.where}, manifest"
        answer = self._server.manifest(name, ACCEPT, place)
        _check_type(answer.media_type, place)
        manifest = parse(answer.data, Manifest, self._meter, place)
        kind = manifest.media_type if answer.media_type in _UNTYPED else answer.media_type
        _check_type(kind, place)
        if kind in _UNTYPED or manifest.media_type not in {"", kind}:
            raise InputError(
                f"calls itself '{manifest.media_type}' and was sent as '{answer.media_type}'",
                where=place,
                hint=_DAMAGED,
            )
        config = manifest.config
        if config is not None and config.media_type not in _CONFIGS:
            raise InputError(
                f"holds '{config.media_type}', which is no container image",
                where=place,
                hint="only images can be judged, not charts, signatures or other artifacts",
            )
        parts = (*(manifest.layers or ()), *((config,) if config is not None else ()))
        self._sizes |= {part.digest: part.size for part in parts}
        self._manifests |= {part.digest for part in manifest.manifests or ()}
        return Document(answer.data, kind, answer.digest, answer.modified)

    def _other_bytes(self, asked: str, found: str) -> InputError:
        return InputError(
            f"the registry sends bytes with digest {found} for {asked[:80]}",
            where=self.where,
            hint=_DAMAGED,
        )


def _check_type(media_type: str, where: str) -> None:
    """Refuse by name what is neither a manifest nor an index."""
    if media_type.startswith(_SCHEMA_1):
        raise InputError(
            "is a Docker schema 1 manifest, which is not read",
            where=where,
            hint="push the image again with a Docker of this decade",
        )
    if media_type not in (*_MANIFESTS, *_INDEXES, *_UNTYPED):
        raise InputError(
            f"is of type '{media_type[:80]}', not an image manifest",
            where=where,
            hint="check the name; a proxy or a log-in page may answer in the registry's place",
        )


def _digest(name: str) -> str:
    """Return the digest of a blob by its name in a layout."""
    return f"sha256:{name.removeprefix(_BLOBS)}"
