"""Lock files of every package manager, as the tools themselves write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.bom.model import Bom, ReadingStatus, SubjectKind
from gate.catalog.language import FileCataloger, Identity
from gate.catalog.locks.reading import LOCKS
from gate.errors import InputError
from gate.run.reading import read_bom
from gate.sources.budget import Budget, Meter
from gate.sources.request import Choice
from tests.builders import file, write_folder

JS = {
    "pkg:npm/%40types/node@20.1.0",
    "pkg:npm/ansi-styles@4.3.0",
    "pkg:npm/chalk@4.1.0",
    "pkg:npm/color-convert@2.0.1",
    "pkg:npm/color-name@1.1.4",
    "pkg:npm/debug@4.3.4",
    "pkg:npm/has-flag@4.0.0",
    "pkg:npm/lodash@4.17.20",
    "pkg:npm/ms@2.1.2",
    "pkg:npm/supports-color@7.2.0",
}
PYTHON = {"pkg:pypi/certifi@2024.2.2", "pkg:pypi/idna@3.6"}
LOCKED = {
    "npm1/package-lock.json": JS,
    "npm2/package-lock.json": JS,
    "npm3/package-lock.json": JS,
    "yarn1/yarn.lock": JS,
    "berry/yarn.lock": JS,
    "pnpm7/pnpm-lock.yaml": JS,
    "pnpm9/pnpm-lock.yaml": JS,
    "uv/uv.lock": PYTHON,
    "uv/pylock.toml": PYTHON,
    "poetry/poetry.lock": PYTHON,
    "pipenv/Pipfile.lock": PYTHON,
    "req/requirements.txt": PYTHON,
    "cargo/Cargo.lock": {"pkg:cargo/itoa@1.0.9", "pkg:cargo/log@0.4.20"},
    "golang/go.mod": {
        "pkg:golang/github.com/gorilla/mux@v1.8.1",
        "pkg:golang/golang.org/x/text@v0.13.0",
        "pkg:golang/stdlib@1.21",
    },
    "ruby/Gemfile.lock": {
        "pkg:gem/forked@0.3.0",
        "pkg:gem/nokogiri@1.15.0",
        "pkg:gem/racc@1.6.2",
        "pkg:gem/rack@2.2.6",
    },
    "composer/composer.lock": {
        "pkg:composer/monolog/monolog@2.9.1",
        "pkg:composer/phpunit/phpunit@10.0.1",
        "pkg:composer/psr/log@3.0.0",
    },
    "nuget/packages.lock.json": {
        "pkg:nuget/Newtonsoft.Json@12.0.1",
        "pkg:nuget/System.Text.Json@8.0.0",
    },
    "gradle/gradle.lockfile": {
        "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
        "pkg:maven/org.slf4j/slf4j-api@1.7.36",
    },
    "dart/pubspec.lock": {"pkg:pub/http@0.13.3"},
    "r/renv.lock": {"pkg:cran/commonmark@1.7", "pkg:cran/jsonlite@1.8.0"},
    "mix/mix.lock": {"pkg:hex/cowboy@2.9.0", "pkg:hex/cowlib@2.11.0"},
}


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def bom_of(folder: Path) -> Bom:
    return read_bom(f"source:{folder}", Choice(), Budget())


def purls(bom: Bom) -> set[str]:
    return {component.purl for component in bom.components}


@pytest.mark.parametrize("name", list(LOCKED))
def test_what_a_lock_file_names(data: Path, tmp_path: Path, name: str) -> None:
    source = data / "catalog" / "locks" / name
    put(tmp_path / source.name, source.read_bytes())
    bom = bom_of(tmp_path)
    assert purls(bom) == LOCKED[name]
    assert [r for r in bom.readings if r.status is not ReadingStatus.COMPLETE] == []
    assert bom.subject.kind is SubjectKind.SOURCE
    assert {place.path for c in bom.components for place in c.locations} == {source.name}


def test_every_reader_has_real_files(data: Path) -> None:
    folder = data / "catalog" / "locks"
    for cataloger in LOCKS:
        if isinstance(cataloger, FileCataloger):
            names = {rule.name.decode() for rule in cataloger.wanted.names}
            assert any(Path(name).name in names for name in LOCKED) or names & {"pdm.lock"}
    assert {str(path.relative_to(folder)) for path in folder.glob("*/*")} == set(LOCKED)


def test_a_folder_is_recognised_as_one_of_sources(data: Path, tmp_path: Path) -> None:
    put(tmp_path / "Cargo.lock", (data / "catalog/locks/cargo/Cargo.lock").read_bytes())
    bare = read_bom(str(tmp_path), Choice(), Budget())
    assert bare == bom_of(tmp_path)
    assert bare.subject.digests["sha256"]
    (tmp_path / "etc").mkdir()
    assert read_bom(str(tmp_path), Choice(), Budget()).subject.kind is SubjectKind.ROOTFS


def test_lock_files_of_installed_packages_are_not_the_projects(data: Path, tmp_path: Path) -> None:
    content = (data / "catalog/locks/npm3/package-lock.json").read_bytes()
    put(tmp_path / "app" / "package-lock.json", content)
    for folder in ("node_modules/x", "app/node_modules/@a/b", "vendor/y", ".venv/lib"):
        put(tmp_path / folder / "Cargo.lock", b"not even TOML [")
        put(tmp_path / folder / "package.json", b"{}")
    bom = bom_of(tmp_path)
    assert purls(bom) == JS
    assert {reading.what for reading in bom.readings} == {"npm lock files"}


def test_a_folder_without_lock_files_was_not_read(tmp_path: Path) -> None:
    put(tmp_path / "main.c", b"")
    (reading,) = bom_of(tmp_path).readings
    assert (reading.status, reading.what) == (ReadingStatus.FAILED, "lock files")


@pytest.mark.parametrize(
    ("manifest", "lock"),
    [
        ("package.json", "yarn.lock"),
        ("pyproject.toml", "uv.lock"),
        ("Cargo.toml", "Cargo.lock"),
        ("pom.xml", ""),
        ("build.gradle.kts", "gradle.lockfile"),
    ],
)
def test_a_manifest_without_a_lock_file_is_no_inventory(
    data: Path, tmp_path: Path, manifest: str, lock: str
) -> None:
    put(tmp_path / "part" / manifest, b"")
    first = bom_of(tmp_path).readings[0]
    assert first.status is ReadingStatus.FAILED
    assert first.reason.startswith(f"part/{manifest} has no lock file")
    if lock:
        # That of a workspace lies above its members.
        source = next((data / "catalog" / "locks").glob(f"*/{lock}"))
        put(tmp_path / lock, source.read_bytes())
        assert all(r.status is ReadingStatus.COMPLETE for r in bom_of(tmp_path).readings)


BROKEN = {
    "package-lock.json": [
        b"",
        b"[]",
        b"{}",
        b'{"lockfileVersion":3,"packages":{"node_modules/x":{}}}',
    ],
    "yarn.lock": [b"", b"x", b"# yarn lockfile v1\n\nnonsense\n", b"__metadata: [\n"],
    "pnpm-lock.yaml": [
        b"",
        b"a: &a [1]\nb: *a\n",
        b"lockfileVersion: '9.0'\npackages:\n  nonsense: {}\n",
    ],
    "uv.lock": [b"[[package]]\nname = 'x'\n", b"[", b"package = 3\n"],
    "Pipfile.lock": [b'{"default": {"x": {"git": "https://example.org"}}}'],
    "requirements.txt": [b"flask>=2\n", b"flask\n", b"-e ./own\n", b"git+https://example.org/x\n"],
    "go.mod": [b"require (\n", b"go 1.16\nrequire example.org/x v1.0.0\n", b"replace x\n"],
    "Cargo.lock": [b"[[package]]\nname = 'x'\n"],
    "Gemfile.lock": [b"", b"GEM\n  specs:\n    x\n", b"GEM\n<<<<<<< HEAD\n"],
    "composer.lock": [b"{}", b'{"packages": [{"name": "a/b"}]}'],
    "packages.lock.json": [b"{}", b'{"dependencies": {"net8.0": {"x": {"type": "Direct"}}}}'],
    "gradle.lockfile": [b"nonsense\n"],
    "pubspec.lock": [b"{}", b"packages:\n  x: {source: hosted}\n"],
    "renv.lock": [b"{}", b'{"Packages": {"x": {}}}'],
    "mix.lock": [b'%{\n  "x": {:git, "https://example.org", "1", []},\n}\n', b"nonsense"],
}


@pytest.mark.parametrize(("name", "content"), [(n, c) for n, cs in BROKEN.items() for c in cs])
def test_what_is_not_understood_is_said(tmp_path: Path, name: str, content: bytes) -> None:
    put(tmp_path / name, content)
    reading = bom_of(tmp_path).readings[0]
    assert reading.status is not ReadingStatus.COMPLETE
    assert re.match(rf"{name} \w+", reading.reason)


PARSERS = [cataloger.parse for cataloger in LOCKS if isinstance(cataloger, FileCataloger)]


def parse_all(content: bytes) -> list[Sequence[Identity]]:
    found = []
    for parse in PARSERS:
        try:
            found.append(parse(b"x", content, Meter(Budget())))
        except (ValueError, InputError):
            continue
    return found


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_nothing_but_an_error_that_says_why(content: bytes) -> None:
    parse_all(content)


@given(name=st.sampled_from(sorted(LOCKED)), draw=st.data())
def test_a_damaged_file_is_read_or_refused(data: Path, name: str, draw: st.DataObject) -> None:
    content = bytearray((data / "catalog" / "locks" / name).read_bytes())
    at = draw.draw(st.integers(0, len(content) - 1))
    content[at] = draw.draw(st.integers(0, 255))
    for packages in parse_all(bytes(content)):
        assert all(package.name and package.version for package in packages)


def test_requirements_are_read_with_what_they_include(tmp_path: Path) -> None:
    files = {
        "requirements.txt": b"-r more/base.in\nsix==1.16.0\n-c bounds.txt\n",
        "more/base.in": b"--requirement=../requirements.txt\n-r'other.txt'\nflask==3.0.0\n",
        "more/other.txt": b"jinja2==3.1.0\n",
    }
    write_folder(tmp_path, [file(name, content) for name, content in files.items()])
    bom = read_bom(f"source:{tmp_path}", Choice(), Budget())
    assert {c.name: c.locations[0].path for c in bom.components} == {
        "six": "requirements.txt",
        "flask": "more/base.in",
        "jinja2": "more/other.txt",
    }
    assert [r.status for r in bom.readings] == [ReadingStatus.COMPLETE]


@pytest.mark.parametrize(
    "line", ["-r ../../x", "-r /etc/passwd", "-r https://example.org/r.txt", "-r gone.txt", "-r ."]
)
def test_requirements_that_lead_elsewhere_are_not_complete(tmp_path: Path, line: str) -> None:
    write_folder(tmp_path, [file("requirements.txt", f"six==1.16.0\n{line}\n".encode())])
    bom = read_bom(f"source:{tmp_path}", Choice(), Budget())
    assert [r.status for r in bom.readings] != [ReadingStatus.COMPLETE]
