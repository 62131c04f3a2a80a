"""An image in a Docker daemon, read through its API as one streamed archive."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from gate.bom.model import Bom, Subject
from gate.errors import UnreachableError
from gate.sources.archive import StreamedArchive
from gate.sources.budget import Meter
from gate.sources.dockerarchive import open_docker_archive
from gate.sources.image import Opened
from gate.sources.request import Choice, Request
from gate.sources.streams import Chunk, ahead

SOURCE = "daemon"
_CHUNK = 1024 * 1024


class NotInDaemonError(UnreachableError):
    """No daemon answers, or it has no such image: another source may have it."""


def open_daemon(reference: str, request: Request, meter: Meter) -> Opened | Bom:
    """Open the image that the daemon at DOCKER_HOST knows as `reference`.

    One that was read before is not sent again: its id stands for its content.
    Raises UnreachableError when no daemon answers or it has no such image.
    """
    import docker  # noqa: PLC0415 - 185 ms, only for this kind of target
    from docker.errors import DockerException, ImageNotFound  # noqa: PLC0415
    from requests.exceptions import RequestException  # noqa: PLC0415

    address = os.environ.get("DOCKER_HOST", "the default socket")
    try:
        client = docker.from_env()
        image = client.images.get(reference)
        identity = str(image.id)
        attributes = dict(image.attrs)
    except ImageNotFound as error:
        raise NotInDaemonError(
            f"the Docker daemon has no image '{reference}'",
            hint=f"docker pull {reference}, or give the path of an archive",
        ) from error
    except (DockerException, RequestException, OSError) as error:
        raise NotInDaemonError(
            f"no Docker daemon answers at {address}",
            where=reference,
            hint="there is no file of that name either; start the daemon, set DOCKER_HOST, "
            "or give the path of an archive",
        ) from error

    key = f"{SOURCE} {identity}"
    known = request.recall(key)
    if known is not None:
        client.close()
        return msgspec.structs.replace(known, subject=_named(known.subject, reference, attributes))

    def chunks() -> Iterator[Chunk]:
        try:
            # By id: a tag could move between the look-up and this request.
            yield from client.api.get_image(identity, chunk_size=_CHUNK)
        except (DockerException, RequestException, OSError) as error:
            raise UnreachableError(
                "the Docker daemon broke off while it sent the image",
                where=reference,
                hint="try again; look at the daemon's log if it stays",
            ) from error

    archive = StreamedArchive(ahead(chunks()), request.wanted, meter, reference, reopen=chunks)
    opened = open_docker_archive(archive, Choice(), meter, source=SOURCE)
    subject = _named(opened.subject, reference, attributes)
    return msgspec.structs.replace(opened, subject=subject, key=key)


def _named(subject: Subject, reference: str, attributes: Mapping[str, Any]) -> Subject:
    return msgspec.structs.replace(
        subject,
        name=reference,
        tags=tuple(sorted(attributes.get("RepoTags") or ())),
        repo_digests=tuple(sorted(attributes.get("RepoDigests") or ())),
    )
