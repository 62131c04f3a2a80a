"""What runs: from a made-up /proc, and from the real one with a process on a deleted file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from gate.bom.model import Host, StaleProcess
from gate.sources.running import joined, read_running

MAPS = b"""\
55d0-55d1 r-xp 00000000 08:01 1 /usr/sbin/nginx
7f00-7f01 r-xp 00000000 08:01 2 /usr/lib/libssl.so.3 (deleted)
7f02-7f03 r--p 00000000 08:01 3 /usr/share/locale/x.mo (deleted)
7f04-7f05 r-xp 00000000 00:01 4 /memfd:jit (deleted)
7f06-7f07 r-xs 00000000 00:01 5 /dev/zero (deleted)
7f08-7f09 r-xp 00000000 00:00 0 [vdso]
"""


def proc(root: Path, *processes: tuple[int, bytes, str]) -> Path:
    (root / "sys/kernel").mkdir(parents=True)
    (root / "sys/kernel/osrelease").write_text("6.1.0-18-amd64\n")
    (root / "stat").write_text("cpu  1 2 3\nbtime 1760000000\nprocesses 9\n")
    for pid, maps, namespace in (*processes, (1, b"", "mnt:[1]")):
        folder = root / str(pid)
        (folder / "ns").mkdir(parents=True)
        (folder / "ns/mnt").symlink_to(namespace)
        (folder / "maps").write_bytes(maps)
        (folder / "comm").write_text("nginx\n")
    (root / "self").symlink_to("1")
    return root


def test_what_runs(tmp_path: Path) -> None:
    found = read_running(proc(tmp_path, (7, MAPS, "mnt:[1]"), (8, MAPS, "mnt:[2]")))
    assert found == Host(
        running_kernel="6.1.0-18-amd64",
        booted_at=datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC),
        stale_processes=(StaleProcess(pid=7, name="nginx", paths=("/usr/lib/libssl.so.3",)),),
    )


def test_what_may_not_be_seen_is_counted(tmp_path: Path) -> None:
    root = proc(tmp_path, (7, MAPS, "mnt:[1]"))
    (root / "7/maps").unlink()
    (root / "7/maps").mkdir()
    (said,) = read_running(root).unseen
    assert said == "1 processes (Is a directory); run as root to look at them"


def test_a_process_that_ends_meanwhile_is_none(tmp_path: Path) -> None:
    root = proc(tmp_path, (7, MAPS, "mnt:[1]"))
    (root / "7/comm").unlink()
    assert read_running(root).stale_processes == ()


def test_a_listing_of_all_ends(tmp_path: Path) -> None:
    found = read_running(proc(tmp_path, *((pid, MAPS, "mnt:[1]") for pid in range(2, 210))))
    assert len(found.stale_processes) == 200
    assert found.unseen == ("8 more processes run replaced files",)


def test_a_real_process_on_a_deleted_program(tmp_path: Path) -> None:
    program = tmp_path / "sleeper"
    shutil.copy(shutil.which("sleep") or "/bin/sleep", program)
    with subprocess.Popen([program, "60"]) as process:
        try:
            # The maps are those of the program once exec() has returned, which Popen waits for.
            program.unlink()
            found = {one.pid: one for one in read_running().stale_processes}
        finally:
            process.kill()
    assert str(program) in found[process.pid].paths
    assert os.getpid() not in found or sys.executable not in found[os.getpid()].paths


def test_both_halves_are_joined() -> None:
    running = Host(running_kernel="6.1", unseen=("a",))
    installed = Host(machine_id="x", reboot_required=True, unseen=("b",))
    assert joined(running, installed) == Host(
        running_kernel="6.1", machine_id="x", reboot_required=True, unseen=("a", "b")
    )
