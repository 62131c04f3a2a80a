"""Full disks, failing disks, killed runs and power cuts, at every step of recording a run."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gate.durable import TEMPORARY
from gate.errors import EvidenceError
from gate.evidence.facts import RunFacts
from gate.evidence.keys import Ed25519Signer
from gate.evidence.layout import blob_path
from gate.evidence.record import record
from gate.evidence.store import FolderStore
from gate.evidence.verify import verify_file
from gate.evidence.verify_folder import verify_folder

DRIVER = Path(__file__).with_name("crash_driver.py")
STEPS = ("open", "write", "fsync", "close", "replace", "mkdir")
FAILURES = (errno.ENOSPC, errno.EROFS, errno.EIO, errno.EACCES, errno.EDQUOT)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def check_nothing_is_half_written(folder: Path, signer: Ed25519Signer) -> bool:
    """Assert that every visible file is whole; return whether the record is there."""
    there = False
    check_the_ledger(folder, signer)
    for path in files(folder):
        if path.name.startswith(TEMPORARY) or "ledger" in path.parts:
            continue
        if path.name.endswith(".intoto.jsonl"):
            there = True
            assert verify_file(path, [signer.verifying_key]).problems == ()
        else:
            assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
    return there


def check_the_ledger(folder: Path, signer: Ed25519Signer) -> None:
    """Assert that the ledger can be read, and speaks of nothing that is not there."""
    if not folder.exists():
        return
    report = verify_folder(folder, [signer.verifying_key])
    if report.ledger.signed is None:
        assert not (folder / "ledger" / "checkpoint").exists()
    else:
        assert report.ok, report.failed


def check_a_new_run_converges(folder: Path, facts: RunFacts, signer: Ed25519Signer) -> None:
    done = record(facts, signer, FolderStore(folder))
    report = verify_folder(folder, [signer.verifying_key])
    assert report.ok, report.failed
    assert (done.number, len(report.ledger.entries)) == (0, 1)


class Faults:
    """Makes step number `fail_at` of the file system fail with `code`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fail_at: int, code: int) -> None:
        self.count = 0
        self.fail_at = fail_at
        self.code = code
        for name in STEPS:
            monkeypatch.setattr(os, name, self._wrap(name, getattr(os, name)))

    def _wrap(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **options: Any) -> Any:
            number = self.count
            self.count += 1
            if number != self.fail_at:
                return original(*arguments, **options)
            if name == "close":
                original(*arguments)
            if name == "write":
                original(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
            raise OSError(self.code, os.strerror(self.code))

        return step


def steps_of_a_run(facts: RunFacts, signer: Ed25519Signer, folder: Path) -> int:
    with pytest.MonkeyPatch.context() as context:
        faults = Faults(context, -1, 0)
        record(facts, signer, FolderStore(folder))
        return faults.count


def test_a_failure_at_any_step_is_an_error_and_leaves_nothing_half_written(
    facts: RunFacts, signer: Ed25519Signer, quick_path: Path
) -> None:
    steps = steps_of_a_run(facts, signer, quick_path / "whole")
    assert steps > 50
    for number in range(steps):
        code = FAILURES[number % len(FAILURES)]
        folder = quick_path / str(number)
        with pytest.MonkeyPatch.context() as context:
            Faults(context, number, code)
            with pytest.raises(EvidenceError) as caught:
                record(facts, signer, FolderStore(folder))
        assert caught.value.where.startswith(str(quick_path))
        assert caught.value.hint
        check_nothing_is_half_written(folder, signer)
        assert not [path for path in files(folder) if path.name.startswith(TEMPORARY)]
        check_a_new_run_converges(folder, facts, signer)


def test_a_failure_while_confirming_what_is_there_is_an_error(
    facts: RunFacts, signer: Ed25519Signer, quick_path: Path
) -> None:
    record(facts, signer, FolderStore(quick_path))
    steps = steps_of_a_run(facts, signer, quick_path)
    assert steps > 20
    for number in range(steps):
        with pytest.MonkeyPatch.context() as context:
            Faults(context, number, errno.EIO)
            with pytest.raises(EvidenceError):
                record(facts, signer, FolderStore(quick_path))
        assert check_nothing_is_half_written(quick_path, signer)


def drive(mode: str, facts: RunFacts, folder: Path) -> str:
    facts_path = folder / "facts.json"
    facts_path.write_bytes(msgspec.json.encode(facts))
    done = subprocess.run(
        [sys.executable, str(DRIVER), mode, str(facts_path), str(folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=DRIVER.parent.parent.parent,
        env={**os.environ, "PYTHONPATH": str(DRIVER.parent.parent.parent)},
    )
    assert done.returncode == 0, done.stderr
    facts_path.unlink()
    return done.stdout


def test_a_run_killed_at_any_step_leaves_nothing_half_written(
    facts: RunFacts, signer: Ed25519Signer, quick_path: Path
) -> None:
    drive("kill", facts, quick_path)
    folders = sorted(path for path in quick_path.iterdir() if path.name.isdigit())
    visible = [check_nothing_is_half_written(folder, signer) for folder in folders]
    assert len(folders) > 100
    assert visible == sorted(visible), "a record, once there, is there at every later step"
    assert visible.count(False) > 50
    leftovers = [path for path in files(quick_path) if path.name.startswith(TEMPORARY)]
    assert leftovers, "no child was killed while it wrote"
    for folder in folders:
        check_a_new_run_converges(folder, facts, signer)


def test_a_file_size_limit_is_an_error_and_leaves_no_record(
    facts: RunFacts, tmp_path: Path
) -> None:
    assert "the file would be larger than allowed" in drive("limit", facts, tmp_path)
    left = {path.parts[len(tmp_path.parts) + 1] for path in files(tmp_path / "limited")}
    assert left == {"blobs"}
    assert not (tmp_path / "limited" / "ledger" / "checkpoint").exists()


def test_several_processes_may_record_the_same_runs_at_once(
    facts: RunFacts, signer: Ed25519Signer, tmp_path: Path
) -> None:
    drive("parallel", facts, tmp_path)
    bundles = list((tmp_path / "shared").glob("*.intoto.jsonl"))
    assert len(bundles) == 10
    report = verify_folder(tmp_path / "shared", [signer.verifying_key])
    assert report.ok, report.failed
    assert len(report.ledger.entries) == 10, "each run once"
    assert not [path for path in files(tmp_path) if path.name.startswith(TEMPORARY)]


class PowerCut:
    """A disk that forgets what was not flushed: entries of folders, contents of files."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.entries: dict[int, set[str]] = {}
        self.contents: set[int] = set()
        self.original_fsync = os.fsync
        monkeypatch.setattr(os, "fsync", self.fsync)

    def fsync(self, descriptor: int) -> None:
        self.original_fsync(descriptor)
        inode = os.fstat(descriptor).st_ino
        try:
            self.entries[inode] = set(os.listdir(descriptor))
        except NotADirectoryError:
            self.contents.add(inode)

    def survives(self, path: Path, root: Path) -> bool:
        """Whether `path`, and all folders between it and `root`, would be there again."""
        inode = path.stat().st_ino
        if path.is_file() and inode not in self.contents:
            return False
        while path != root:
            if path.name not in self.entries.get(path.parent.stat().st_ino, set()):
                return False
            path = path.parent
        return True


def test_a_power_cut_takes_nothing_that_was_acknowledged(
    facts: RunFacts, signer: Ed25519Signer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "new" / "evidence"
    disk = PowerCut(monkeypatch)
    original = os.replace
    blobs = [blob_path(folder, attachment.sha256) for attachment in facts.attachments]
    bundles: list[Path] = []
    ledger: set[Path] = set()

    def replace(source: Path, target: Path) -> None:
        # The new name may reach the disk at once: all that it stands for must be there before.
        assert source.stat().st_ino in disk.contents
        if target.name.endswith(".intoto.jsonl"):
            bundles.append(target)
            assert all(disk.survives(blob, tmp_path) for blob in blobs)
        if target.name == "checkpoint":
            assert all(disk.survives(path, tmp_path) for path in [*bundles, *ledger])
        if "ledger" in target.parts:
            ledger.add(target)
        original(source, target)

    monkeypatch.setattr(os, "replace", replace)
    done = record(facts, signer, FolderStore(folder))
    assert bundles == [Path(done.place)]
    assert ledger == {path for path in files(folder / "ledger") if path.name != "lock"}
    acknowledged = [*blobs, Path(done.place), *ledger]
    assert all(disk.survives(path, tmp_path) for path in acknowledged)


def test_what_a_killed_run_did_not_flush_is_flushed_by_the_next(
    facts: RunFacts, signer: Ed25519Signer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(facts, signer, FolderStore(tmp_path / "evidence"))
    disk = PowerCut(monkeypatch)
    done = record(facts, signer, FolderStore(tmp_path / "evidence"))
    folder = tmp_path / "evidence"
    blobs = [blob_path(folder, attachment.sha256) for attachment in facts.attachments]
    checkpoint = folder / "ledger" / "checkpoint"
    disk.contents.add(checkpoint.stat().st_ino)  # flushed before it had its name
    acknowledged = [*blobs, Path(done.place), checkpoint]
    assert all(disk.survives(path, folder) for path in acknowledged)
