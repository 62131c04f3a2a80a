"""A root file system in a folder, or the running host's own.

Links resolve inside the folder, and every path is opened part by part without
following any: a link that points out of it leads nowhere else.
"""

from __future__ import annotations

import mmap
import os
import stat
from pathlib import Path

from gate.bom.model import Note
from gate.errors import InputError
from gate.sources.budget import MIB, Meter
from gate.sources.paths import text
from gate.sources.streams import Chunk, FileMap
from gate.sources.tree import Excerpt, MissingError, follow
from gate.sources.walk import Walked, walk
from gate.sources.wanted import Reduction, Wanted

_FOLDER_FLAGS = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_MAPPED = 4 * MIB


class FolderTree:
    """The files under `root`.  Implements `Tree`."""

    def __init__(self, root: Path, meter: Meter, where: str, *, cross_mounts: bool = False) -> None:
        """Open `root`; InputError where that is not possible."""
        self._cross_mounts = cross_mounts
        self._meter = meter
        self._where = where
        self.notes: list[Note] = []
        self.unsearched: list[bytes] = []
        self._walked: Walked | None = None
        try:
            self._root = os.open(root, _FOLDER_FLAGS & ~os.O_NOFOLLOW)
        except OSError as error:
            raise InputError(
                f"cannot be opened ({error.strerror})",
                where=where,
                hint="check the path and its permissions",
            ) from error

    def __del__(self) -> None:
        """Close the folder."""
        if hasattr(self, "_root"):
            os.close(self._root)

    def _parent(self, path: bytes) -> tuple[int, bytes]:
        """Open the folder that holds `path`, whose parts are no links; the caller closes it."""
        *folders, name = path.split(b"/")
        current = os.dup(self._root)
        try:
            for folder in folders:
                below = os.open(folder, _FOLDER_FLAGS, dir_fd=current)
                os.close(current)
                current = below
        except OSError:
            os.close(current)
            raise
        return current, name

    def _link_at(self, path: bytes) -> bytes | None:
        try:
            parent, name = self._parent(path)
        except OSError:
            return None
        try:
            return os.readlink(name, dir_fd=parent)
        except OSError:
            return None
        finally:
            os.close(parent)

    def resolve(self, path: bytes) -> bytes:
        """Return `path` with all links followed."""
        return follow(path, self._link_at, self._meter.budget.links, self._where)

    def _lstat(self, path: bytes) -> os.stat_result | None:
        """Return what lies at a resolved path, or None; InputError where it is forbidden."""
        if not path:
            return os.fstat(self._root)
        try:
            parent, name = self._parent(path)
            try:
                return os.stat(name, dir_fd=parent, follow_symlinks=False)
            finally:
                os.close(parent)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._refused(path, error) from error

    def exists(self, path: bytes) -> bool:
        """Return whether there is anything at `path`, links followed."""
        return self._lstat(self.resolve(path)) is not None

    def find(self, wanted: Wanted) -> list[bytes]:
        """Return the wanted paths that exist and are not folders, sorted."""
        found = set()
        for path in wanted.paths:
            status = self._lstat(self.resolve(path))
            if status is not None and not stat.S_ISDIR(status.st_mode):
                found.add(path)
        for folder in wanted.folders:
            found.update(folder + b"/" + name for name in self._files_in(folder))
        if wanted.names or wanted.reductions:
            found.update(self._walk(wanted).files)
        return sorted(found)

    def _walk(self, wanted: Wanted) -> Walked:
        """Walk over the folder, once for each wish."""
        if self._walked is None or self._walked.wanted != wanted:
            self._walked = walk(
                self._root, wanted, self._meter, self._where, cross_mounts=self._cross_mounts
            )
            self.notes = self._walked.notes
            self.unsearched = self._walked.unsearched
        return self._walked

    def excerpts(self, reduction: Reduction) -> list[Excerpt]:
        """Return the files of which `reduction` keeps anything, sorted."""
        walked = self._walked
        if walked is None or reduction not in walked.wanted.reductions:
            walked = self._walk(Wanted(reductions=frozenset({reduction})))
        found = []
        for path in walked.reducible.get(reduction, ()):
            try:
                kept = self._excerpt(path, reduction)
            except FileNotFoundError:
                # A running system removes files while they are read.
                continue
            except OSError as error:
                found.append(Excerpt(path, b"", f"cannot be read ({error.strerror})"))
            else:
                if kept:
                    found.append(Excerpt(path, kept))
        return sorted(found)

    def _excerpt(self, path: bytes, reduction: Reduction) -> bytes:
        magic = reduction.magic
        parent, name = self._parent(path)
        try:
            opened = os.open(name, _FILE_FLAGS, dir_fd=parent)
        finally:
            os.close(parent)
        try:
            if not os.fstat(opened).st_size or os.pread(opened, len(magic), 0) != magic:
                return b""
            with FileMap(opened, 0, access=mmap.ACCESS_READ) as mapped:
                view = memoryview(mapped)
                try:
                    return reduction.reduce(path, view, False)
                finally:
                    view.release()
        finally:
            os.close(opened)

    def _files_in(self, folder: bytes) -> list[bytes]:
        target = self.resolve(folder)
        status = self._lstat(target)
        if status is None or not stat.S_ISDIR(status.st_mode):
            return []
        try:
            parent, name = self._parent(target)
            try:
                flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
                opened = os.open(name or b".", flags, dir_fd=parent)
            finally:
                os.close(parent)
            try:
                with os.scandir(opened) as entries:
                    names = [
                        os.fsencode(entry.name)
                        for entry in entries
                        if not entry.is_dir(follow_symlinks=False)
                    ]
            finally:
                os.close(opened)
        except OSError as error:
            raise self._refused(target, error) from error
        self._meter.add_entries(len(names), self._where)
        return names

    def read(self, path: bytes) -> Chunk:
        """Return the content of the file at `path`, links followed."""
        target = self.resolve(path)
        place = self._place(path)
        try:
            parent, name = self._parent(target)
            try:
                opened = os.open(name, _FILE_FLAGS, dir_fd=parent)
            finally:
                os.close(parent)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise MissingError("there is no such file", where=place) from error
        except OSError as error:
            raise self._refused(path, error) from error
        try:
            status = os.fstat(opened)
            if not stat.S_ISREG(status.st_mode):
                raise InputError("is not a plain file", where=place)
            self._meter.add_retained(status.st_size, place)
            if status.st_size >= _MAPPED:
                return memoryview(FileMap(opened, 0, access=mmap.ACCESS_READ))
            return _read_whole(opened, status.st_size)
        except OSError as error:
            raise self._refused(path, error) from error
        finally:
            os.close(opened)

    def modified(self, path: bytes) -> int:
        """Return when the file at `path` was last written."""
        status = self._lstat(self.resolve(path))
        return int(status.st_mtime) if status is not None else 0

    def layer_of(self, path: bytes) -> str:
        """Return "": a folder has no layers."""
        del path
        return ""

    def _place(self, path: bytes) -> str:
        return f"{self._where}, {text(path)}"

    def _refused(self, path: bytes, error: OSError) -> InputError:
        hint = "run as a user who may read it" if isinstance(error, PermissionError) else ""
        return InputError(f"cannot be read ({error.strerror})", where=self._place(path), hint=hint)


def _read_whole(opened: int, size: int) -> bytes:
    """Read a file that may grow while it is read, up to the size that was budgeted."""
    pieces = []
    while size > 0:
        piece = os.read(opened, size)
        if not piece:
            break
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)
