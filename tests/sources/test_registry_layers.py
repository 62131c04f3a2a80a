"""Layers of a registry that are known are not fetched again, and never believed too much."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.errors import BudgetError, InputError
from gate.run.inventories import Inventories
from gate.sources.budget import Budget, Meter
from gate.sources.image import Opened
from gate.sources.registry.image import open_registry
from gate.sources.request import Request
from gate.sources.wanted import Wanted
from tests.builders import DEBIAN, STATUS, Image, Item, file, symlink, tar
from tests.sources.registry_server import Fake, serving

STATUS_PATH = b"var/lib/dpkg/status"
WANTED = Wanted(paths=frozenset({STATUS_PATH}))
NEWER = STATUS.replace(b"3.0.9-1", b"3.0.9-2")


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DOCKER_AUTH_CONFIG", "REGISTRY_AUTH_FILE", "PATCHGATE_REGISTRIES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "no-docker"))
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")


@pytest.fixture
def fake() -> Iterator[Fake]:
    with serving(Fake()) as running:
        running.add(image(DEBIAN[1]))
        yield running


def image(*top: Item, compression: str = "gzip") -> Image:
    return Image([tar([DEBIAN[0], file("usr/bin/x", b"x")]), tar(top)], compression=compression)


def opened(fake: Fake, folder: Path, budget: Budget | None = None) -> Opened:
    budget = budget or Budget()
    request = Request(wanted=WANTED, layers=Inventories(folder, budget))
    return open_registry(f"{fake.host}/team/app:1", request, Meter(budget))


def fetched(fake: Fake) -> list[str]:
    """Return which layers were asked for since the last call."""
    layers = set(fake.layers())
    asked = [digest for digest in fake.log if digest in layers]
    fake.log.clear()
    return asked


def status(found: Opened) -> bytes:
    return bytes(found.tree.read(STATUS_PATH))


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_only_layers_that_are_new_are_fetched(fake: Fake, tmp_path: Path, compression: str) -> None:
    fake.add(image(DEBIAN[1], compression=compression))
    first = opened(fake, tmp_path)
    assert len(fetched(fake)) == 2
    again = opened(fake, tmp_path)
    assert fetched(fake) == []
    assert (status(again), again.subject) == (STATUS, first.subject)
    assert again.tree.find(WANTED) == first.tree.find(WANTED)
    fake.add(image(file(STATUS_PATH.decode(), NEWER), compression=compression))
    changed = opened(fake, tmp_path)
    assert fetched(fake) == [fake.layers()[1]]
    assert status(changed) == NEWER


def test_what_was_not_kept_is_fetched_and_checked(fake: Fake, tmp_path: Path) -> None:
    moved = [file("elsewhere/status", STATUS), symlink(STATUS_PATH.decode(), "/elsewhere/status")]
    fake.add(image(*moved))
    opened(fake, tmp_path)
    fetched(fake)
    assert status(opened(fake, tmp_path)) == STATUS
    assert fetched(fake) == [fake.layers()[1]]
    layer = fake.layers()[1]
    fake.blobs[layer] = bytes(len(fake.blobs[layer]))
    with pytest.raises(InputError, match=f"for {layer}"):
        status(opened(fake, tmp_path))


def test_bytes_of_another_digest_are_kept_under_no_name(fake: Fake, tmp_path: Path) -> None:
    layer = fake.layers()[1]
    sound = fake.blobs[layer]
    # The time in a gzip header: the content is the same, the digest is not.
    fake.blobs[layer] = bytes([*sound[:4], sound[4] ^ 1, *sound[5:]])
    with pytest.raises(InputError, match="digest"):
        opened(fake, tmp_path)
    fake.blobs[layer] = sound
    fetched(fake)
    assert status(opened(fake, tmp_path)) == STATUS
    assert fetched(fake) == [layer]


def test_a_damaged_file_is_no_layer(fake: Fake, tmp_path: Path) -> None:
    opened(fake, tmp_path)
    for path in (tmp_path / "layers").iterdir():
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    fetched(fake)
    assert status(opened(fake, tmp_path)) == STATUS
    assert len(fetched(fake)) == 2


def test_another_image_that_names_the_layer_is_held_to_its_configuration(
    fake: Fake, tmp_path: Path
) -> None:
    opened(fake, tmp_path)
    wrong = image(DEBIAN[1])
    wrong.config_changes = {"rootfs": {"type": "layers", "diff_ids": [f"sha256:{'0' * 64}"] * 2}}
    fake.add(wrong)
    with pytest.raises(InputError, match="its content has digest"):
        opened(fake, tmp_path)


def test_layers_count_against_the_budget_of_the_run(fake: Fake, tmp_path: Path) -> None:
    opened(fake, tmp_path)
    request = Request(wanted=WANTED, layers=Inventories(tmp_path, Budget()))
    with pytest.raises(BudgetError, match="entries"):
        open_registry(f"{fake.host}/team/app:1", request, Meter(Budget(entries=1)))
