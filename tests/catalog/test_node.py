"""Node packages: a real tree against npm, and what can be wrong with one."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.bom.model import ReadingStatus
from gate.catalog.node import NODE, parse_manifest
from gate.sources.budget import Budget, Meter
from gate.sources.folder import FolderTree
from tests.builders import Item, file, symlink
from tests.catalog.languages import of, places, reading, take, unread, versions


def package(folder: str, name: str | None = None, version: object = "1.0.0") -> Item:
    name = folder.rpartition("node_modules/")[2] if name is None else name
    content = json.dumps({"name": name, "version": version, "license": "MIT"}).encode()
    return file(f"{folder}/package.json", content)


def test_npm_itself_reads_as_npm_reads_it() -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed: the comparison with `npm ls` is not made")
    root = Path(npm).resolve().parent.parent
    if not (root / "node_modules").is_dir():
        pytest.skip("npm's own packages do not lie beside it here")
    said = subprocess.run(
        [npm, "ls", "--all", "--parseable", "--long"],
        cwd=root, capture_output=True, text=True, check=False,
    ).stdout.splitlines()  # fmt: skip
    listed = {tuple(line.split(":")[:2]) for line in said if "/node_modules/" in line.split(":")[0]}
    inside = {
        (str(Path(path).relative_to(root)), name)
        for path, name in listed
        if Path(path).is_relative_to(root) and path != str(root)
    }
    assert len(inside) > 50
    found = NODE(FolderTree(root, Meter(), "npm"), Meter())
    assert found.problems == ()
    ours = {
        (
            path.decode().removesuffix("/package.json"),
            f"{p.namespace}/{p.name}@{p.version}" if p.namespace else f"{p.name}@{p.version}",
        )
        for path, p in found.packages
    }
    assert ours == inside


def test_installed_packages_and_nothing_else(tmp_path: Path) -> None:
    bom = take(
        tmp_path,
        [
            package("app", "app"),
            package("app/node_modules/a"),
            package("app/node_modules/@scope/b"),
            package("app/node_modules/a/node_modules/c", version="=v2.0.0-rc.1"),
            package("app/node_modules/.pnpm/d@1.0.0/node_modules/d"),
            package("app/node_modules/alias", "real"),
            file("app/node_modules/nameless/package.json", b'\xef\xbb\xbf{"version": "3.0.0"}'),
            package("node_modules/top"),
            # Parts of packages, bookkeeping, and a workspace of the application's own.
            package("app/node_modules/a/esm"),
            package("app/node_modules/@scope"),
            package("app/node_modules/.cache/x"),
            symlink("app/node_modules/mine", "../packages/mine"),
            package("app/packages/mine"),
        ],
    )
    assert places(bom, "npm") == {
        "app/node_modules/a/package.json": "a@1.0.0",
        "app/node_modules/@scope/b/package.json": "@scope/b@1.0.0",
        "app/node_modules/a/node_modules/c/package.json": "c@2.0.0-rc.1",
        "app/node_modules/.pnpm/d@1.0.0/node_modules/d/package.json": "d@1.0.0",
        "app/node_modules/alias/package.json": "real@1.0.0",
        "app/node_modules/nameless/package.json": "nameless@3.0.0",
        "node_modules/top/package.json": "top@1.0.0",
    }
    (scoped,) = [component for component in of(bom, "npm") if component.namespace]
    assert (scoped.namespace, scoped.name) == ("@scope", "b")
    assert scoped.purl == "pkg:npm/%40scope/b@1.0.0"
    assert reading(bom, "Node packages").components == 7
    assert unread(bom) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not valid"),
        (b"{", "is not valid"),
        (b"[]", "is not valid"),
        (b"[" * 100_000, "is not valid"),
        (b"{}", "has no valid version of 'a'"),
        (b'{"name": "a", "version": 1}', "has no valid version of 'a'"),
        (b'{"name": "a", "version": "1 2"}', "has no valid version of 'a'"),
        (b'{"name": "a b", "version": "1.0.0"}', "has no valid name"),
        (b'{"name": ["a"], "version": "1.0.0"}', "has no valid name"),
    ],
)
def test_a_malformed_package_is_a_problem(tmp_path: Path, content: bytes, message: str) -> None:
    items = [file("node_modules/a/package.json", content), package("node_modules/b")]
    bom = take(tmp_path, items)
    assert versions(bom, "npm") == {"b": "1.0.0"}
    ((what, status, reason),) = unread(bom)
    assert (what, status) == ("Node packages", ReadingStatus.PARTIAL)
    assert reason.startswith(f"node_modules/a/package.json {message}")


def test_the_fixtures_of_a_package_may_be_malformed(tmp_path: Path) -> None:
    inside = "node_modules/resolve/test/cases/node_modules"
    bom = take(tmp_path, [file(f"{inside}/bad/package.json", b"{"), package(f"{inside}/good")])
    assert versions(bom, "npm") == {"good": "1.0.0"}
    assert unread(bom) == []


def test_bytes_that_are_no_text_do_not_hide_a_package(tmp_path: Path) -> None:
    content = b'{"name": "a", "version": "1.0.0", "author": "\xe9", "license": "\xe9"}'
    bom = take(tmp_path, [file("node_modules/a/package.json", content)])
    assert versions(bom, "npm") == {"a": "1.0.0"}


def test_a_file_over_budget_is_a_problem(tmp_path: Path) -> None:
    items = [package("node_modules/a"), package("node_modules/b", version="1" * 5000)]
    # The image's own documents are within the limit, and so is the first package.
    bom = take(tmp_path, items, budget=Budget(document_bytes=4000))
    assert versions(bom, "npm") == {"a": "1.0.0"}
    assert "limit 'document_bytes'" in unread(bom)[0][2]


@given(st.recursive(st.none() | st.booleans() | st.text(max_size=5) | st.integers(), st.lists))
def test_any_field_is_a_package_or_a_problem(value: object) -> None:
    content = json.dumps({"name": value, "version": value}).encode()
    try:
        (found,) = parse_manifest(b"node_modules/a/package.json", content, Meter())
    except ValueError:
        return
    assert found.name
    assert found.version
