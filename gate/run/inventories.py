"""Inventories of images that were read before, so that they need not be read again.

An inventory is known again by one of two names:

* the digest of the image's configuration, where a registry or a daemon states
  it: the configuration names every layer by its digest, so it stands for the
  same bytes;
* an archive in a file by the file itself (device, inode, size, times), since
  only reading it all would tell its digests.  Whoever can set back the change
  time of a file could as well replace patchgate.

Layers of registries are kept beside them, by the digest of their stored bytes: of
an image that changed, only the layers that are new are fetched.

All names also hold what the inventory depends on besides: the catalogers and
the budget.  What a limit cut short is never kept.  A file that is
damaged or of another format is no inventory; that only costs time.
docs/decisions/0006-inventories.md has the reasons.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

import gate
from gate.bom.model import Bom, ReadingStatus
from gate.durable import Disk
from gate.errors import GateError
from gate.run.image_names import ImageNames
from gate.sources.budget import Budget
from gate.sources.kept import KeptLayer
from gate.sources.request import Choice

_ROOMS = ("bom", "catalog", "sources")
"""What an inventory is made by: packages of `gate`."""
_LARGEST = 256 * 1024 * 1024
_KEPT = 200
"""Inventories in one folder, and layers; the ones not used for longest go first."""
_LAYERS = "layers"
"""Folder of the layers; a large one takes some megabytes."""
_SETTLED = 2.0
"""Seconds: two changes within one tick of a file system's clock look like one."""
_disk = Disk(GateError)


class Inventories:
    """A folder of inventories.  Every failure to read or write it is no inventory."""

    def __init__(self, folder: Path, budget: Budget, *, include_owned: bool = False) -> None:
        """Use `folder`, which is made when something is kept, for runs under `budget`.

        Inventories with parts of the distribution's packages are kept apart.
        """
        self._folder = folder
        self._basis = _digest(_code(), repr(budget), repr(include_owned))
        self.names = ImageNames(folder)

    def image(self, key: str) -> Bom | None:
        """Return what was found in an image; a `Recall`."""
        return self._load(self._of_image(key))

    def keep_image(self, key: str, bom: Bom) -> None:
        """Keep what was found in an image under its `Opened.key`."""
        if key and is_settled(bom):
            self._save(self._of_image(key), bom)

    def layer(self, digest: str) -> KeptLayer | None:
        """Return what was read of a layer; as `KeptLayers`."""
        content = self._content(self._of_layer(digest))
        try:
            return None if content is None else msgspec.msgpack.decode(content, type=KeptLayer)
        except msgspec.MsgspecError:
            return None

    def keep_layer(self, digest: str, layer: KeptLayer) -> None:
        """Keep what was read of a layer; as `KeptLayers`."""
        self._write(self._of_layer(digest), msgspec.msgpack.encode(layer))

    def _of_layer(self, digest: str) -> str:
        return f"{_LAYERS}/{_digest(self._basis, 'layer', digest)}"

    def keep_names(self, key: str, bom: Bom, choice: Choice) -> None:
        """Remember which image the names of `bom` stand for now; `key` is its `Opened.key`."""
        if key:
            subject = bom.subject
            names = (subject.name, *subject.tags, *subject.repo_digests)
            self.names.keep(names, choice.platform, key, datetime.now(UTC))

    def file(self, target: str, path: Path, choice: Choice) -> Bom | None:
        """Return what was found in the archive at `path`, if it is still that file."""
        name = self._of_file(target, path, choice)
        return self._load(name) if name else None

    def keep_file(self, target: str, path: Path, choice: Choice, bom: Bom, began: float) -> None:
        """Keep what was found in the archive at `path`.

        `began` is when reading it began, by `time.time()`: a file that was
        changed since, or just before, is not known well enough.
        """
        name = self._of_file(target, path, choice)
        with suppress(OSError):
            if name and is_settled(bom) and path.stat().st_ctime < began - _SETTLED:
                self._save(name, bom)

    def _of_image(self, key: str) -> str:
        return _digest(self._basis, "image", key)

    def _of_file(self, target: str, path: Path, choice: Choice) -> str:
        try:
            found = path.stat()
        except OSError:
            return ""
        if not stat.S_ISREG(found.st_mode):
            return ""
        stamp = found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
        return _digest(self._basis, "file", target, repr(stamp), repr(choice))

    def _load(self, name: str) -> Bom | None:
        content = self._content(name)
        try:
            return None if content is None else msgspec.msgpack.decode(content, type=Bom)
        except msgspec.MsgspecError:
            return None

    def _content(self, name: str) -> bytes | None:
        """Return what is kept under a name, unless it is damaged."""
        path = self._folder / name
        try:
            content = _disk.read_file(path, _LARGEST)
        except GateError:
            return None
        if content is None or hashlib.sha256(content[32:]).digest() != content[:32]:
            return None
        with suppress(OSError):
            os.utime(path)
        return content[32:]

    def _save(self, name: str, bom: Bom) -> None:
        self._write(name, msgspec.msgpack.encode(bom))

    def _write(self, name: str, content: bytes) -> None:
        path = self._folder / name
        with suppress(GateError, OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _disk.write_file(path, hashlib.sha256(content).digest() + content)
            _prune(path.parent)


def _prune(folder: Path) -> None:
    """Remove what was not used for longest."""
    files = [entry for entry in os.scandir(folder) if entry.is_file()]
    kept = [(entry.stat().st_mtime, entry.path) for entry in files]
    for _, path in sorted(kept)[:-_KEPT]:
        with suppress(OSError):
            Path(path).unlink()


def is_settled(bom: Bom) -> bool:
    """Return whether reading the same bytes again would find the same: no limit cut it short."""
    return not any(
        reading.status is not ReadingStatus.COMPLETE and "limit '" in reading.reason
        for reading in bom.readings
    )


def _code() -> str:
    """Return what tells this version of the catalogers, also where it is being worked on."""
    root = Path(gate.__file__).parent
    files = sorted(path for room in _ROOMS for path in (root / room).rglob("*.py"))
    if not files:  # built into one file, which then stands for them
        files = [Path(sys.executable)]
    stamps = [(path.name, (at := path.stat()).st_size, at.st_mtime_ns) for path in files]
    return f"{gate.__version__} {stamps!r}"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
