"""An image in a registry: pinned to a digest first, then read like an OCI layout."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import msgspec

from gate.bom.model import Note, Subject
from gate.errors import UnreachableError
from gate.sources.budget import Meter
from gate.sources.image import Opened
from gate.sources.oci import open_oci
from gate.sources.registry.authorization import Authorization
from gate.sources.registry.endpoints import VARIABLE, Endpoint, endpoints_of
from gate.sources.registry.helper import ask_helper
from gate.sources.registry.login import find_login
from gate.sources.registry.reference import Reference, parse_reference
from gate.sources.registry.server import Server
from gate.sources.registry.store import RegistryBlobs
from gate.sources.registry.transport import Transport
from gate.sources.request import Request

SOURCE = "registry"


def open_registry(
    name: str, request: Request, meter: Meter, *, sleep: Callable[[float], None] = time.sleep
) -> Opened:
    """Open the image that a registry knows as `name`.

    The subject's digest is that of the image manifest; its `repo_digests` hold
    what the tag led to, too, where that is an index of platforms.  Raises
    UsageError for a name or a configuration that is malformed, UnreachableError
    where the registry cannot be reached or lets nobody in, InputError for what
    it sends.
    """
    reference = parse_reference(name)
    endpoints = endpoints_of(reference, os.environ.get(VARIABLE, ""))
    transport = Transport(meter, sleep)
    blobs, endpoint = _pinned(reference, endpoints, transport, request, meter)
    notes = _notes(endpoint)

    def key_of(image_id: str) -> str:
        return " ".join((SOURCE, image_id, *(note.message for note in notes)))

    opened = open_oci(
        blobs, request.choice, meter, lambda image_id: request.recall(key_of(image_id))
    )
    return msgspec.structs.replace(
        opened,
        subject=_subject(opened.subject, reference, blobs),
        notes=(*opened.notes, *notes),
        key=key_of(opened.subject.image_id),
    )


def _pinned(
    reference: Reference,
    endpoints: tuple[Endpoint, ...],
    transport: Transport,
    request: Request,
    meter: Meter,
) -> tuple[RegistryBlobs, Endpoint]:
    """Return the blobs of the first endpoint that has the image."""
    failures = []
    for endpoint in endpoints:
        server = Server(endpoint, authorization_of(endpoint, transport, meter), transport, meter)
        try:
            return RegistryBlobs(server, reference, request, meter), endpoint
        except UnreachableError as error:
            if len(endpoints) == 1:
                raise
            failures.append(f"{endpoint.host}: {error.what}")
    raise UnreachableError(
        f"no server that {VARIABLE} names for {reference.host} has it: {'; '.join(failures)}",
        where=str(reference),
        hint="check the name, and docker login for each of them",
    )


def authorization_of(endpoint: Endpoint, transport: Transport, meter: Meter) -> Authorization:
    """Return what logs in to one server, with the credentials that `docker login` keeps."""
    return Authorization(
        endpoint,
        lambda: find_login(endpoint.login, endpoint.repository, os.environ, ask_helper),
        transport,
        meter,
    )


def _subject(subject: Subject, reference: Reference, blobs: RegistryBlobs) -> Subject:
    manifest = f"sha256:{subject.digests['sha256']}"
    pinned = {f"{reference.name}@{digest}" for digest in (blobs.root.digest, manifest)}
    return msgspec.structs.replace(
        subject,
        source=SOURCE,
        name=str(reference),
        tags=() if reference.digest else (str(reference),),
        repo_digests=tuple(sorted(pinned)),
        pushed=blobs.pushed,
        pushed_basis="registry" if blobs.pushed is not None else "",
    )


def _notes(endpoint: Endpoint) -> tuple[Note, ...]:
    """Say who answered in the registry's place, since it decides what a tag means."""
    if not endpoint.chosen:
        return ()
    server = f"{endpoint.scheme}://{endpoint.host}/{endpoint.repository}"
    return (
        Note(code="registry-endpoint", message=f"{VARIABLE} names {server} as where to read it"),
    )
