"""Images without a distribution: a PASS needs every program to say what it is made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.bom.model import Bom, ReadingStatus
from gate.run.reading import read_bom
from gate.sources.budget import Budget
from gate.sources.request import Choice
from tests.builders import Image, Item, docker_archive_old, file, tar, write
from tests.catalog.elves import ElfFile, go_inline, modules
from tests.catalog.languages import unread

GO = Item("server", go_inline("go1.22.4", modules("mod\tx.example/y\tv1.0.0")), mode=0o755)
CERTIFICATES = file("etc/ssl/certs/ca-certificates.crt", b"x")
SHELL = Item("bin/sh", ElfFile({b".text": b"x"}).build(), mode=0o755)


def bom_of(tmp_path: Path, *items: Item, compression: str = "none") -> Bom:
    image = Image([tar(list(items))], compression=compression)
    path = write(tmp_path / f"{compression}.tar", tar(docker_archive_old(image)))
    return read_bom(str(path), Choice(), Budget())


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_an_image_of_one_program_is_read_whole(tmp_path: Path, compression: str) -> None:
    bom = bom_of(tmp_path, GO, CERTIFICATES, compression=compression)
    assert unread(bom) == []
    assert {component.type for component in bom.components} == {"golang"}
    assert [note.code for note in bom.notes] == ["no-package-database"]


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_one_silent_program_is_enough_to_know_too_little(tmp_path: Path, compression: str) -> None:
    bom = bom_of(tmp_path, GO, CERTIFICATES, SHELL, compression=compression)
    whats = {what: status for what, status, _ in unread(bom)}
    assert whats["package database"] is ReadingStatus.FAILED
    assert whats["os-release"] is ReadingStatus.FAILED
    assert any("bin/sh is made of" in reason for _, _, reason in unread(bom))


def test_nothing_that_runs_is_no_inventory(tmp_path: Path) -> None:
    assert unread(bom_of(tmp_path, CERTIFICATES))


def test_a_deleted_database_is_not_excused(tmp_path: Path) -> None:
    """The lower layer had one: what its programs are made of is not known any more."""
    lower = [SHELL, file("var/lib/dpkg/status", b"Package: a\n")]
    upper = [GO, file("var/lib/dpkg/.wh.status")]
    image = Image([tar(lower), tar(upper)])
    path = write(tmp_path / "image.tar", tar(docker_archive_old(image)))
    bom = read_bom(str(path), Choice(), Budget())
    assert "package database" in {what for what, _, _ in unread(bom)}
