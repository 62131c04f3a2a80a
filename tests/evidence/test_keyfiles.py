"""Key files: private ones stay private, and nothing is ever overwritten."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from gate.errors import EvidenceError, VerificationError
from gate.evidence import keys
from gate.evidence.keyfiles import read_private, read_public, write_key_pair


@pytest.fixture
def pair() -> keys.KeyPair:
    return keys.generate(None)


@pytest.fixture
def paths(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "gate.key", tmp_path / "gate.pub"


def test_a_written_pair_comes_back_without_warning(
    pair: keys.KeyPair, paths: tuple[Path, Path]
) -> None:
    write_key_pair(pair, *paths)
    private = read_private(paths[0], None)
    assert private.signer.verifying_key.keyid == read_public(paths[1]).keyid == pair.keyid
    assert private.warnings == ()
    assert sorted(path.name for path in paths[0].parent.iterdir()) == ["gate.key", "gate.pub"]


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_the_owner_may_read_the_private_half(
    pair: keys.KeyPair, paths: tuple[Path, Path], umask: int
) -> None:
    before = os.umask(umask)
    try:
        write_key_pair(pair, *paths)
    finally:
        os.umask(before)
    assert stat.S_IMODE(paths[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(paths[1].stat().st_mode) == 0o644 & ~umask


@pytest.mark.parametrize("half", [0, 1])
@pytest.mark.parametrize("kind", ["file", "dangling link"])
def test_nothing_is_overwritten(
    pair: keys.KeyPair, paths: tuple[Path, Path], half: int, kind: str
) -> None:
    if kind == "file":
        paths[half].write_bytes(b"precious")
    else:
        paths[half].symlink_to("nowhere")
    with pytest.raises(EvidenceError, match="exists already"):
        write_key_pair(pair, *paths)
    if kind == "file":
        assert paths[half].read_bytes() == b"precious"
    assert len(list(paths[0].parent.iterdir())) == 1


def test_a_file_that_appears_in_the_meantime_is_not_overwritten(
    pair: keys.KeyPair, paths: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = os.link

    def racing(source: Path, target: Path) -> None:
        target.write_bytes(b"precious")
        original(source, target)

    monkeypatch.setattr(os, "link", racing)
    with pytest.raises(EvidenceError, match="exists already"):
        write_key_pair(pair, *paths)
    assert [path.name for path in paths[0].parent.iterdir()] == ["gate.key"]
    assert paths[0].read_bytes() == b"precious"


def test_without_its_public_half_no_private_half_stays(
    pair: keys.KeyPair, paths: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = os.link

    def full(source: Path, target: Path) -> None:
        if target == paths[1]:
            raise OSError(errno.ENOSPC, "No space left on device")
        original(source, target)

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(EvidenceError, match="disk is full"):
        write_key_pair(pair, *paths)
    assert list(paths[0].parent.iterdir()) == []


def test_says_that_the_file_system_has_no_hard_links(
    pair: keys.KeyPair, paths: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(EvidenceError, match="no hard links"):
        write_key_pair(pair, *paths)
    assert list(paths[0].parent.iterdir()) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o610])
def test_warns_of_a_private_key_that_others_may_use(
    pair: keys.KeyPair, paths: tuple[Path, Path], mode: int
) -> None:
    write_key_pair(pair, *paths)
    paths[0].chmod(mode)
    (warning,) = read_private(paths[0], None).warnings
    assert f"mode {mode:04o}" in warning
    assert "chmod 600" in warning


def test_says_that_a_key_file_is_missing_or_no_file(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="does not exist"):
        read_private(tmp_path / "gate.key", None)
    with pytest.raises(VerificationError, match="does not exist"):
        read_public(tmp_path / "gate.pub")
    with pytest.raises(EvidenceError, match="not a regular file"):
        read_private(tmp_path, None)
    with pytest.raises(VerificationError, match="not a regular file"):
        read_public(tmp_path)


def test_does_not_read_a_large_file_as_a_key(tmp_path: Path) -> None:
    (tmp_path / "disk.img").write_bytes(bytes(65_537))
    with pytest.raises(EvidenceError, match="larger than"):
        read_private(tmp_path / "disk.img", None)
    with pytest.raises(VerificationError, match="larger than"):
        read_public(tmp_path / "disk.img")
