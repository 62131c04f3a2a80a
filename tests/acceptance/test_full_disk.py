"""A disk that is really full: a small file system in memory, mounted for the test."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.advisories.zips import record, write_zip
from tests.cli.bad_inputs import Bench, check, run, sound


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    if shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip("only root can mount a small file system: a full disk is not tested")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"mount does not work here ({done.stderr.strip()}): a full disk is not tested")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return sound(tmp_path)


def fill(disk: Path) -> None:
    free = shutil.disk_usage(disk).free
    (disk / "filler").write_bytes(bytes(free))


def test_evidence_that_cannot_be_kept_is_no_pass(bench: Bench, disk: Path) -> None:
    fill(disk)
    bench.arguments += ["--evidence", str(disk / "evidence")]
    code, _, err = check(bench)
    assert code == 5
    assert "the disk is full" in err
    assert not list(disk.rglob("*.intoto.jsonl"))


def test_an_import_leaves_the_store_as_it_was(bench: Bench, disk: Path, tmp_path: Path) -> None:
    store = disk / "db"
    small = write_zip(tmp_path / "1" / "Debian" / "all.zip", record("A"))
    assert run(["db", "import", "--db", str(store), str(small)])[0] == 0
    before = run(["db", "status", "--db", str(store), "--check", "--now", "2026-11-02"])
    records = [record(f"R-{n}", details=os.urandom(500).hex()) for n in range(500)]
    large = write_zip(tmp_path / "2" / "Debian" / "all.zip", *records)
    code, _, err = run(["db", "import", "--db", str(store), str(large)])
    assert code == 4
    assert "full" in err
    assert run(["db", "status", "--db", str(store), "--check", "--now", "2026-11-02"]) == before
    assert not list(store.rglob("*.building"))


def test_an_output_that_cannot_be_written(bench: Bench, disk: Path) -> None:
    fill(disk)
    bench.arguments += ["-o", f"cyclonedx={disk / 'sbom.json'}"]
    code, _, err = check(bench)
    assert code == 2
    assert "the disk is full" in err
    assert not (disk / "sbom.json").exists()
