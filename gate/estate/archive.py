"""Many files as one folder, tar or zip, the same bytes each time, and there completely or not.

The last file is ``SHA256SUMS``, which `sha256sum -c` reads.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import secrets
import shutil
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Protocol

from gate.durable import Disk
from gate.errors import UsageError

SUMS = "SHA256SUMS"
_disk = Disk(UsageError)
_TARS = (".tar", ".tar.gz", ".tgz")


class _Sink(Protocol):
    def add(self, name: str, content: bytes) -> None: ...


def write_archive(
    path: Path, root: str, files: Iterable[tuple[str, bytes]], moment: datetime
) -> int:
    """Write `files` to `path`; return how many there are.

    The ending of `path` says what it is: ``.tar``, ``.tar.gz``, ``.tgz`` or ``.zip``, else a
    folder, which must be new or empty.  In an archive all lies below the folder `root`, and
    has the time `moment`.  UsageError where it cannot be written; then nothing is there.
    """
    with _sink(path, root, moment) as sink:
        sums: dict[str, str] = {}
        for name, content in files:
            if name in sums or not _is_inside(name):
                raise UsageError(f"'{name[:200]}' cannot be the name of a file", where=str(path))
            sums[name] = hashlib.sha256(content).hexdigest()
            sink.add(name, content)
        lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
        sink.add(SUMS, lines.encode())
    return len(sums) + 1


def _is_inside(name: str) -> bool:
    parts = PurePosixPath(name).parts
    plain = name.isprintable() and "\\" not in name and name == "/".join(parts)
    return plain and not name.startswith("/") and not {"..", "."}.intersection(parts)


@contextmanager
def _sink(path: Path, root: str, moment: datetime) -> Iterator[_Sink]:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.building")
    name = path.name.lower()
    try:
        with _disk.explained("write", path):
            _disk.make_folder(path.parent)
            if name.endswith((*_TARS, ".zip")):
                with temporary.open("wb") as file:
                    if name.endswith(".zip"):
                        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                            yield _Zip(archive, root, moment)
                    else:
                        yield from _tar(file, name, root, moment)
                _disk.place(temporary, path)
            else:
                if path.exists() and (not path.is_dir() or any(path.iterdir())):
                    raise UsageError(
                        "is there already, and is not an empty folder",
                        where=str(path),
                        hint="nothing is overwritten: choose another name",
                    )
                temporary.mkdir()
                yield _Folder(temporary)
                temporary.replace(path)
    finally:
        with suppress(OSError):
            if temporary.is_dir():
                shutil.rmtree(temporary)
            else:
                temporary.unlink(missing_ok=True)


def _tar(file: io.BufferedWriter, name: str, root: str, moment: datetime) -> Iterator[_Sink]:
    if name.endswith(".tar"):
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
            yield _Tar(archive, root, moment)
        return
    # Neither name nor time of the file goes into the header: the same files, the same bytes.
    with (
        gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        yield _Tar(archive, root, moment)


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root

    def add(self, name: str, content: bytes) -> None:
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


class _Tar:
    def __init__(self, archive: tarfile.TarFile, root: str, moment: datetime) -> None:
        self._archive, self._root, self._time = archive, root, int(moment.timestamp())

    def add(self, name: str, content: bytes) -> None:
        info = tarfile.TarInfo(f"{self._root}/{name}")
        info.size, info.mtime, info.mode = len(content), self._time, 0o644
        self._archive.addfile(info, io.BytesIO(content))


class _Zip:
    def __init__(self, archive: zipfile.ZipFile, root: str, moment: datetime) -> None:
        self._archive, self._root = archive, root
        self._time = moment.timetuple()[:6]

    def add(self, name: str, content: bytes) -> None:
        info = zipfile.ZipInfo(f"{self._root}/{name}", self._time)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        info.create_system = 3
        self._archive.writestr(info, content)
