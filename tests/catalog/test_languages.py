"""All languages together: readings, folders, and that nothing is there twice."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.bom.model import Note, Reading, ReadingStatus
from gate.catalog.inventory import take_inventory, wanted_by_all
from gate.catalog.languages import LANGUAGES, read_languages
from gate.catalog.package import Found
from gate.errors import InputError
from gate.run.reading import read_bom
from gate.sources.budget import Budget, Meter
from gate.sources.folder import FolderTree
from gate.sources.image import Opened
from gate.sources.layer import Content, scan
from gate.sources.overlay import OverlayTree
from gate.sources.request import Choice, Request
from gate.sources.streams import ChunkReader
from gate.sources.targets import open_target
from tests.builders import Item, file, tar, write, write_folder
from tests.catalog.elves import go_inline, modules, rust
from tests.catalog.languages import BASE, take, unread

CONDA = b'{"name": "openssl", "version": "3.0.9", "build": "h1", "license": "Apache-2.0"}'
ONE_OF_EACH: tuple[Item, ...] = (
    file("opt/v/a-1.dist-info/METADATA", b"Name: a\nVersion: 1\n"),
    file("opt/conda/conda-meta/openssl-3.0.9-h1.json", CONDA),
    file("opt/conda/conda-meta/history", b"==> 2026 <=="),
    file("app/node_modules/b/package.json", b'{"name": "b", "version": "2.0.0"}'),
    Item("app/go", go_inline("go1.22.4", modules("mod\tx.example/y\tv1.0.0")), mode=0o755),
    Item("app/rust", rust({"name": "c", "version": "3.0.0"}), mode=0o755),
)
PURLS = {
    "pkg:pypi/a@1",
    "pkg:conda/openssl@3.0.9",
    "pkg:npm/b@2.0.0",
    "pkg:golang/stdlib@1.22.4",
    "pkg:golang/x.example/y@v1.0.0",
    "pkg:cargo/c@3.0.0",
}


def test_every_language_has_its_own_name() -> None:
    names = [language.what for language in LANGUAGES]
    assert len(set(names)) == len(names) == 21
    wanted = wanted_by_all()
    for language in LANGUAGES:
        assert wanted.covers(language.wanted)


@pytest.mark.parametrize("how", ["none", "gzip", "rootfs tar", "folder"])
def test_one_of_each_however_it_is_stored(tmp_path: Path, how: str) -> None:
    if how in {"none", "gzip"}:
        bom = take(tmp_path, list(ONE_OF_EACH), compression=how)
    elif how == "folder":
        folder = write_folder(tmp_path / "root", [*BASE, *ONE_OF_EACH])
        for name in ("go", "rust"):
            (folder / "app" / name).chmod(0o755)
        bom = read_bom(str(folder), Choice(), Budget())
    else:
        path = write(tmp_path / "rootfs.tar", tar([*BASE, *ONE_OF_EACH]))
        bom = read_bom(str(path), Choice(), Budget())
    assert {c.purl for c in bom.components if c.type != "deb"} == PURLS
    assert {r.what: r.components for r in bom.readings if r.components} == {
        "dpkg database": 1,
        "Python packages": 1,
        "conda packages": 1,
        "Node packages": 1,
        "Go programs": 2,
        "Rust programs": 1,
    }
    assert unread(bom) == []


def test_a_language_that_is_not_there_leaves_no_reading(tmp_path: Path) -> None:
    bom = take(tmp_path, [file("app/main.py")])
    assert {reading.what for reading in bom.readings} == {"layer", "os-release", "dpkg database"}
    assert bom.notes == ()


def test_language_packages_do_not_stand_in_for_a_database(tmp_path: Path) -> None:
    path = write(tmp_path / "rootfs.tar", tar([BASE[0], *ONE_OF_EACH]))
    bom = read_bom(str(path), Choice(), Budget())
    assert unread(bom) == [
        (
            "package database",
            ReadingStatus.FAILED,
            "there is none of dpkg, apk, rpm, pacman or opkg",
        )
    ]


@pytest.mark.parametrize("content", [b"", b"[]", b'{"name": "a"}', b'{"name":" ","version":"1"}'])
def test_a_conda_record_that_cannot_be_read_is_a_problem(tmp_path: Path, content: bytes) -> None:
    bom = take(tmp_path, [file("opt/conda/conda-meta/a-1-0.json", content)])
    ((what, status, reason),) = unread(bom)
    assert (what, status) == ("conda packages", ReadingStatus.FAILED)
    assert reason.startswith("opt/conda/conda-meta/a-1-0.json ")


def test_what_a_purl_writes_alike_stays_two_packages(tmp_path: Path) -> None:
    # npm has both of these, by different authors.
    names = ("JSONStream", "jsonstream")
    items = [
        file(f"node_modules/{name}/package.json", f'{{"name":"{name}","version":"1.0.3"}}'.encode())
        for name in names
    ]
    bom = take(tmp_path, items)
    assert {c.name for c in bom.components if c.type == "npm"} == set(names)
    assert len({c.purl for c in bom.components if c.type == "npm"}) == 1
    refs = [component.ref for component in bom.components]
    assert refs == sorted(set(refs))


def test_many_problems_are_counted(tmp_path: Path) -> None:
    bom = take(tmp_path, [file(f"{n}.dist-info/METADATA") for n in range(9)])
    assert unread(bom)[0][2].endswith("; and 6 more")


class _Half(FolderTree):
    """A folder of which parts could not be entered."""

    def find(self, wanted: object) -> list[bytes]:
        found = super().find(wanted)  # type: ignore[arg-type]
        self.unsearched = [b"root", b"home/b", b"home/a", b"srv"]
        self.notes = [Note(code="mount-not-searched", message="m", path="mnt")]
        return found


def test_folders_that_were_not_entered_keep_the_verdict_from_pass(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "root", BASE)
    meter = Meter()
    opened = open_target(str(folder), Request(wanted=wanted_by_all(), choice=Choice()), meter)
    assert isinstance(opened, Opened)
    half = msgspec.structs.replace(opened, tree=_Half(folder, meter, "root"))
    bom = take_inventory(half, meter)
    assert bom.readings[-1] == Reading(
        what="search for packages",
        status=ReadingStatus.PARTIAL,
        reason="4 folders were not entered: home/a, home/b, root and 1 more",
    )
    assert [note.code for note in bom.notes] == ["mount-not-searched"]


def _found(data: bytes, *, keep: bool) -> Found | str:
    """Read a layer in one of both ways; what is wrong with it, if it is the whole."""
    meter = Meter()
    try:
        index = scan(ChunkReader([data], "t"), wanted_by_all(), meter, keep=keep)
        content = Content(index, "t", mapped=None if keep else memoryview(data))
        tree = OverlayTree([("layer", content)], meter, "t")
        return read_languages(tree, [], None, meter)
    except InputError as error:
        return error.what


WHOLE = tar(ONE_OF_EACH)


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 7)), max_size=3))
def test_damage_is_read_alike_and_told(flips: list[tuple[int, int]]) -> None:
    data = bytearray(WHOLE)
    for at, bit in flips:
        data[at] ^= 1 << bit
    mapped, streamed = _found(bytes(data), keep=False), _found(bytes(data), keep=True)
    assert mapped == streamed
    if isinstance(mapped, Found):
        for reading in mapped.readings:
            assert (reading.status is ReadingStatus.COMPLETE) == (not reading.reason)
