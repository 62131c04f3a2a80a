"""Durable files, every failure of which is a failure of evidence."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gate.durable import Disk, open_regular
from gate.errors import EvidenceError

_disk = Disk(EvidenceError)

confirm_file = _disk.confirm_file
explained = _disk.explained
make_folder = _disk.make_folder
read_file = _disk.read_file
prepare_file = _disk.prepare_file
write_file = _disk.write_file
write_group = _disk.write_group
write_new_file = _disk.write_new_file


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path`, alone among all processes; waits for it.

    The lock goes with the process that holds it, however that ends.
    """
    with explained("lock", path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        with explained("lock", path):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        with explained("unlock", path):
            os.close(descriptor)


@contextmanager
def unchanged(path: Path) -> Iterator[None]:
    """Keep others from taking the lock file `path`, where there is one that can be read.

    A copy of a folder, which nobody writes to, needs no lock.
    """
    descriptor = None
    with suppress(OSError):
        descriptor = open_regular(path)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)
