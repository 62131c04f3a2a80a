"""Put small artifacts into a registry: blobs, manifests, and what they refer to.

Rules: OCI distribution specification v1.1, pushing blobs (POST then PUT) and manifests,
"Pushing Manifests with Subject" (``OCI-Subject``), and the referrers tag schema for
registries without the referrers API.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

from gate.errors import InputError, UnreachableError
from gate.sources.budget import Budget, Meter
from gate.sources.registry.endpoints import VARIABLE, endpoints_of
from gate.sources.registry.image import authorization_of
from gate.sources.registry.reference import Reference
from gate.sources.registry.server import Server
from gate.sources.registry.transport import Transport, TryAgain

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
EMPTY = "application/vnd.oci.empty.v1+json"
_DOCKER = "application/vnd.docker.distribution.manifest"
_ACCEPT = f"{MANIFEST}, {INDEX}, {_DOCKER}.v2+json, {_DOCKER}.list.v2+json"
_MANIFEST_BYTES = 4 * 1024 * 1024
"""What the specification asks registries to take at least."""
_CREATED, _ACCEPTED, _OK, _UNKNOWN = 201, 202, 200, 404
_TRIES = 3

Described = dict[str, Any]
"""A descriptor: mediaType, digest, size."""


class Repository:
    """One repository that artifacts are read from and pushed to, on its own server."""

    def __init__(self, reference: Reference, *, seconds: float = 3600.0) -> None:
        """Nothing is sent yet."""
        self.where = reference.name
        meter = Meter(Budget(seconds=seconds))
        transport = Transport(meter, time.sleep)
        # A mirror is for reading: what is pushed has to be where everybody looks.
        endpoint = endpoints_of(reference, os.environ.get(VARIABLE, ""))[-1]
        self._server = Server(
            endpoint, authorization_of(endpoint, transport, meter), transport, meter
        )

    def tags(self) -> list[str]:
        """Return all tags; none where there is no such repository yet."""
        found: list[str] = []
        path = "tags/list?n=1000"
        while path:
            answer = self._server.get(path, _MANIFEST_BYTES, self.where)
            if answer is None:
                return found
            content, headers = answer
            found += _object(content, self.where).get("tags") or []
            path = _next(headers.get("Link", ""))
        return found

    def manifest(self, name: str) -> tuple[Described, bytes] | None:
        """Return the descriptor and content of a manifest, None where there is none."""
        try:
            document = self._server.manifest(name, _ACCEPT, self.where)
        except UnreachableError as error:
            if "(404)" in error.what:
                return None
            raise
        digest = f"sha256:{hashlib.sha256(document.data).hexdigest()}"
        if name.startswith("sha256:") and name != digest:
            raise InputError(f"the registry sends bytes with digest {digest}", where=self.where)
        described = {"mediaType": document.media_type, "digest": digest, "size": len(document.data)}
        return described, document.data

    def blob(self, digest: str, limit: int) -> bytes | None:
        """Return a blob, None where there is none; InputError where it is another."""
        answer = self._server.get(f"blobs/{digest}", limit, self.where)
        if answer is None:
            return None
        if f"sha256:{hashlib.sha256(answer[0]).hexdigest()}" != digest:
            raise InputError(f"the registry sends other bytes for {digest}", where=self.where)
        return answer[0]

    def put_blob(self, content: bytes, media_type: str) -> Described:
        """Keep a blob, and return its descriptor; UnreachableError where it is not taken."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        described = {"mediaType": media_type, "digest": digest, "size": len(content)}
        with closing(self._send("HEAD", f"blobs/{digest}")) as answer:
            if answer.status_code == _OK:
                return described
        with closing(self._send("POST", "blobs/uploads/")) as answer:
            self._expect(answer, _ACCEPTED)
            location = answer.headers.get("Location", "")
        separator = "&" if urlsplit(location).query else "?"
        headers = {"Content-Type": "application/octet-stream"}
        with closing(
            self._send("PUT", f"{location}{separator}digest={digest}", content, headers)
        ) as answer:
            self._expect(answer, _CREATED)
        return described

    def put_manifest(self, name: str, document: Described) -> str:
        """Keep a manifest under a tag, and return its digest.

        Where it has a subject and the registry does not keep account of that, the
        index of the referrers tag schema is brought up to date.
        """
        content = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
        if len(content) > _MANIFEST_BYTES:
            raise InputError(
                f"would need a manifest of more than {_MANIFEST_BYTES:,} bytes", where=self.where
            )
        headers = {"Content-Type": document["mediaType"]}
        with closing(self._send("PUT", f"manifests/{name}", content, headers)) as answer:
            self._expect(answer, _CREATED)
            known = answer.headers.get("OCI-Subject", "")
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        subject = document.get("subject")
        if subject is not None and not known:
            self._refer(subject["digest"], document, digest, len(content))
        return digest

    def _refer(self, subject: str, document: Described, digest: str, size: int) -> None:
        tag = subject.replace(":", "-")
        found = self.manifest(tag)
        index = _object(found[1], self.where) if found is not None else {}
        listed = [one for one in index.get("manifests") or [] if one.get("digest") != digest]
        entry = {
            "mediaType": document["mediaType"],
            "digest": digest,
            "size": size,
            "artifactType": document.get("artifactType", ""),
            "annotations": document.get("annotations", {}),
        }
        new = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [*listed, entry]}
        self.put_manifest(tag, new)

    def referrers(self, digest: str) -> list[Described]:
        """Return descriptors of what refers to a manifest, by the API or by the tag schema."""
        answer = self._server.get(f"referrers/{digest}", _MANIFEST_BYTES, self.where)
        if answer is not None:
            return list(_object(answer[0], self.where).get("manifests") or [])
        found = self.manifest(digest.replace(":", "-"))
        return list(_object(found[1], self.where).get("manifests") or []) if found else []

    def _send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        for left in reversed(range(_TRIES)):
            try:
                return self._server.ask(path, headers or {}, self.where, method=method, body=body)
            except TryAgain as error:
                if not left:
                    raise UnreachableError(error.reason, where=self.where) from None
                time.sleep(1.0)
        raise AssertionError

    def _expect(self, answer: Any, status: int) -> None:
        if answer.status_code != status:
            raise UnreachableError(
                f"the registry does not take it (answers {answer.status_code})",
                where=self.where,
                hint="the account needs the right to push",
            )


def _object(content: bytes, where: str) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except ValueError as error:
        raise InputError("the registry does not answer with JSON", where=where) from error
    if not isinstance(value, dict):
        raise InputError("the registry answers with something else", where=where)
    return value


def _next(link: str) -> str:
    """Return the path of the next page (RFC 8288); "" where this is the last."""
    address, _, relation = link.partition(">")
    return address.lstrip("<") if 'rel="next"' in relation else ""
