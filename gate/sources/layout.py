"""An OCI layout in a folder, as a store of blobs (image-layout.md)."""

from __future__ import annotations

from pathlib import Path

from gate.sources.archive import map_file, missing
from gate.sources.blobs import MappedBlobs
from gate.sources.budget import Meter
from gate.sources.oci import INDEX, LAYOUT
from gate.sources.wanted import Wanted


def is_layout(folder: Path) -> bool:
    """Return whether `folder` is an OCI layout."""
    return (folder / LAYOUT).is_file() and (folder / INDEX).is_file()


class LayoutFolder(MappedBlobs):
    """An OCI layout in `folder`.  Implements `Blobs`.

    Names come from `gate.sources.oci`, which admits only ``index.json`` and
    ``blobs/sha256/<hex>``.
    """

    def __init__(self, folder: Path, wanted: Wanted, meter: Meter) -> None:
        """Remember the folder; nothing is read yet."""
        super().__init__(wanted, meter)
        self.where = folder.resolve().name
        self._folder = folder

    def has(self, name: str) -> bool:
        """Return whether the layout has a file of this name."""
        return (self._folder / name).is_file()

    def _bytes(self, name: str) -> memoryview:
        if not self.has(name):
            raise missing(name, self.where)
        return map_file(self._folder / name)
