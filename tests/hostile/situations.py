"""Hostile surroundings: registries, daemons, hosts, folders.  Numbers as in `images`.

A situation prepares a bench, and may keep a server running until the check is over.
"""

from __future__ import annotations

import json
import os
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from gate.bom.cyclonedx import write_bom
from gate.bom.model import (
    Bom,
    Component,
    Distro,
    Host,
    Kernel,
    Reading,
    ReadingStatus,
    Subject,
    SubjectKind,
)
from tests.advisories.zips import record
from tests.builders import (
    DEBIAN,
    STATUS,
    Image,
    Item,
    docker_archive_old,
    file,
    oci_layout,
    sha256,
    tar,
    write_folder,
)
from tests.cli.bad_inputs import Bench
from tests.hostile.images import DATABASE, READ, REFUSED, USAGE
from tests.sources.registry_server import Fake, endless, endless_body, says, serving
from tests.sources.registry_server import Request as Asked

FAILED, UNREACHED = 1, 7
Environment = dict[str, str]
Situation = Callable[[Bench], Iterator[Environment]]
Described = tuple[str, Situation, int, str]
INDEX = "application/vnd.oci.image.index.v1+json"


def plain(prepare: Callable[[Bench], object]) -> Situation:
    """Return a situation that is only prepared."""

    def situation(bench: Bench) -> Iterator[Environment]:
        prepare(bench)
        yield {}

    return situation


def in_registry(change: Callable[[Fake], object], *arguments: str) -> Situation:
    """Return a registry that holds a sound image and does something wrong."""

    def situation(bench: Bench) -> Iterator[Environment]:
        with serving(Fake()) as fake:
            fake.add(Image([tar(DEBIAN)], compression="gzip"))
            change(fake)
            bench.target = f"registry:{fake.host}/team/app:1"
            bench.arguments += arguments
            yield {"DOCKER_CONFIG": str(bench.root), "NO_PROXY": "localhost,127.0.0.1"}

    return situation


def moving_tag(fake: Fake) -> None:
    """Give another manifest each time the tag is asked for."""
    digests = [fake.add(Image([tar([*DEBIAN, file(f"f{n}")])]), tag=f"v{n}") for n in range(3)]

    def moved(request: Asked) -> bool:
        kind, data = fake.manifests[digests.pop(0)]
        request.answer(200, data, Content_Type=kind)
        return True

    fake.faults["1"] = [moved]


def in_daemon(respond: Callable[[BaseHTTPRequestHandler], object]) -> Situation:
    """Return a Docker daemon that knows an image and sends it as `respond` does."""

    def situation(bench: Bench) -> Iterator[Environment]:
        with _daemon(bench.root / "d.sock", respond) as host:
            bench.target = "daemon:example/app:1"
            yield {"DOCKER_HOST": host}

    return situation


