"""An import that is killed, or meets a full disk, leaves the old snapshot or the new one."""

from __future__ import annotations

import errno
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from gate.advisories.snapshot import SHARDS
from gate.errors import AdvisoryError
from tests.advisories.imports import files, ids, take
from tests.advisories.zips import record, write_zip


def test_a_full_disk(tmp_path: Path) -> None:
    """The limit on file sizes stands for the disk: every write beyond it fails."""
    take(tmp_path / "db", write_zip(tmp_path / "1" / "Debian" / "all.zip", record("OLD")))
    noise = random.Random(1)
    large = [record(f"R-{n}", details=noise.randbytes(2000).hex()) for n in range(500)]
    archive = write_zip(tmp_path / "2" / "Debian" / "all.zip", *large)
    before = files(tmp_path / "db")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    kept = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    try:
        with pytest.raises(AdvisoryError, match="cannot be written"):
            take(tmp_path / "db", archive)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, kept)
    assert files(tmp_path / "db") == before


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failing_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    take(tmp_path / "db", write_zip(tmp_path / "1" / "Debian" / "all.zip", record("OLD")))
    new = write_zip(tmp_path / "2" / "Debian" / "all.zip", record("NEW"))
    original = getattr(os, step)
    for failing in range(6):
        calls = iter(range(100))

        def broken(*arguments: object, at: int = failing, calls: object = calls) -> object:
            if next(calls) == at:  # type: ignore[call-overload]
                raise OSError(errno.ENOSPC, "No space left on device")
            return original(*arguments)

        with monkeypatch.context() as context:
            context.setattr(os, step, broken)
            with suppress(AdvisoryError):
                take(tmp_path / "db", new)
        assert ids(tmp_path / "db") in (["OLD"], ["NEW"])


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from gate.advisories.ingest import import_paths
at, calls = int(sys.argv[3]), 0
def dying(name):
    original = getattr(os, name)
    def call(*arguments, **named):
        global calls
        calls += 1
        if calls == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **named)
    return call
for name in ("fsync", "replace", "unlink", "open", "mkdir", "write"):
    setattr(os, name, dying(name))
import_paths(Path(sys.argv[1]), [Path(sys.argv[2])], now=datetime(2026, 11, 23, tzinfo=UTC))
print("done")
"""


def test_killed_at_any_step(tmp_path: Path) -> None:
    take(tmp_path / "old", write_zip(tmp_path / "1" / "Debian" / "all.zip", record("OLD")))
    new = write_zip(tmp_path / "2" / "Debian" / "all.zip", record("NEW"))
    seen = set()
    for at in range(1, 60):
        store = tmp_path / "db"
        shutil.rmtree(store, ignore_errors=True)
        shutil.copytree(tmp_path / "old", store)
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(store), str(new), str(at)],
            capture_output=True,
            text=True,
            check=False,
        )
        seen.add(tuple(ids(store)))
        if done.returncode == 0:
            assert done.stdout == "done\n"
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        # What was left behind is in nobody's way.
        take(store, new)
        assert ids(store) == ["NEW"]
        assert not list((store / SHARDS).glob("*.building"))
    else:
        pytest.fail("the import never came to its end")
    assert seen == {("OLD",), ("NEW",)}


def test_importers_take_turns(tmp_path: Path) -> None:
    archives = [
        write_zip(tmp_path / f"S{n}" / "all.zip", *(record(f"R-{n}-{m}") for m in range(40)))
        for n in range(4)
    ]
    script = KILLED.replace('("fsync", "replace", "unlink", "open", "mkdir", "write")', "()")
    running = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "db"), str(path), "0"])
        for path in archives
    ]
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0, 0]
    assert len(ids(tmp_path / "db")) == 160


def die(*arguments: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_that_is_killed(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gate.advisories.ingest._build", die)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr("gate.advisories.ingest._PARALLEL_FROM", 0)
    with pytest.raises(AdvisoryError, match="the process that imported it was killed"):
        take(tmp_path / "db", data / "osv")
