"""The walk over a folder: by name, on one file system, and nothing left out quietly."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gate.errors import BudgetError
from gate.sources.budget import Budget, Meter
from gate.sources.folder import FolderTree
from gate.sources.wanted import Named, Wanted

WANTED = Wanted(names=frozenset({Named(b"METADATA", rb"\.dist-info\Z")}))


def put(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"x")


def test_files_are_found_wherever_they_lie(tmp_path: Path) -> None:
    put(
        tmp_path,
        "a.dist-info/METADATA",
        "b/c/d.dist-info/METADATA",
        "b/METADATA",
        "b/x.dist-info/y",
    )
    (tmp_path / "e.dist-info").mkdir()
    (tmp_path / "e.dist-info/METADATA").symlink_to("/b/METADATA")
    (tmp_path / "linked").symlink_to("b")
    (tmp_path / "f.dist-info/METADATA").mkdir(parents=True)
    tree = FolderTree(tmp_path, Meter(), "t")
    assert tree.find(WANTED) == [
        b"a.dist-info/METADATA",
        b"b/c/d.dist-info/METADATA",
        b"e.dist-info/METADATA",
    ]
    assert bytes(tree.read(b"e.dist-info/METADATA")) == b"x"
    assert (tree.unsearched, tree.notes) == ([], [])


def test_files_of_containers_are_not_those_of_the_host(tmp_path: Path) -> None:
    put(
        tmp_path,
        "var/lib/docker/overlay2/1/diff/a.dist-info/METADATA",
        "var/lib/b.dist-info/METADATA",
    )
    tree = FolderTree(tmp_path, Meter(), "t")
    assert tree.find(WANTED) == [b"var/lib/b.dist-info/METADATA"]
    assert [(note.code, note.path) for note in tree.notes] == [
        ("containers-not-searched", "var/lib/docker")
    ]
    assert tree.unsearched == []


@contextmanager
def without_privileges() -> Iterator[None]:
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_that_cannot_be_entered_is_named(tmp_path: Path) -> None:
    put(tmp_path, "a.dist-info/METADATA", "closed/b.dist-info/METADATA", "dark/x")
    tmp_path.chmod(0o755)
    (tmp_path / "closed").chmod(0)
    (tmp_path / "dark").chmod(0o311)
    try:
        tree = FolderTree(tmp_path, Meter(), "t")
        with without_privileges():
            assert tree.find(WANTED) == [b"a.dist-info/METADATA"]
        assert sorted(tree.unsearched) == [b"closed", b"dark"]
    finally:
        (tmp_path / "closed").chmod(0o755)


def test_a_folder_too_deep_is_named(tmp_path: Path) -> None:
    deep = "d/" * 140
    put(tmp_path, deep + "a.dist-info/METADATA")
    tree = FolderTree(tmp_path, Meter(), "t")
    assert tree.find(WANTED) == []
    (named,) = tree.unsearched
    assert named == b"/".join([b"d"] * 128)


def test_another_file_system_is_not_entered() -> None:
    root = Path("/dev")
    mounted = [p.name for p in root.iterdir() if p.is_mount() and not p.is_symlink()]
    if not mounted:
        pytest.skip("nothing is mounted below /dev: no other file system to stay out of")
    tree = FolderTree(root, Meter(), "t")
    assert tree.find(WANTED) == []
    assert {(note.code, note.path) for note in tree.notes} >= {
        ("mount-not-searched", name) for name in mounted
    }


@pytest.mark.parametrize("kind", ["btrfs", "nfs4", "overlay", "fuse.sshfs", "ext4", None])
def test_what_is_no_file_system_of_the_kernel_was_not_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str | None
) -> None:
    """An anonymous device is not a harmless one: subvolumes and shares have them as well."""
    root = Path("/dev")
    found = [p for p in root.iterdir() if p.is_mount() and not p.is_symlink()]
    mounted = sorted(os.fsencode(p.name) for p in found)
    if not mounted:
        pytest.skip("nothing is mounted below /dev: no other file system to stay out of")
    mounts = tmp_path / "mountinfo"
    if kind is not None:
        lines = []
        for name in mounted:
            device = (root / os.fsdecode(name)).stat().st_dev
            number = f"{os.major(device)}:{os.minor(device)}"
            lines.append(f"1 1 {number} / /x rw shared:1 - {kind} source rw\n")
        mounts.write_text("".join(lines))
    monkeypatch.setattr("gate.sources.walk._MOUNTS", mounts)
    tree = FolderTree(root, Meter(), "t")
    tree.find(WANTED)
    assert sorted(tree.unsearched) == mounted
    assert not [note for note in tree.notes if note.code == "mount-not-searched"]


def test_the_walk_counts_against_the_budget(tmp_path: Path) -> None:
    put(tmp_path, *[f"{n}/x" for n in range(40)])
    tree = FolderTree(tmp_path, Meter(Budget(entries=50)), "t")
    with pytest.raises(BudgetError, match="limit 'entries'"):
        tree.find(WANTED)


def test_other_file_systems_are_entered_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path("/dev")
    found = [p for p in root.iterdir() if p.is_mount() and not p.is_symlink()]
    if not found:
        pytest.skip("nothing is mounted below /dev: no other file system to enter")
    mounts = tmp_path / "mountinfo"
    mounts.write_text("")
    monkeypatch.setattr("gate.sources.walk._MOUNTS", mounts)
    tree = FolderTree(root, Meter(), "t", cross_mounts=True)
    tree.find(WANTED)
    assert tree.unsearched == []
    # Those of the kernel are not, whoever asks.
    monkeypatch.undo()
    real = FolderTree(root, Meter(), "t", cross_mounts=True)
    real.find(WANTED)
    assert [note for note in real.notes if note.code == "mount-not-searched"]
