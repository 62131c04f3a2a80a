"""What somebody signed about an image, kept beside it in its registry.

Rules: cosign's signature specification (tag ``sha256-….sig``, "simple signing" payloads) and
attestations (tag ``sha256-….att``), and Sigstore bundles as OCI referrers, with
statements in DSSE envelopes (in-toto Statement v1).  Only keys that the policy
names count: certificates and transparency logs are not looked at.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from gate.evidence.dsse import pae
from gate.evidence.keys import VerifyingKey, load_public, load_ssh_public
from gate.sources.registry.pushing import Described, Repository

_SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"
_ENVELOPE = "application/vnd.dsse.envelope.v1+json"
_BUNDLE = "application/vnd.dev.sigstore.bundle"
_SIGNATURE = "dev.cosignproject.cosign/signature"
_COSIGN_TYPE = "cosign container image signature"
_SIGN = "https://sigstore.dev/cosign/sign/v1"
_LARGEST = 64 * 1024 * 1024
_MOST = 200
"""Attached artifacts that are looked at."""


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """One signed statement about an image."""

    kind: str
    """`predicateType`; "" for a plain signature."""
    predicate: Any
    keyids: tuple[str, ...]
    """Of the keys that the policy names and that signed; empty where none did."""

    @property
    def is_signature(self) -> bool:
        """Whether it says nothing but that somebody vouches for the image."""
        return self.kind in {"", _SIGN}


def load_keys(written: Sequence[str]) -> list[VerifyingKey]:
    """Return the keys of a policy, PEM or OpenSSH lines; VerificationError for anything else."""
    return [_key(one.encode()) for one in written]


def _key(written: bytes) -> VerifyingKey:
    if written.lstrip().startswith(b"-----"):
        return load_public(written)
    return load_ssh_public(written)


def signed_about(
    repository: Repository, digest: str, keys: Sequence[VerifyingKey]
) -> Iterator[Signed]:
    """Yield what is attached to the manifest `digest` and speaks of it, signed or not.

    UnreachableError or InputError where the registry does not give it.
    """
    for document in _artifacts(repository, digest):
        for layer in _objects(document.get("layers")):
            kind = str(layer.get("mediaType", ""))
            if kind not in {_SIMPLE, _ENVELOPE} and not kind.startswith(_BUNDLE):
                continue
            content = repository.blob(str(layer.get("digest", "")), _LARGEST) or b""
            if kind == _SIMPLE:
                (noted,) = _objects([layer.get("annotations")]) or [{}]
                yield from _simple(content, str(noted.get(_SIGNATURE, "")), digest, keys)
            else:
                yield from _enveloped(content, digest, keys)


def _artifacts(repository: Repository, digest: str) -> Iterator[dict[str, Any]]:
    tag = digest.replace(":", "-")
    for name in (f"{tag}.sig", f"{tag}.att"):
        found = repository.manifest(name)
        if found is not None:
            yield _object(found[1])
    for described in _objects(repository.referrers(digest))[:_MOST]:
        if _may_speak(described):
            found = repository.manifest(str(described.get("digest", "")))
            if found is not None:
                yield _object(found[1])


def _may_speak(described: Described) -> bool:
    """Return whether an artifact may hold signatures: its type says so, or says nothing."""
    kind = str(described.get("artifactType") or "")
    return not kind or kind.startswith(("application/vnd.dev.", _ENVELOPE, "application/vnd.oci."))


def _simple(
    payload: bytes, stated: str, digest: str, keys: Sequence[VerifyingKey]
) -> Iterator[Signed]:
    critical = _object(payload).get("critical")
    if not isinstance(critical, dict) or critical.get("type") != _COSIGN_TYPE:
        return
    image = critical.get("image")
    if isinstance(image, dict) and image.get("docker-manifest-digest") == digest:
        signature = _decoded(stated)
        keyids = tuple(key.keyid for key in keys if key.verify(payload, signature))
        yield Signed(kind="", predicate=None, keyids=keyids)


def _enveloped(content: bytes, digest: str, keys: Sequence[VerifyingKey]) -> Iterator[Signed]:
    document = _object(content)
    envelope = document.get("dsseEnvelope", document)
    if not isinstance(envelope, dict):
        return
    payload = _decoded(str(envelope.get("payload", "")))
    statement = _object(payload)
    if not _speaks_of(statement, digest):
        return
    message = pae(str(envelope.get("payloadType", "")), payload)
    signatures = _objects(envelope.get("signatures"))
    keyids = {
        key.keyid
        for one in signatures
        for key in keys
        if key.verify(message, _decoded(str(one.get("sig", ""))))
    }
    kind = str(statement.get("predicateType", ""))
    yield Signed(kind=kind, predicate=statement.get("predicate"), keyids=tuple(sorted(keyids)))


def _speaks_of(statement: dict[str, Any], digest: str) -> bool:
    wanted = digest.removeprefix("sha256:")
    digests = _objects([one.get("digest") for one in _objects(statement.get("subject"))])
    return any(one.get("sha256") == wanted for one in digests)


def _object(content: bytes) -> dict[str, Any]:
    """Return a JSON object; an empty one for anything else, which then says nothing."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[dict[str, Any]]:
    """Return the objects of a list; none of what is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _decoded(written: str) -> bytes:
    try:
        return base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError):
        return b""
