"""Files are there completely or not at all."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from gate import durable
from gate.errors import EvidenceError

disk = durable.Disk(EvidenceError)
confirm_file, make_folder = disk.confirm_file, disk.make_folder
read_file, write_file = disk.read_file, disk.write_file


def test_writes_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content in (b"one", b"", b"x" * 3_000_000):
        write_file(path, content)
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_mode_is_0644_less_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write_file(tmp_path / "file", b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o644 & ~umask


def test_a_short_write_is_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = os.write
    monkeypatch.setattr(os, "write", lambda file, data: original(file, data[:3]))
    write_file(tmp_path / "file", b"0123456789")
    assert (tmp_path / "file").read_bytes() == b"0123456789"


def test_an_interrupt_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    for step in ("write", "fsync", "replace"):
        with monkeypatch.context() as context:
            context.setattr(os, step, interrupted)
            with pytest.raises(KeyboardInterrupt):
                write_file(tmp_path / "file", b"x")
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "permission denied"),
        (errno.EIO, "input/output"),
        (errno.EFBIG, "larger than allowed"),
        (errno.ESTALE, "Stale file handle"),
    ],
)
def test_says_what_failed_where_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, reason: str
) -> None:
    def fail(*arguments: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(EvidenceError, match=reason) as caught:
        write_file(tmp_path / "file", b"x")
    assert caught.value.where == str(tmp_path / "file")
    assert caught.value.hint


def test_leftovers_of_killed_runs_are_reaped_once_they_are_old(tmp_path: Path) -> None:
    old, fresh = (tmp_path / f"{durable.TEMPORARY}{name}" for name in ("old", "fresh"))
    other = tmp_path / "other"
    for path in (old, fresh, other):
        path.write_bytes(b"half")
    for path in (old, other):
        os.utime(path, (0, 0))
    stuck = tmp_path / f"{durable.TEMPORARY}folder"
    stuck.mkdir()
    os.utime(stuck, (0, 0))
    write_file(tmp_path / "file", b"x")
    assert {path.name for path in tmp_path.iterdir()} == {
        fresh.name, other.name, stuck.name, "file",
    }  # fmt: skip


def test_reaping_does_not_follow_links(tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"x")
    os.utime(tmp_path / "precious", (0, 0))
    (tmp_path / f"{durable.TEMPORARY}link").symlink_to("precious")
    write_file(tmp_path / "file", b"x")
    assert (tmp_path / "precious").exists()
    assert (tmp_path / f"{durable.TEMPORARY}link").is_symlink()


def test_confirms_exactly_the_content(tmp_path: Path) -> None:
    path = tmp_path / "file"
    content = bytes(range(256)) * 10_000
    assert confirm_file(path, content) is None
    path.write_bytes(content)
    assert confirm_file(path, content) is True
    for wrong in (content[:-1], content + b"x", b"", content[:-1] + b"x", b"x" + content[1:]):
        path.write_bytes(wrong)
        assert confirm_file(path, content) is False


def test_a_pipe_or_folder_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("pipe", "folder"):
        for read in (
            lambda path: read_file(path, 10),
            lambda path: confirm_file(path, b"x"),
        ):
            with pytest.raises(EvidenceError, match="not a regular file"):
                read(tmp_path / name)


def test_reads_at_most_one_byte_beyond_the_limit(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 100)
    assert read_file(tmp_path / "none", 10) is None
    assert read_file(tmp_path / "file", 100) == b"x" * 100
    assert read_file(tmp_path / "file", 10) == b"x" * 11


def test_makes_the_folders_that_are_missing(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b" / "c")
    make_folder(tmp_path / "a" / "b" / "c")
    assert (tmp_path / "a" / "b" / "c").is_dir()


def test_says_that_a_file_stands_in_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(EvidenceError, match="not a folder"):
        make_folder(tmp_path / "file")
    with pytest.raises(EvidenceError, match="not a folder"):
        make_folder(tmp_path / "file" / "below")
