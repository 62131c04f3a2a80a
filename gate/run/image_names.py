"""Which image a name stood for, when it was last asked: so that a hook needs no network.

A tag moves, so each name is kept with the time it was asked; who uses it decides how
old that may be.  A name with a digest never becomes old.  Names lie beside the
inventories they lead to, and are as trusted as these.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec

from gate.durable import Disk
from gate.errors import GateError, UsageError
from gate.sources.registry.reference import parse_reference

_FOLDER = "names"
_LARGEST = 64 * 1024
_KEPT = 2_000
_disk = Disk(GateError)


class KnownName(msgspec.Struct, frozen=True, kw_only=True):
    """What a name stood for."""

    name: str
    platform: str = ""
    key: str
    """`Opened.key` of the image."""
    asked: datetime
    """UTC."""


class ImageNames:
    """The names in a folder of inventories.  Every failure is a name that is not known."""

    def __init__(self, inventories: Path) -> None:
        """Use the folder of names in `inventories`, which is made when a name is kept."""
        self._folder = inventories / _FOLDER

    def find(self, name: str, platform: str = "") -> KnownName | None:
        """Return what `name` was last known to stand for."""
        canonical = canonical_name(name)
        if not canonical:
            return None
        try:
            content = _disk.read_file(self._path(canonical, platform), _LARGEST)
            known = msgspec.msgpack.decode(content, type=KnownName) if content else None
        except (GateError, msgspec.MsgspecError):
            return None
        fits = known is not None and (known.name, known.platform) == (canonical, platform)
        return known if fits else None

    def keep(self, names: tuple[str, ...], platform: str, key: str, now: datetime) -> None:
        """Remember that `names` stood for the image `key` at the time `now`."""
        for canonical in {canonical_name(name) for name in names} - {""}:
            known = KnownName(name=canonical, platform=platform, key=key, asked=now)
            with suppress(GateError, OSError):
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                path = self._path(canonical, platform)
                _disk.write_file(path, msgspec.msgpack.encode(known))
                self._prune()

    def _path(self, canonical: str, platform: str) -> Path:
        return self._folder / hashlib.sha256(f"{canonical}\0{platform}".encode()).hexdigest()

    def _prune(self) -> None:
        kept = [(entry.stat().st_mtime, entry.path) for entry in os.scandir(self._folder)]
        for _, path in sorted(kept)[:-_KEPT]:
            with suppress(OSError):
                Path(path).unlink()


def canonical_name(name: str) -> str:
    """Return a name with Docker's defaults written out; "" for what names no image."""
    try:
        parsed = parse_reference(name)
    except UsageError:
        return ""
    end = f"@{parsed.digest}" if parsed.digest else f":{parsed.tag}"
    return f"{parsed.host}/{parsed.repository}{end}"


def is_pinned(name: str) -> bool:
    """Return whether a name says by digest which image it is."""
    return "@sha256:" in name
