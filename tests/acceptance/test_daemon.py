"""Real images in a real Docker daemon: what the daemon gives is what the archive gives."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.bom.model import SubjectKind
from gate.run.inventories import Inventories
from gate.run.reading import read_bom
from gate.sources import daemon as daemon_source
from gate.sources.budget import Budget
from gate.sources.request import Choice
from tests.acceptance.daemons import running_daemon
from tests.cli.bad_inputs import run

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    # Paths of sockets are short: 108 bytes.
    with running_daemon(tmp_path_factory.mktemp("d")) as host:
        yield host


@pytest.fixture
def docker_host(daemon: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("DOCKER_HOST", daemon)
    yield daemon
    gc.collect()  # the docker library leaves sockets behind that it could not connect


IMAGES = {
    "alpine-minirootfs-3.11.13-x86_64.tar.gz": ("apk", 14),
    "almalinux-9-micro-20221101-aarch64.tar.xz": ("rpm", 22),
}


@pytest.mark.parametrize("name", list(IMAGES))
def test_an_imported_root_file_system(
    data: Path, docker_host: str, tmp_path: Path, name: str
) -> None:
    check_import(data / "images" / name, docker_host, tmp_path, *IMAGES[name])


SHARED_IMAGES = {
    "almalinux-8-micro*": ("rpm", 19),
    "alpine-minirootfs-3.10*": ("apk", 14),
    "alpine-minirootfs-3.18*": ("apk", 15),
    "alpine-minirootfs-3.20*": ("apk", 14),
}


@pytest.mark.parametrize("pattern", list(SHARED_IMAGES))
def test_every_image_that_is_shared(
    shared: Path, docker_host: str, tmp_path: Path, pattern: str
) -> None:
    path = next((shared / "images").glob(pattern))
    check_import(path, docker_host, tmp_path, *SHARED_IMAGES[pattern])


def never_sent(*_: object, **__: object) -> None:
    raise AssertionError("the daemon was asked for an image that was read before")


def check_import(path: Path, host: str, tmp_path: Path, kind: str, count: int) -> None:
    import docker  # noqa: PLC0415 - slow, and only here

    tag = f"example/{path.name.split('-')[0]}:{path.stat().st_size}"
    client = docker.DockerClient(base_url=host)
    try:
        answer = json.loads(client.api.import_image_from_file(str(path), *tag.split(":")))
        image_id = client.images.get(tag).id
        saved = tmp_path / "saved.tar"
        saved.write_bytes(b"".join(client.api.get_image(tag)))
    finally:
        client.close()
    assert answer["status"].startswith("sha256:")
    bom = read_bom(tag, Choice(), Budget())
    assert bom.subject.kind is SubjectKind.IMAGE
    assert (bom.subject.source, bom.subject.name) == ("daemon", tag)
    assert bom.subject.image_id == image_id
    assert {component.type for component in bom.components} == {kind}
    assert len(bom.components) == count
    assert all(reading.reason == "" for reading in bom.readings)
    assert {place.layer for c in bom.components for place in c.locations} == {
        bom.subject.layers[0].diff_id
    }
    known = Inventories(tmp_path / "cache", Budget())
    assert read_bom(tag, Choice(), Budget(), known) == bom
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(daemon_source, "StreamedArchive", never_sent)
        assert read_bom(tag, Choice(), Budget(), known) == bom
    archive = read_bom(str(saved), Choice(), Budget())
    assert archive.components == bom.components
    assert archive.subject.image_id == bom.subject.image_id
    rootfs = read_bom(str(path), Choice(), Budget())
    names = [(c.name, c.version, c.arch) for c in bom.components]
    assert [(c.name, c.version, c.arch) for c in rootfs.components] == names


def test_an_image_that_is_not_there(docker_host: str, tmp_path: Path) -> None:
    code, _, err = run(["sbom", "generate", "daemon:example/none:1"])
    assert code == 7
    assert "the Docker daemon has no image 'example/none:1'" in err
