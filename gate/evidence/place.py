"""Where evidence is read: the same files under the same paths, whatever holds them.

A folder, a bucket, a database and a registry hold the same bytes.  Whoever verifies,
lists, proves or replays reads them through `Place`, by their path in the folder
layout (`gate.evidence.store`), and so needs to know none of these.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from gate.durable import TEMPORARY, open_regular
from gate.errors import EvidenceError, VerificationError
from gate.evidence.durable import read_file, unchanged


class Place(Protocol):
    """Files by their path: parts that are joined by ``/``, none of them empty or ``..``."""

    @property
    def name(self) -> str:
        """How messages call it: never with a credential."""

    def read(self, path: str, limit: int) -> bytes | None:
        """Return the content of a file, at most `limit` + 1 bytes; None where there is none.

        EvidenceError where it cannot be read.
        """

    def names(self, folder: str) -> Iterator[str]:
        """Yield the paths of all files in `folder` and below; of the top alone for "".

        EvidenceError where they cannot be listed.
        """

    def open(self, path: str) -> BinaryIO:
        """Return a file to be read in pieces.

        FileNotFoundError where there is none, another OSError where it cannot be read.
        """

    def unchanged(self, lock: str) -> AbstractContextManager[None]:
        """Keep `names` and `read` consistent while others append, as far as the place can.

        `lock` is the path of the file that whoever appends holds.
        """


class FolderPlace:
    """A folder on a disk.  Implements `Place`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def name(self) -> str:
        """Its path."""
        return str(self.folder)

    def read(self, path: str, limit: int) -> bytes | None:
        """Return the content of a regular file."""
        return read_file(self.folder / path, limit)

    def names(self, folder: str) -> Iterator[str]:
        """Yield the paths of files; what a killed run left behind is none."""
        if not folder:
            try:
                yield from [path.name for path in self.folder.iterdir()]
            except OSError as error:
                raise EvidenceError(
                    f"cannot be listed ({error.strerror})",
                    where=str(self.folder),
                    hint="give the folder that --evidence named",
                ) from error
            return
        for place, _, names in os.walk(self.folder / folder):
            inside = Path(place).relative_to(self.folder).as_posix()
            yield from (f"{inside}/{name}" for name in names if not name.startswith(TEMPORARY))

    def open(self, path: str) -> BinaryIO:
        """Return a regular file."""
        return os.fdopen(open_regular(self.folder / path), "rb", buffering=0)

    def unchanged(self, lock: str) -> AbstractContextManager[None]:
        """Hold the lock that appending needs, together with other readers."""
        return unchanged(self.folder / lock)


class _Below:
    """A folder of a place, seen as a place.  Implements `Place`."""

    def __init__(self, place: Place, folder: str) -> None:
        self._place = place
        self._folder = folder

    @property
    def name(self) -> str:
        return f"{self._place.name}/{self._folder}"

    def read(self, path: str, limit: int) -> bytes | None:
        return self._place.read(f"{self._folder}/{path}", limit)

    def names(self, folder: str) -> Iterator[str]:
        start = f"{self._folder}/"
        for path in self._place.names(f"{start}{folder}".rstrip("/")):
            inside = path.removeprefix(start)
            if folder or "/" not in inside:
                yield inside

    def open(self, path: str) -> BinaryIO:
        return self._place.open(f"{self._folder}/{path}")

    def unchanged(self, lock: str) -> AbstractContextManager[None]:
        return self._place.unchanged(f"{self._folder}/{lock}")


def place_of(given: Path | Place) -> Place:
    """Return a folder as a place; a place as it is."""
    return FolderPlace(given) if isinstance(given, Path) else given


def below(given: Path | Place, folder: str) -> Place:
    """Return a folder of a place as a place."""
    return FolderPlace(given / folder) if isinstance(given, Path) else _Below(given, folder)


def read_part(place: Place, path: str, limit: int) -> bytes | None:
    """Return the content of a file, None where there is none; VerificationError otherwise."""
    try:
        content = place.read(path, limit)
    except EvidenceError as error:
        raise VerificationError(error.what) from error
    if content is not None and len(content) > limit:
        raise VerificationError(f"is larger than {limit:,} bytes")
    return content


class Buffered:
    """What a place that is asked over a network has in common: no lock, files in memory."""

    def read(self, path: str, limit: int) -> bytes | None:
        """Return the content of a file; see `Place.read`."""
        raise NotImplementedError

    def open(self, path: str) -> BinaryIO:
        """Return a file as a stream; see `Place.open`."""
        try:
            content = self.read(path, _LARGEST)
        except EvidenceError as error:
            raise OSError(str(error)) from error
        if content is None:
            raise FileNotFoundError(path)
        if len(content) > _LARGEST:
            raise OSError(f"larger than {_LARGEST:,} bytes")
        return io.BytesIO(content)

    @contextmanager
    def unchanged(self, lock: str) -> Iterator[None]:
        """Do nothing: files are never changed, but for the checkpoint, which is read first."""
        del lock
        yield


_LARGEST = 1024 * 1024 * 1024
