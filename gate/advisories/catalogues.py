"""The catalogues of exploited flaws, kept in the folder of the advisory store.

Each is one file, exactly as its publisher made it, named by its kind and the
SHA-256 of its bytes: ``exploitation/kev-<hex>.json``.  Reading checks the name
against the bytes, so that damage is found.  A newer file replaces an older one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from enum import StrEnum
from pathlib import Path

from gate.advisories.epss import read_epss
from gate.advisories.exploitation import Catalogue, Exploitation
from gate.advisories.kev import read_kev
from gate.durable import Disk
from gate.errors import AdvisoryError

_FOLDER = "exploitation"
_SIZE = 64 * 1024 * 1024
"""Bytes; the larger of the two has about 2 MB compressed and 10 MB plain."""
_disk = Disk(AdvisoryError)


class Kind(StrEnum):
    """Which catalogue a file is."""

    KEV = "kev"
    EPSS = "epss"


def import_catalogue(store: Path, kind: Kind, path: Path) -> Catalogue:
    """Keep the catalogue in `path`, which is checked whole; AdvisoryError where it is not one.

    One that is older than what is kept is refused: it would forget exploited flaws.
    """
    content = _read(path)
    catalogue = _catalogue(kind, content, str(path))
    if newest := _newest(store, kind):
        kept = _catalogue(kind, newest, _FOLDER)
        if kept.as_of > catalogue.as_of:
            raise AdvisoryError(
                f"is older than what is kept ({catalogue.as_of:%Y-%m-%d %H:%M}, kept "
                f"{kept.as_of:%Y-%m-%d %H:%M})",
                where=str(path),
                hint="download it again",
            )
    folder = store / _FOLDER
    target = folder / f"{kind}-{hashlib.sha256(content).hexdigest()}"
    _disk.make_folder(folder)
    _disk.write_file(target, content)
    for other in _files(store, kind):
        if other != target:
            with _disk.explained("remove", other):
                other.unlink(missing_ok=True)
    return catalogue


def read_exploitation(
    store: Path, identifiers: Collection[str], kinds: Collection[Kind]
) -> Exploitation:
    """Return what the catalogues of `store` say of `identifiers`; AdvisoryError if damaged.

    Only `kinds` are asked.
    """
    found = Exploitation()
    if Kind.KEV in kinds and (content := _newest(store, Kind.KEV)):
        kev, exploited = read_kev(content, _FOLDER)
        found = Exploitation(kev=kev, exploited=exploited)
    if Kind.EPSS in kinds and (content := _newest(store, Kind.EPSS)):
        epss, scores = read_epss(content, _FOLDER, identifiers)
        found = Exploitation(kev=found.kev, exploited=found.exploited, epss=epss, scores=scores)
    return found.about(identifiers)


def _newest(store: Path, kind: Kind) -> bytes:
    """Return the bytes of the newest catalogue of `kind`, b"" where there is none."""
    contents = [_sound(path, kind) for path in _files(store, kind)]
    if len(contents) < 2:
        return contents[0] if contents else b""
    # A run that was killed between writing and removing leaves two.
    return max(contents, key=lambda content: _catalogue(kind, content, _FOLDER).as_of)


def _sound(path: Path, kind: Kind) -> bytes:
    content = _read(path)
    if path.name != f"{kind}-{hashlib.sha256(content).hexdigest()}":
        raise AdvisoryError(
            "is damaged", where=str(path), hint=f"remove it, then patchgate db import-{kind}"
        )
    return content


def _catalogue(kind: Kind, content: bytes, where: str) -> Catalogue:
    if kind is Kind.KEV:
        return read_kev(content, where)[0]
    return read_epss(content, where, ())[0]


def _files(store: Path, kind: Kind) -> list[Path]:
    return sorted((store / _FOLDER).glob(f"{kind}-*"))


def _read(path: Path) -> bytes:
    with _disk.explained("read", path):
        if path.stat().st_size > _SIZE:
            raise AdvisoryError(f"is larger than {_SIZE:,} bytes", where=str(path))
        return path.read_bytes()
