"""Go programs: real ones against `go version -m`, and what can be wrong with one."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.bom.model import ReadingStatus
from gate.catalog.programs import reduce_program
from gate.run.reading import read_bom
from gate.sources.budget import Budget
from gate.sources.request import Choice
from tests.builders import Item, symlink
from tests.catalog.elves import MAGIC, ElfFile, go_inline, go_pointers, modules
from tests.catalog.languages import full_name, of, reading, take, unread, versions

MODULES = modules(
    "path\texample.com/app",
    "mod\texample.com/app\t(devel)\t",
    "dep\tgithub.com/BurntSushi/toml\tv1.2.0\th1:x=",
    "dep\tgithub.com/a/b\tv1.0.0",
    "=>\tgithub.com/fork/b\tv1.0.1\th1:y=",
    "dep\texample.com/local\tv0.0.0",
    "=>\t./local\t(devel)\t",
    "build\tCGO_ENABLED=0",
)
EXPECTED = {
    "stdlib": "1.22.4",
    "example.com/app": "",
    "github.com/BurntSushi/toml": "v1.2.0",
    "github.com/fork/b": "v1.0.1",
    "example.com/local": "",
}
SHAPES = [{"wide": wide, "order": order} for wide in (True, False) for order in "<>"]


def program(content: bytes, name: str = "app/server") -> Item:
    return Item(name, content, mode=0o755)


def said_by_go(lines: list[str]) -> dict[str, str]:
    """Return name to version, in our terms, of the output of `go version -m`."""
    found = {"stdlib": lines[0].rpartition(": go")[2].partition(" ")[0]}
    last = ""
    for line in lines[1:]:
        kind, *fields = line.strip("\t").split("\t")
        if kind in {"mod", "dep"}:
            last = fields[0]
            found[last] = fields[1]
        elif kind == "=>":
            del found[last]
            found[last if fields[0].startswith(".") else fields[0]] = (
                "" if fields[0].startswith(".") else fields[1]
            )
    return {name: "" if version == "(devel)" else version for name, version in found.items()}


@pytest.fixture(scope="module")
def programs(data: Path) -> list[Item]:
    with tarfile.open(data / "languages" / "programs.tar.xz") as archive:
        return [
            program(archive.extractfile(member).read(), f"bin/{member.name}")  # type: ignore[union-attr]
            for member in archive
        ]


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_real_programs_read_as_go_reads_them(
    data: Path, programs: list[Item], tmp_path: Path, compression: str
) -> None:
    bom = take(tmp_path, programs, compression=compression)
    expected = json.loads((data / "languages" / "programs.json").read_text())
    assert len(expected) == 12
    for name, lines in expected.items():
        found = {
            full_name(component): component.version
            for component in of(bom, "golang")
            if any(place.path == f"bin/{name}" for place in component.locations)
        }
        assert found == said_by_go(lines), name
    assert unread(bom) == []


def test_the_installed_toolchain(tmp_path: Path) -> None:
    go = shutil.which("go")
    if go is None:
        pytest.skip("go is not installed: the comparison with `go version -m` is not made")
    said = subprocess.run([go, "version", "-m", go], capture_output=True, text=True, check=True)
    (tmp_path / "root/usr/bin").mkdir(parents=True)
    (tmp_path / "root/usr/bin/go").symlink_to("go.real")
    shutil.copy(go, tmp_path / "root/usr/bin/go.real")
    bom = read_bom(f"rootfs:{tmp_path / 'root'}", Choice(), Budget())
    assert versions(bom, "golang") == said_by_go(said.stdout.splitlines())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("build", [go_inline, go_pointers])
def test_every_shape(tmp_path: Path, build: object, shape: dict[str, object]) -> None:
    content = build("go1.22.4", MODULES, **shape)  # type: ignore[operator]
    bom = take(tmp_path, [program(content)])
    assert versions(bom, "golang") == EXPECTED
    assert reading(bom, "Go programs").components == len(EXPECTED)
    assert unread(bom) == []


def test_without_section_headers(tmp_path: Path) -> None:
    bom = take(tmp_path, [program(go_inline("go1.22.4", MODULES, with_sections=False))])
    assert versions(bom, "golang") == EXPECTED


def test_the_purl_of_a_module(tmp_path: Path) -> None:
    bom = take(tmp_path, [program(go_inline("go1.22.4", MODULES))])
    assert {component.purl for component in of(bom, "golang")} >= {
        "pkg:golang/stdlib@1.22.4",
        "pkg:golang/github.com/BurntSushi/toml@v1.2.0",
        "pkg:golang/example.com/app",
    }


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("go1.22rc1", "1.22rc1"),
        ("go1.22.4 X:boringcrypto", "1.22.4"),
        ("go1.21.9-1-fips", "1.21.9"),
        ("devel go1.23-abcdef Mon", ""),
    ],
)
def test_the_version_of_go(tmp_path: Path, said: str, version: str) -> None:
    bom = take(tmp_path, [program(go_inline(said, MODULES))])
    assert versions(bom, "golang")["stdlib"] == version


@pytest.mark.parametrize("build", [go_inline, go_pointers])
def test_a_program_built_outside_of_a_module(tmp_path: Path, build: object) -> None:
    bom = take(tmp_path, [program(build("go1.15.15", b""))])  # type: ignore[operator]
    assert versions(bom, "golang") == {"stdlib": "1.15.15"}
    ((_, status, reason),) = unread(bom)
    assert status is ReadingStatus.PARTIAL
    assert reason == "app/server is a Go program whose list of modules is missing"


def test_what_is_no_program_is_not_looked_at(tmp_path: Path) -> None:
    content = go_inline("go1.22.4", MODULES)
    bom = take(
        tmp_path,
        [
            Item("doc/example", content, mode=0o644),
            program(b"#!/bin/sh\n" + content, "bin/script"),
            program(b"\x7fELF", "bin/short"),
            program(ElfFile({b".text": b"\x90" * 99}).build(), "bin/c"),
            program(ElfFile({b".text": MAGIC}).build(), "bin/mentions"),
            symlink("bin/link", "/doc/example"),
        ],
    )
    assert of(bom, "golang") == []
    assert unread(bom) == []


INLINE = go_inline("go1.22.4", MODULES)


def with_length(length: int) -> bytes:
    """Return a program that claims so many bytes for the text of its modules."""
    true, claimed = (number.to_bytes(8, "little") for number in (len(MODULES), length))
    return go_pointers("go1.15", MODULES).replace(true, claimed)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (ElfFile({b".go.buildinfo": b"\0" * 64}).build(), "without build information"),
        (ElfFile({b".go.buildinfo": MAGIC}).build(), "without build information"),
        (ElfFile({b".gopclntab": b"\0" * 64}).build(), "without build information"),
        (go_inline("", MODULES), "without a version of Go"),
        (go_inline("go1.22.4", MODULES[:-1]), "whose list of modules is missing"),
        (go_inline("go1.22.4", modules("dep\tx")), "malformed list of Go modules"),
        (go_inline("go1.22.4", modules("=>\tx\tv1")), "malformed list of Go modules"),
        (go_inline("go1.22.4", modules("dep\tx//y\tv1")), "malformed list of Go modules"),
        (go_inline("go1.22.4", modules("dep\tx\tv 1")), "malformed list of Go modules"),
        (ElfFile({b".go.buildinfo": MAGIC + b"\x08\x02" + bytes(16) + b"\xff" * 9}).build(),
         "cut short"),
        (ElfFile({b".go.buildinfo": MAGIC + b"\x08\x02" + bytes(16) + b"\x7fgo1"}).build(),
         "cut short"),
        (ElfFile({b".go.buildinfo": MAGIC + b"\x08\0" + b"\xff" * 16}).build(),
         "without a version of Go"),
        (with_length(1 << 20), "not in the file"),
        (with_length(1 << 40), "cut short"),
        (ElfFile({b".go.buildinfo": MAGIC + b"\x05\0" + bytes(16)}).build(),
         "pointers of 5 bytes"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_a_go_program_that_cannot_be_read_is_a_problem(
    tmp_path: Path, content: bytes, message: str, compression: str
) -> None:
    bom = take(tmp_path, [program(content), program(INLINE, "ok")], compression=compression)
    assert versions(bom, "golang") == EXPECTED
    ((what, status, reason),) = unread(bom)
    assert (what, status) == ("Go programs", ReadingStatus.PARTIAL)
    assert reason.startswith("app/server ")
    assert message in reason


def test_a_broken_program_in_a_folder(tmp_path: Path) -> None:
    for name, content in (("bad", go_inline("", MODULES)), ("good", INLINE)):
        (tmp_path / name).write_bytes(content)
        (tmp_path / name).chmod(0o755)
    bom = read_bom(f"rootfs:{tmp_path}", Choice(), Budget())
    assert versions(bom, "golang") == EXPECTED
    assert reading(bom, "Go programs").reason.startswith("bad has Go build information without")


def test_a_program_over_budget_is_a_problem_where_it_passes_by(tmp_path: Path) -> None:
    large = program(INLINE + bytes(60_000))
    budget = Budget(file_bytes=50_000)
    assert versions(take(tmp_path, [large], budget=budget), "golang") == EXPECTED
    bom = take(tmp_path, [large], compression="gzip", budget=budget)
    ((_, status, reason),) = unread(bom)
    assert status is ReadingStatus.FAILED
    assert "file_bytes" in reason


@given(st.data())
def test_any_damage_is_a_problem_or_no_program(choices: st.DataObject) -> None:
    content = bytearray(go_pointers("go1.15", MODULES))
    for _ in range(choices.draw(st.integers(1, 4))):
        at = choices.draw(st.integers(0, len(content) - 1))
        content[at] = choices.draw(st.integers(0, 255))
    cut = choices.draw(st.integers(0, len(content)))
    # Whatever is wrong, it is told: nothing is raised.
    assert isinstance(reduce_program(b"a", memoryview(content)[:cut], True), bytes)
    assert isinstance(reduce_program(b"a", memoryview(content), True), bytes)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((b"dep\t", b"eep\t"), "a line that is not known"),
        ((b"\0.go.buildinfo\0", b"\0.go.buildinfx\0"), "without build information"),
    ],
)
def test_what_hides_a_module_is_a_problem(
    tmp_path: Path, change: tuple[bytes, bytes], said: str
) -> None:
    content = go_inline("go1.22.4", MODULES).replace(*change, 1)
    ((_, _, reason),) = unread(take(tmp_path, [program(content)]))
    assert said in reason


def test_damaged_names_of_sections_hide_no_program(tmp_path: Path) -> None:
    content = bytearray(go_inline("go1.22.4", MODULES))
    content[62] ^= 1  # e_shstrndx
    assert versions(take(tmp_path, [program(bytes(content))]), "golang") == EXPECTED
