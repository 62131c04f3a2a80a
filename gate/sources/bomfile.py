"""An SBOM file as a target: its components were read by somebody else."""

from __future__ import annotations

from pathlib import Path

from gate.bom.detect import OPENINGS, read_bom
from gate.bom.model import Bom
from gate.errors import InputError
from gate.sources.archive import map_file
from gate.sources.budget import Meter


def looks_like_document(path: Path) -> bool:
    """Return whether the file at `path` begins like one of the documents that list packages."""
    head = bytes(map_file(path)[:64]).lstrip()
    return head.startswith(OPENINGS)


def open_bom(path: Path, meter: Meter) -> Bom:
    """Read the SBOM at `path`; InputError where it is none that is read."""
    return read_bom(read_file(path, meter), path.name)


def read_file(path: Path, meter: Meter) -> bytes:
    """Return the bytes of a document; InputError where there are none, or too many."""
    view = map_file(path)
    if not view:
        raise InputError("is empty", where=path.name)
    meter.add_retained(len(view), path.name)
    return bytes(view)
