"""Python packages: a real environment against importlib, and what can be wrong with one."""

from __future__ import annotations

import importlib.metadata
import re
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.bom.model import ReadingStatus
from gate.catalog.python import PYTHON, parse_metadata
from gate.sources.budget import Budget, Meter
from gate.sources.folder import FolderTree
from tests.builders import file, symlink
from tests.catalog.languages import of, places, reading, take, unread, versions

SITE = "opt/venv/lib/python3.12/site-packages"
METADATA = b"Metadata-Version: 2.1\nName: Foo_Bar.baz\nVersion: 1.0rc1\nLicense: MIT\n\nA text.\n"


def dist_info(folder: str, content: bytes = METADATA) -> object:
    return file(f"{folder}/foo-1.dist-info/METADATA", content)


def test_this_very_environment_reads_as_python_reads_it() -> None:
    folder = sysconfig.get_path("purelib")
    tree = FolderTree(Path(folder), Meter(), "site-packages")
    found = PYTHON(tree, Meter())
    assert found.problems == ()
    top = {p for path, p in found.packages if path.count(b"/") == 1}
    assert {(p.name, p.version) for p in top} == {
        (re.sub(r"[-_.]+", "-", dist.metadata["Name"]).lower(), dist.version)
        for dist in importlib.metadata.distributions(path=[folder])
        if (dist.read_text("METADATA") or "") != ""
    }
    assert len(top) > 20


def test_every_form_of_installation(tmp_path: Path) -> None:
    def named(name: str) -> bytes:
        return METADATA.replace(b"Foo_Bar.baz", name.encode())

    bom = take(
        tmp_path,
        [
            dist_info(SITE),
            file(f"{SITE}/b-1.egg-info/PKG-INFO", named("b")),
            file(f"{SITE}/c-1.egg-info", named("c")),
            file(f"{SITE}/d-1-py3.egg/EGG-INFO/PKG-INFO", named("d")),
            # Not installations: a source archive that was unpacked, a file of that name.
            file("src/e-1/PKG-INFO", named("e")),
            file("etc/METADATA", named("f")),
        ],
    )
    assert places(bom, "pypi") == {
        f"{SITE}/foo-1.dist-info/METADATA": "foo-bar-baz@1.0rc1",
        f"{SITE}/b-1.egg-info/PKG-INFO": "b@1.0rc1",
        f"{SITE}/c-1.egg-info": "c@1.0rc1",
        f"{SITE}/d-1-py3.egg/EGG-INFO/PKG-INFO": "d@1.0rc1",
    }
    component = of(bom, "pypi")[3]
    assert component.purl == "pkg:pypi/foo-bar-baz@1.0rc1"
    assert component.licenses == ("MIT",)
    assert reading(bom, "Python packages").components == 4
    assert unread(bom) == []


def test_one_package_in_two_environments_is_one_component(tmp_path: Path) -> None:
    other = METADATA.replace(b"Foo_Bar.baz", b"foo-bar-baz").replace(b"MIT", b"BSD")
    bom = take(tmp_path, [dist_info("a"), dist_info("b", other)])
    assert len(of(bom, "pypi")) == 1
    assert [place.path for place in of(bom, "pypi")[0].locations] == [
        "a/foo-1.dist-info/METADATA",
        "b/foo-1.dist-info/METADATA",
    ]


def test_what_a_later_layer_removed_is_not_installed(tmp_path: Path) -> None:
    newer = METADATA.replace(b"1.0rc1", b"2.0")
    bom = take(
        tmp_path,
        [file("lib/a-1.dist-info/METADATA", METADATA)],
        [file("lib/.wh.a-1.dist-info"), file("lib/a-2.dist-info/METADATA", newer)],
    )
    assert versions(bom, "pypi") == {"foo-bar-baz": "2.0"}
    assert of(bom, "pypi")[0].locations[0].layer == bom.subject.layers[2].diff_id


def test_links(tmp_path: Path) -> None:
    bom = take(
        tmp_path,
        [
            file("share/foo/PKG-INFO", METADATA),
            # Debian links the folder; virtual environments link lib64 to lib.
            symlink("lib/foo-1.egg-info", "../share/foo"),
            symlink("lib64", "lib"),
            symlink("lib/again-1.egg-info", "foo-1.egg-info"),
        ],
    )
    assert places(bom, "pypi") == {"share/foo/PKG-INFO": "foo-bar-baz@1.0rc1"}
    assert unread(bom) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "names no package"),
        (b"Version: 1\n", "names no package"),
        (b"\nName: after-the-headers\nVersion: 1\n", "names no package"),
        (b"Name: -bad-\nVersion: 1\n", "names no package"),
        (b"Name: a\n", "has no valid version of 'a'"),
        (b"Name: a\nVersion:\n", "has no valid version of 'a'"),
        (b"Name: a\nVersion: 1 2\n", "has no valid version of 'a'"),
        (b"Name: a\nVersion: 1\nVersion: 2\n", "states two different values of 'version'"),
        (b"\0" * 100, "names no package"),
    ],
)
def test_a_package_without_name_or_version_is_a_problem(
    tmp_path: Path, content: bytes, message: str
) -> None:
    bom = take(tmp_path, [dist_info("a", content), dist_info("b")])
    assert versions(bom, "pypi") == {"foo-bar-baz": "1.0rc1"}
    assert unread(bom) == [
        ("Python packages", ReadingStatus.PARTIAL, f"a/foo-1.dist-info/METADATA {message}")
    ]


def test_a_link_to_nowhere_is_a_problem(tmp_path: Path) -> None:
    bom = take(tmp_path, [symlink("lib/a.dist-info/METADATA", "/gone")])
    ((_, status, reason),) = unread(bom)
    assert status is ReadingStatus.FAILED
    assert "there is no such file" in reason


def test_line_ends_and_a_long_description() -> None:
    crlf = METADATA.replace(b"\n", b"\r\n")
    (found,) = parse_metadata(b"", crlf, Meter())
    assert (found.name, found.version) == ("foo-bar-baz", "1.0rc1")
    (found,) = parse_metadata(b"", METADATA + b"x" * 5000, Meter(Budget(header_bytes=200)))
    assert found.version == "1.0rc1"
    book = METADATA.replace(b"MIT", b"M" * 500)
    assert parse_metadata(b"", book, Meter())[0].licence == ""


@given(st.binary(max_size=300))
def test_any_bytes_are_a_package_or_a_problem(content: bytes) -> None:
    try:
        (found,) = parse_metadata(b"a", content, Meter())
    except ValueError:
        return
    assert found.name
    assert found.version


def test_what_a_project_copied_into_itself(tmp_path: Path) -> None:
    path = "srv/venv/lib/python3.11/site-packages/pip/_vendor/vendor.txt"
    content = b"CacheControl==0.14.0  # Make sure to update the license\nrequests==2.32.3\n"
    content += b"    certifi==2024.7.4\n    typing_extensions[x]==4.12.2; python_version < '3'\n\n"
    bom = take(tmp_path, [file(path, content)])
    assert versions(bom, "pypi") == {
        "cachecontrol": "0.14.0",
        "certifi": "2024.7.4",
        "requests": "2.32.3",
        "typing-extensions": "4.12.2",
    }
    assert unread(bom) == []
    ((what, _, reason),) = unread(take(tmp_path, [file(path, b"requests>=2\n")]))
    assert (what, "does not pin 'requests>=2'" in reason) == ("vendored Python packages", True)
    # A file of that name elsewhere is nobody's list.
    assert versions(take(tmp_path, [file("srv/vendor.txt", b"requests>=2\n")]), "pypi") == {}
