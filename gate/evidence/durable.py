"""Durable files, every failure of which is a failure of evidence."""

from __future__ import annotations

from gate.durable import Disk
from gate.errors import EvidenceError

_disk = Disk(EvidenceError)

confirm_file = _disk.confirm_file
explained = _disk.explained
make_folder = _disk.make_folder
read_file = _disk.read_file
write_file = _disk.write_file
write_new_file = _disk.write_new_file
