"""An image in a Docker daemon, read through its API as one streamed archive."""

from __future__ import annotations

import os
from collections.abc import Iterator

import msgspec

from gate.errors import UnreachableError
from gate.sources.archive import StreamedArchive
from gate.sources.budget import Meter
from gate.sources.dockerarchive import open_docker_archive
from gate.sources.image import Opened
from gate.sources.request import Choice
from gate.sources.streams import Chunk, ahead
from gate.sources.wanted import Wanted

_CHUNK = 1024 * 1024


class NotInDaemonError(UnreachableError):
    """No daemon answers, or it has no such image: another source may have it."""


def open_daemon(reference: str, wanted: Wanted, meter: Meter) -> Opened:
    """Open the image that the daemon at DOCKER_HOST knows as `reference`.

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

    archive = StreamedArchive(ahead(chunks()), wanted, meter, reference, reopen=chunks)
    opened = open_docker_archive(archive, Choice(), meter, source="daemon")
    subject = msgspec.structs.replace(
        opened.subject,
        name=reference,
        tags=tuple(sorted(attributes.get("RepoTags") or ())),
        repo_digests=tuple(sorted(attributes.get("RepoDigests") or ())),
    )
    return msgspec.structs.replace(opened, subject=subject)
