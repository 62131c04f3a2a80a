"""What runs on this machine: kernel, boot, and processes on files that are gone.

Rules: proc(5) (``stat``, ``pid/maps``, ``pid/comm``, ``pid/ns``), uname(2).
Without privileges a process of another user shows nothing of its maps: it is
counted and said, never taken for one without stale files.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from gate.bom.model import Host, StaleProcess

_PROC = Path("/proc")
_BOOT = re.compile(r"^btime (\d{1,11})$", re.MULTILINE)
_DELETED = b" (deleted)"
_NO_FILES = (b"/memfd:", b"/dev/", b"/SYSV", b"/[aio]", b"/anon_hugepage", b"/run/user/")
"""Beginnings of mapped names that are no files of a package."""
_PATHS = 10
_PROCESSES = 200
"""Stale processes that are listed; a host whose libc was replaced has all of them."""
_LONGEST = 8 * 1024 * 1024


def read_running(proc: Path = _PROC) -> Host:
    """Return what runs here, as far as this user may see it."""
    unseen: list[str] = []
    stale = _stale(proc, unseen)
    if len(stale) > _PROCESSES:
        unseen.append(f"{len(stale) - _PROCESSES} more processes run replaced files")
    return Host(
        running_kernel=_kernel(proc),
        booted_at=_booted(proc),
        stale_processes=tuple(stale[:_PROCESSES]),
        unseen=tuple(unseen),
    )


def _kernel(proc: Path) -> str:
    try:
        return (proc / "sys/kernel/osrelease").read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return os.uname().release


def _booted(proc: Path) -> datetime | None:
    try:
        match = _BOOT.search((proc / "stat").read_text(encoding="ascii", errors="replace"))
    except OSError:
        return None
    return datetime.fromtimestamp(int(match[1]), UTC) if match is not None else None


def _stale(proc: Path, unseen: list[str]) -> list[StaleProcess]:
    """Return the processes of this system that run deleted files, by number."""
    refused: Counter[str] = Counter()
    own = _namespace(proc / "self")
    found = []
    for pid in _pids(proc, unseen):
        folder = proc / str(pid)
        try:
            # Whatever runs in a container is judged with the container's image.
            if own and _namespace(folder) not in {own, ""}:
                continue
            paths = _deleted(folder / "maps")
            name = (folder / "comm").read_text(encoding="utf-8", errors="replace").strip()
        except (FileNotFoundError, ProcessLookupError):
            # It has ended.
            continue
        except OSError as error:
            refused[error.strerror or "not readable"] += 1
            continue
        if paths:
            shown = tuple(path.decode("utf-8", "replace") for path in sorted(paths)[:_PATHS])
            found.append(StaleProcess(pid=pid, name=name, paths=shown))
    unseen += [
        f"{count} processes ({why}); run as root to look at them" for why, count in refused.items()
    ]
    return found


def _pids(proc: Path, unseen: list[str]) -> Iterator[int]:
    try:
        names = [path.name for path in proc.iterdir()]
    except OSError as error:
        unseen.append(f"processes ({error.strerror})")
        return
    yield from sorted(int(name) for name in names if name.isdecimal())


def _namespace(process: Path) -> str:
    """Return which mount namespace a process is in, "" where that may not be seen."""
    try:
        return str((process / "ns/mnt").readlink())
    except FileNotFoundError:
        raise
    except OSError:
        return ""


def _deleted(maps: Path) -> set[bytes]:
    """Return the files that are mapped as code and were removed since."""
    with maps.open("rb") as file:
        content = file.read(_LONGEST)
    found = set()
    for line in content.split(b"\n"):
        if not line.endswith(_DELETED):
            continue
        fields = line.split(None, 5)
        if len(fields) == 6 and b"x" in fields[1]:
            path = fields[5][: -len(_DELETED)]
            if path.startswith(b"/") and not path.startswith(_NO_FILES):
                found.add(path)
    return found


def joined(running: Host, installed: Host) -> Host:
    """Return what runs and what is installed as one."""
    return msgspec.structs.replace(
        installed,
        running_kernel=running.running_kernel,
        booted_at=running.booted_at,
        stale_processes=running.stale_processes,
        unseen=(*running.unseen, *installed.unseen),
    )
