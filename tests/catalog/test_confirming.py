"""No inventory of bytes that are not those that the image describes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gate.bom.model import Bom
from gate.catalog import inventory
from gate.errors import InputError
from gate.run.reading import read_bom
from gate.sources import streams
from gate.sources.budget import Budget, Meter
from gate.sources.image import Opened
from gate.sources.request import Choice, Request
from gate.sources.targets import open_target
from tests.builders import (
    DEBIAN,
    STATUS,
    Image,
    Item,
    compressed,
    docker_archive_old,
    file,
    oci_layout,
    sha256,
    tar,
    write,
)

CHANGED = file("var/lib/dpkg/status", STATUS.replace(b"3.0.9-1", b"9.9.9-9"))
"""As long as before: nothing but the digest gives it away."""
LAYOUTS: dict[str, Callable[[Image], list[Item]]] = {
    "docker": docker_archive_old,
    "oci": oci_layout,
}
compressions = pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])


def damaged(tmp_path: Path, compression: str, layout: str = "docker") -> Path:
    image = Image([tar(DEBIAN[:1]), tar(DEBIAN[1:])], compression=compression)
    sound = image.stored_layers()[1]
    changed = compressed(tar([CHANGED]), compression)
    items = [
        Item(item.name, changed if item.content == sound else item.content)
        for item in LAYOUTS[layout](image)
    ]
    return write(tmp_path / "image.tar", tar(items))


@compressions
@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_changed_bytes_give_no_inventory(tmp_path: Path, compression: str, layout: str) -> None:
    with pytest.raises(InputError, match=r"digest|bytes where the manifest says"):
        read_bom(str(damaged(tmp_path, compression, layout)), Choice(), Budget())


@compressions
def test_the_digest_is_told_before_what_the_change_broke(
    tmp_path: Path, compression: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(opened: Opened, meter: Meter, include_owned: bool) -> Bom:
        raise InputError("cannot be made sense of")

    monkeypatch.setattr(inventory, "_inventory", broken)
    with pytest.raises(InputError, match="its content has digest"):
        read_bom(str(damaged(tmp_path, compression)), Choice(), Budget())


def test_whoever_does_not_ask_for_later_is_told_at_once(tmp_path: Path) -> None:
    path = damaged(tmp_path, "none")
    request = Request(wanted=inventory.wanted_by_all())
    with pytest.raises(InputError, match="its content has digest"):
        open_target(str(path), request, Meter())
    later = Request(wanted=inventory.wanted_by_all(), later=True)
    opened = open_target(str(path), later, Meter())
    assert isinstance(opened, Opened)
    with pytest.raises(InputError, match="its content has digest"):
        opened.confirm()


@compressions
def test_layers_that_take_long_are_waited_for(
    tmp_path: Path, compression: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Large enough for a thread of its own, in many pieces.
    monkeypatch.setattr(streams, "_RELEASED", 4096)
    large = Item("opt/large", bytes(range(256)) * 4096)
    image = Image([tar(DEBIAN), tar([large])], compression=compression)
    path = write(tmp_path / "image.tar", tar(docker_archive_old(image)))
    bom = read_bom(str(path), Choice(), Budget())
    assert [layer.diff_id for layer in bom.subject.layers] == [
        f"sha256:{sha256(layer)}" for layer in image.layers
    ]
    assert [layer.digest for layer in bom.subject.layers] == [
        f"sha256:{sha256(layer)}" for layer in image.stored_layers()
    ]