@contextmanager
def _daemon(socket: Path, respond: Callable[[BaseHTTPRequestHandler], object]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path.endswith("/get"):
                respond(self)
                self.close_connection = True
                return
            content = json.dumps(
                {"ApiVersion": "1.43", "Version": "24", "Id": "sha256:" + "ab" * 32}
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_HEAD = do_GET  # noqa: N815 - the standard library's name

        def address_string(self) -> str:
            return "socket"

        def log_message(self, *arguments: object) -> None:
            pass

    server = socketserver.ThreadingUnixStreamServer(str(socket), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"unix://{socket}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def dies(handler: BaseHTTPRequestHandler) -> None:
    """Send half of an archive, in pieces, and hang up."""
    archive = tar(docker_archive_old(Image([tar(DEBIAN)])))
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    half = archive[: len(archive) // 2]
    handler.wfile.write(f"{len(half):x}\r\n".encode() + half + b"\r\n")


def root_file_system(bench: Bench, *items: Item) -> Path:
    folder = write_folder(bench.root / "root", [*DEBIAN, *items])
    bench.target = f"rootfs:{folder}"
    return folder


def fifo_as_database(bench: Bench) -> None:
    status = root_file_system(bench) / DATABASE
    status.unlink()
    os.mkfifo(status)


def sources(bench: Bench, *items: Item) -> None:
    bench.target = str(write_folder(bench.root / "sources", items))


def aliases() -> bytes:
    lines = ["lockfileVersion: '9.0'", "a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 40)]
    return "\n".join([*lines, "packages: *a39", ""]).encode()


def archive_with(*arguments: str, items: Callable[[], bytes]) -> Situation:
    def situation(bench: Bench) -> Iterator[Environment]:
        bench.archive(items())
        bench.arguments += arguments
        yield {}

    return situation


def past_support(bench: Bench) -> None:
    """Debian 9: there are advisories, and support ended in 2022."""
    bench.image(file("etc/os-release", b"ID=debian\nVERSION_ID=9\n"), DEBIAN[1])
    bench.policy("version: 1\nrules:\n  end_of_life: {action: fail}\n")


def older_kernel(bench: Bench) -> None:
    """What a host says of itself whose newest kernel is installed and does not run."""
    kernels = [
        Component(
            ref=f"pkg:deb/debian/linux-image-6.1.0-{number}-amd64@6.1.{number}-1?distro=debian-12",
            purl=f"pkg:deb/debian/linux-image-6.1.0-{number}-amd64@6.1.{number}-1?distro=debian-12",
            type="deb", namespace="debian", name=f"linux-image-6.1.0-{number}-amd64",
            version=f"6.1.{number}-1", source_name="linux", source_version=f"6.1.{number}-1",
        )
        for number in (8, 9)
    ]  # fmt: skip
    bom = Bom(
        subject=Subject(
            kind=SubjectKind.HOST, source="host", name="host:x", digests={"sha256": "ab" * 32}
        ),
        distro=Distro(id="debian", version_id="12"),
        components=tuple(kernels),
        readings=(Reading(what="dpkg database", status=ReadingStatus.COMPLETE, components=2),),
        host=Host(
            running_kernel="6.1.0-8-amd64",
            kernels=tuple(
                Kernel(release=one.name.removeprefix("linux-image-"), package=one.ref)
                for one in kernels
            ),
        ),
    )
    path = bench.root / "host.cdx.json"
    path.write_bytes(write_bom(bom, datetime(2026, 11, 1, tzinfo=UTC)))
    bench.target = str(path)
    bench.policy("version: 1\nrules:\n  restart: {action: fail}\n  image_age: {action: 'off'}\n")


def accepted_without_database(bench: Bench) -> None:
    """An image whose database was removed, which the policy names by its digest."""
    image = Image([tar([DEBIAN[0], file("srv/app")])])
    bench.archive(tar(docker_archive_old(image)))
    digest = f"sha256:{sha256(image.config())}"
    bench.policy(f"version: 1\ncoverage:\n  accept_unread: ['{digest}']\n")


def many_files() -> bytes:
    names = [file(f"srv/{number}") for number in range(30_000)]
    return tar(docker_archive_old(Image([tar([*DEBIAN, *names])])))


SECONDS = ("--limit", "seconds=2")

SITUATIONS: list[Described] = [
    ("32 media type of the answer is not that of the manifest", in_registry(
        lambda fake: fake.faults.update(
            {"1": [says(200, fake.manifests["1"][1], Content_Type=INDEX)]})), REFUSED, ""),
    ("34 only for another platform", archive_with("--platform", "linux/s390x", items=lambda: tar(
        oci_layout(Image([tar(DEBIAN)]), platforms=["linux/arm64"]))), USAGE, "linux/arm64"),
    ("36 the tag moves while it is read", in_registry(moving_tag), READ, ""),
    ("37 redirect of a layer to another host that wants a log-in", in_registry(
        lambda fake: fake.faults.update({fake.layers()[0]: [
            says(307, Location="http://127.0.0.1:9/secret")]})), UNREACHED, ""),
    ("38 a layer that is shorter than promised", in_registry(
        lambda fake: fake.faults.update({fake.layers()[0]: [
            says(200, fake.blobs[fake.layers()[0]][:-9])]})), REFUSED, ""),
    ("38 a body that drips", in_registry(lambda fake: fake.faults.update({fake.layers()[0]: [
        lambda request: (request.send_response(200), endless_body(request, b"x", 0.05))[1]]}),
        *SECONDS), REFUSED, ""),
    ("38 a body without end", in_registry(lambda fake: fake.faults.update(
        {fake.layers()[0]: [endless]}), *SECONDS), REFUSED, ""),
    ("39 the daemon hangs up in the middle", in_daemon(dies), UNREACHED, "broke off"),
    ("42 more files than the limit", archive_with(
        "--limit", "entries=20000", items=many_files), REFUSED, "entries"),
    ("42 a path of 10,000 folders", archive_with(items=lambda: tar(docker_archive_old(Image(
        [tar([*DEBIAN, file("a/" * 10_000 + "x")])])))), READ, ""),
    ("42 a path beyond the limit", archive_with(items=lambda: tar(docker_archive_old(Image(
        [tar([*DEBIAN, file("a/" * 40_000 + "x")])])))), REFUSED, "path_bytes"),
    ("55 a distribution past its support", plain(past_support), FAILED, "end_of_life"),
    ("56 the database was removed, and the policy accepts this image", plain(
        accepted_without_database), READ, ""),
    ("61 requirements that lead outside", plain(lambda bench: sources(
        bench, file("requirements.txt", b"-r ../../../../etc/passwd\nsix==1.16.0\n"))), REFUSED,
     "requirements.txt"),
    ("62 YAML aliases that multiply", plain(lambda bench: sources(
        bench, file("pnpm-lock.yaml", aliases()))), REFUSED, "pnpm-lock.yaml"),
    ("62 a lock file of 600 MiB", plain(lambda bench: sources(
        bench, file("package-lock.json", b'{"x":"' + b"x" * (600 << 20) + b'"}'))), REFUSED,
     "file_bytes"),
    ("62 a lock file nested without end", plain(lambda bench: sources(
        bench, file("package-lock.json", b'{"packages":' * 500_000))), REFUSED,
     "package-lock.json"),
    ("64 the database is a fifo", plain(fifo_as_database), REFUSED, DATABASE),
    ("64 the database leads out of the root", plain(lambda bench: (
        (root_file_system(bench) / DATABASE).unlink(),
        (bench.root / "root" / DATABASE).symlink_to("/var/lib/dpkg/status"))), REFUSED, DATABASE),
    ("64 stores of containers are not the host's", plain(lambda bench: root_file_system(
        bench, file("var/lib/docker/overlay2/x/var/lib/dpkg/status", STATUS[:-9]))), READ,
     "containers-not-searched"),
    ("65 the newest kernel does not run", plain(older_kernel), FAILED,
     "kernel 6.1.0-8-amd64 runs, 6.1.0-9-amd64 is installed"),
]  # fmt: skip

ECOSYSTEMS = (
    record("DSA-9", "Debian:9", "nginx"),
    *(record(f"X-{name}", name, "nothing:here") for name in ("Maven", "Go", "npm", "PyPI")),
)
"""Beside those of the sound bench, so that every package here can be looked up."""
