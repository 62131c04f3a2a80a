"""What a registry holds besides images to read: small artifacts, and what a tag means now.

Rules: OCI image specification v1.1, manifest.md ("Guidelines for Artifact
Usage"); OCI distribution specification v1.1, pulling manifests.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from datetime import datetime

import msgspec

from gate.errors import InputError, UnreachableError
from gate.sources.budget import Budget, Meter
from gate.sources.documents import parse
from gate.sources.image import ImageConfig, created_of, parse_config
from gate.sources.oci import Manifest
from gate.sources.registry.endpoints import VARIABLE, endpoints_of
from gate.sources.registry.image import authorization_of
from gate.sources.registry.reference import parse_reference
from gate.sources.registry.server import Document, Server
from gate.sources.registry.store import ACCEPT
from gate.sources.registry.transport import Transport

_CONFIG_BYTES = 4 * 1024 * 1024


class Artifact:
    """What a reference leads to in its registry, from the first server that has it."""

    def __init__(self, name: str, *, seconds: float = 60.0) -> None:
        """Fetch the manifest.  UsageError for a malformed name, UnreachableError without it."""
        self.reference = parse_reference(name)
        self._meter = Meter(Budget(seconds=seconds))
        self.where = str(self.reference)
        self._server, self.document = self._first()
        self.digest = f"sha256:{hashlib.sha256(self.document.data).hexdigest()}"
        if self.reference.digest not in {"", self.digest}:
            raise InputError(
                f"the registry sends bytes with digest {self.digest}", where=self.where
            )

    def manifest(self) -> Manifest:
        """Return the manifest or index; InputError where it is neither."""
        return parse(self.document.data, Manifest, self._meter, self.where)

    def config(self, content: bytes) -> ImageConfig:
        """Return the image configuration in `content`; InputError where it is none."""
        return parse_config(content, self._meter, self.where)

    def other_manifest(self, digest: str) -> Manifest:
        """Return another manifest of the repository, by digest."""
        data = self._server.manifest(digest, ACCEPT, self.where).data
        return parse(self._checked(data, digest), Manifest, self._meter, self.where)

    def blob(self, digest: str, size: int, limit: int) -> bytes:
        """Return a blob of at most `limit` bytes; InputError where it is larger or another."""
        if size > limit:
            raise InputError(f"is larger than {limit:,} bytes", where=f"{self.where}, {digest}")
        return self._checked(b"".join(self._server.blob(digest, size, self.where)), digest)

    def _checked(self, data: bytes, digest: str) -> bytes:
        found = f"sha256:{hashlib.sha256(data).hexdigest()}"
        if found != digest:
            raise InputError(
                f"the registry sends bytes with digest {found} for {digest[:80]}", where=self.where
            )
        return data

    def _first(self) -> tuple[Server, Document]:
        failures = []
        for server in self._servers():
            try:
                asked = self.reference.digest or self.reference.tag
                return server, server.manifest(asked, ACCEPT, self.where)
            except UnreachableError as error:
                failures.append(error)
        raise failures[-1]

    def _servers(self) -> Iterator[Server]:
        transport = Transport(self._meter, time.sleep)
        for endpoint in endpoints_of(self.reference, os.environ.get(VARIABLE, "")):
            authorization = authorization_of(endpoint, transport, self._meter)
            yield Server(endpoint, authorization, transport, self._meter)


class Tag(msgspec.Struct, frozen=True, kw_only=True):
    """What a tag leads to for one platform."""

    reference: str
    digests: tuple[str, ...]
    """``sha256:…`` of what it leads to, and of the platform's manifest where that is another."""
    diff_ids: tuple[str, ...]
    created: datetime | None


def read_tag(name: str, system: str, architecture: str) -> Tag:
    """Return what the tag `name` means now; `architecture` may have a variant: arm64/v8.

    Raises UsageError for a malformed name, UnreachableError where the registry
    does not answer, InputError for what it sends.
    """
    artifact = Artifact(name)
    manifest = artifact.manifest()
    digests = [artifact.digest]
    if manifest.manifests is not None:
        wanted = f"{system}/{architecture}"
        fitting = [
            one.digest
            for one in manifest.manifests
            if one.platform is not None
            and wanted in {str(one.platform), f"{one.platform.os}/{one.platform.architecture}"}
        ]
        if not fitting:
            raise InputError(f"has no image for {wanted}", where=artifact.where)
        digests.append(fitting[0])
        manifest = artifact.other_manifest(fitting[0])
    if manifest.config is None:
        raise InputError("is not an image manifest", where=artifact.where)
    content = artifact.blob(manifest.config.digest, manifest.config.size, _CONFIG_BYTES)
    config = artifact.config(content)
    return Tag(
        reference=artifact.where,
        digests=tuple(digests),
        diff_ids=config.rootfs.diff_ids,
        created=created_of(config.created)[0],
    )


def read_artifact(name: str, sha256: str, limit: int) -> bytes:
    """Return the file with the digest `sha256` (hex) that the artifact `name` holds.

    Raises UsageError for a malformed name, UnreachableError where the registry
    does not answer, InputError where the artifact holds no such file.
    """
    artifact = Artifact(name)
    wanted = f"sha256:{sha256}"
    for layer in artifact.manifest().layers or ():
        if layer.digest == wanted:
            return artifact.blob(wanted, layer.size, limit)
    raise InputError(
        f"holds no file with the digest {wanted}",
        where=artifact.where,
        hint="read what has changed in it, then write the digest of its layer",
    )
