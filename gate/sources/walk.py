"""The walk over a folder, for files that are wanted by name wherever they lie.

It stays on the file system it began on unless asked, follows no link, and says
what it did not enter.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import msgspec

from gate.bom.model import Note
from gate.sources.budget import Meter
from gate.sources.paths import text
from gate.sources.wanted import Reduction, Wanted

CONTAINERS = frozenset(
    {
        b"var/lib/containerd",
        b"var/lib/containers/storage",
        b"var/lib/docker",
        b"var/lib/kubelet",
        b"var/lib/rancher",
    }
)
"""Where runtimes keep the files of containers: targets of their own, not packages of the host."""

_KERNEL = frozenset(
    {
        *("autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts"),
        *("devtmpfs", "efivarfs", "fusectl", "hugetlbfs", "mqueue", "nsfs", "proc", "pstore"),
        *("ramfs", "rpc_pipefs", "securityfs", "selinuxfs", "sysfs", "tmpfs", "tracefs"),
    }
)
"""File systems that the kernel makes up or keeps in memory (proc(5), filesystems(5))."""
_MOUNTS = Path("/proc/self/mountinfo")

_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_DEPTH = 128
"""Folders within folders, each of which is an open file while the walk is inside."""


class Walked(msgspec.Struct, frozen=True, kw_only=True):
    """What a walk found.  Paths are clean."""

    wanted: Wanted
    files: list[bytes] = []
    reducible: dict[Reduction, list[bytes]] = {}
    """Plain files of each wanted reduction."""
    unsearched: list[bytes] = []
    """Folders that hold files of this machine and could not be entered."""
    notes: list[Note] = []


def walk(
    root: int, wanted: Wanted, meter: Meter, where: str, *, cross_mounts: bool = False
) -> Walked:
    """Search the folder that is open as `root` for the names in `wanted`.

    With `cross_mounts` also other file systems below it that keep files.
    """
    walker = _Walker(wanted, os.fstat(root).st_dev, meter, where, cross_mounts=cross_mounts)
    walker.enter(b"", b".", root, 0)
    return walker.walked


class _Walker:
    def __init__(
        self, wanted: Wanted, device: int, meter: Meter, where: str, *, cross_mounts: bool
    ) -> None:
        self.walked = Walked(wanted=wanted)
        self._matches: Callable[[bytes], bool] = wanted.matcher()
        self._reductions = tuple(wanted.reductions)
        self._device = device
        self._cross_mounts = cross_mounts
        self._kernel: frozenset[int] | None = None
        self._meter = meter
        self._where = where

    def enter(self, path: bytes, name: bytes, parent: int, depth: int) -> None:
        """Search the folder `name` in `parent`, whose path is `path`."""
        if path in CONTAINERS:
            self._note("containers-not-searched", "files of containers are not of this host", path)
            return
        try:
            opened = os.open(name, _FLAGS, dir_fd=parent)
        except FileNotFoundError:
            return
        except OSError:
            self.walked.unsearched.append(path)
            return
        try:
            device = os.fstat(opened).st_dev
            if device != self._device and not self._is_asked_for(device):
                self._mounted(path, device)
            elif depth >= _DEPTH:
                self.walked.unsearched.append(path)
            else:
                self._list(path, opened, depth)
        except OSError:
            self.walked.unsearched.append(path)
        finally:
            os.close(opened)

    def _list(self, path: bytes, opened: int, depth: int) -> None:
        prefix = path + b"/" if path else b""
        folders: list[bytes] = []
        count = 0
        with os.scandir(opened) as entries:
            for entry in entries:
                count += 1
                name = os.fsencode(entry.name)
                if entry.is_dir(follow_symlinks=False):
                    folders.append(name)
                elif self._matches(prefix + name):
                    self.walked.files.append(prefix + name)
                elif self._reductions and (mode := _mode_of_plain(entry)) is not None:
                    self._reducible(prefix + name, mode)
        self._meter.add_entries(count, self._where)
        for name in folders:
            self.enter(prefix + name, name, opened, depth + 1)

    def _reducible(self, path: bytes, mode: int) -> None:
        for reduction in self._reductions:
            if reduction.takes(path, mode):
                self.walked.reducible.setdefault(reduction, []).append(path)

    def _is_asked_for(self, device: int) -> bool:
        return self._cross_mounts and device not in self._of_kernel()

    def _of_kernel(self) -> frozenset[int]:
        if self._kernel is None:
            self._kernel = _kernel_devices()
        return self._kernel

    def _mounted(self, path: bytes, device: int) -> None:
        """Say that another file system is here.

        Those of the kernel hold no packages.  Every other may: a disk, a network
        share, and a subvolume of btrfs, which has a device number of its own.
        """
        if device in self._of_kernel():
            self._note("mount-not-searched", "another file system is mounted here", path)
        else:
            self.walked.unsearched.append(path)

    def _note(self, code: str, message: str, path: bytes) -> None:
        self.walked.notes.append(Note(code=code, message=message, path=text(path)))


def _kernel_devices() -> frozenset[int]:
    """Return the devices of the kernel's file systems; none where it does not say."""
    try:
        lines = _MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    devices = set()
    for line in lines:
        mount, _, source = line.partition(" - ")
        fields = mount.split(" ")
        if source.split(" ", 1)[0] in _KERNEL and len(fields) > 2:
            major, _, minor = fields[2].partition(":")
            if major.isdecimal() and minor.isdecimal():
                devices.add(os.makedev(int(major), int(minor)))
    return frozenset(devices)


def _mode_of_plain(entry: os.DirEntry[str]) -> int | None:
    """Return the mode of a plain file, None for everything else."""
    try:
        mode = entry.stat(follow_symlinks=False).st_mode
    except FileNotFoundError:
        # A running system removes files while it is walked over.
        return None
    return mode if stat.S_ISREG(mode) else None
