"""Files that are there completely or not at all, also after a crash.

Every write is: temporary file in the same folder → fsync → rename → fsync of
the folder.  A reader never sees half a file.  What a killed run leaves behind
is a temporary file; the next write to the folder removes it once it is old.

Every step is one call of `os`, here or in `pathlib`, so that the tests can
make each of them fail, or kill the process at it.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from gate.errors import GateError

TEMPORARY = ".patchgate-tmp-"
"""How the names of temporary files begin."""
ABANDONED_AFTER = 3600 * 1_000_000_000
"""Nanoseconds after which a temporary file belongs to no live run."""

_CHUNK = 1024 * 1024
_REASONS: dict[int, tuple[str, str]] = {
    errno.ENOSPC: ("the disk is full", "free some space or choose another folder"),
    errno.EDQUOT: ("the disk quota is used up", "free some space or choose another folder"),
    errno.EFBIG: ("the file would be larger than allowed", "raise the limit (ulimit -f)"),
    errno.EROFS: ("the file system is read-only", "choose a folder that can be written"),
    errno.EACCES: ("permission denied", "give this user the right to write there"),
    errno.EPERM: ("operation not permitted", "give this user the right to write there"),
    errno.EIO: ("the device reports an input/output error", "check the disk, then run again"),
    errno.ENOTDIR: ("a part of the path is not a folder", "choose another folder"),
    errno.EISDIR: ("a folder has the name of the file", "move it away, then run again"),
    errno.ENOENT: ("the folder does not exist", "create it first"),
}
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


class Disk:
    """Writes and reads files, and says what to do where that fails."""

    def __init__(self, failure: type[GateError]) -> None:
        """Raise `failure` for whatever goes wrong."""
        self.failure = failure

    @contextmanager
    def explained(self, action: str, path: Path) -> Iterator[None]:
        """Turn an OSError into the failure that says what to do about it."""
        try:
            yield
        except OSError as error:
            reason, hint = _REASONS.get(
                error.errno or 0,
                (error.strerror or "unknown error", "check the folder and its file system"),
            )
            raise self.failure(f"cannot {action}: {reason}", where=str(path), hint=hint) from error

    def write_file(self, path: Path, content: bytes, *, scratch: Path | None = None) -> None:
        """Write `content` to `path`, replacing what is there; mode 0644 less the umask.

        The temporary file is made in `scratch`, a folder on the same file system, else
        beside `path`: that folder is looked through for what killed runs left behind,
        which takes its time where it holds many files.

        Fails when it could not be written durably.  `path` then holds what
        it held before, or, if only the last fsync failed, all of `content`.
        """
        with self.explained("write", path):
            temporary = _write_temporary(scratch or path.parent, content, 0o644)
            _reap_around(temporary)
            try:
                temporary.replace(path)
            except BaseException:
                _remove(temporary)
                raise
            sync_folder(path.parent)

    def write_group(
        self,
        files: Sequence[tuple[Path, bytes]],
        last: tuple[Path, bytes],
        *,
        scratch: Path,
        ready: Sequence[tuple[Path, Path]] = (),
    ) -> None:
        """Write several files, replacing what is there, and then `last`, all durably.

        All are written to `scratch`, a folder on the same file system, and flushed,
        before the first gets its name: a disk that is full shows before anything
        is visible.  `last` gets its name once the others would survive a crash.
        `ready` are files that are flushed already, with the names they get before it.
        """
        written: list[tuple[Path, Path]] = []
        try:
            for path, content in (*files, last):
                with self.explained("write", path):
                    written.append((_write_temporary(scratch, content, 0o644), path))
            _reap_around(written[-1][0])
            *others, final = (*ready, *written)
            for temporary, path in others:
                with self.explained("write", path):
                    temporary.replace(path)
            for folder in dict.fromkeys(path.parent for _, path in others):
                with self.explained("write", folder):
                    sync_folder(folder)
            with self.explained("write", final[1]):
                final[0].replace(final[1])
                sync_folder(final[1].parent)
        except BaseException:
            for temporary, _ in written:
                _remove(temporary)
            raise

    def prepare_file(self, temporary: Path, content: bytes) -> None:
        """Write `content` to the new file `temporary`, flushed; nothing is left on failure."""
        with self.explained("write", temporary):
            _fill(temporary, content, 0o644)

    def place(self, temporary: Path, path: Path) -> None:
        """Flush the finished file `temporary` and give it the name `path`."""
        with self.explained("write", path):
            descriptor = os.open(temporary, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            temporary.replace(path)
            sync_folder(path.parent)

    def write_new_file(self, path: Path, content: bytes, mode: int) -> None:
        """Write `content` to `path`, which must not exist; fails where it does.

        A hard link puts the finished file in place: other than a rename it cannot
        replace a file that appeared in the meantime.
        """
        with self.explained("write", path):
            temporary = _write_temporary(path.parent, content, mode)
            _reap_around(temporary)
            try:
                path.hardlink_to(temporary)
            except FileExistsError as error:
                raise self.failure(
                    "exists already and is not overwritten",
                    where=str(path),
                    hint="choose another name, or move the file away",
                ) from error
            except OSError as error:
                if error.errno in _NO_LINKS:
                    raise self.failure(
                        "cannot write: this file system has no hard links",
                        where=str(path),
                        hint="write it to another file system, then copy it",
                    ) from error
                raise
            finally:
                _remove(temporary)
            sync_folder(path.parent)

    def confirm_file(self, path: Path, content: bytes) -> bool | None:
        """Return whether `path` holds exactly `content`; None where there is no file.

        A file that does is flushed once more: the run that wrote it may have been
        killed before its own fsync.
        """
        with self.explained("read", path):
            try:
                descriptor = open_regular(path)
            except FileNotFoundError:
                return None
            try:
                if os.fstat(descriptor).st_size != len(content):
                    return False
                view = memoryview(content)
                while view:
                    chunk = os.read(descriptor, min(len(view), _CHUNK))
                    if not chunk or view[: len(chunk)] != chunk:
                        return False
                    view = view[len(chunk) :]
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            sync_folder(path.parent)
        return True

    def read_file(self, path: Path, limit: int) -> bytes | None:
        """Return the bytes of a regular file, at most `limit` + 1; None where there is none."""
        with self.explained("read", path):
            try:
                descriptor = open_regular(path)
            except FileNotFoundError:
                return None
            try:
                content = bytearray()
                while len(content) <= limit:
                    chunk = os.read(descriptor, min(limit + 1 - len(content), _CHUNK))
                    if not chunk:
                        break
                    content += chunk
            finally:
                os.close(descriptor)
        return bytes(content)

    def make_folder(self, path: Path) -> None:
        """Create `path` and what is missing above it, durably; nothing if it is there."""
        with self.explained("create the folder", path):
            missing = []
            level = path
            while not level.exists():
                missing.append(level)
                level = level.parent
            for folder in reversed(missing):
                with suppress(FileExistsError):  # another run was faster
                    folder.mkdir()
                sync_folder(folder.parent)
        if not path.is_dir():
            raise self.failure("is not a folder", where=str(path), hint="choose another folder")


def open_regular(path: Path) -> int:
    """Return a descriptor that reads the regular file `path`; OSError where it is none.

    A named pipe in the place of the file does not make this wait.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file")
    return descriptor


def sync_folder(folder: Path) -> None:
    """Flush the entries of `folder` to the disk; OSError where that fails."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_temporary(folder: Path, content: bytes, mode: int) -> Path:
    """Write `content` to a new temporary file, flushed; nothing is left on failure."""
    temporary = folder / f"{TEMPORARY}{secrets.token_hex(8)}"
    _fill(temporary, content, mode)
    return temporary


def _fill(temporary: Path, content: bytes, mode: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, mode)
    try:
        try:
            view = memoryview(content)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        _remove(temporary)
        raise


def _reap_around(temporary: Path) -> None:
    """Remove what killed runs left beside `temporary`, which was written just now."""
    with suppress(OSError):
        _reap(temporary.parent, temporary.stat().st_mtime_ns - ABANDONED_AFTER)


def _reap(folder: Path, before: int) -> None:
    """Remove temporary files last written before `before` (nanoseconds).

    Both times come from the file system, so that no second clock is involved.
    A file that cannot be removed is harmless and stays.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(TEMPORARY):
                with suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_mtime_ns < before:
                        Path(entry.path).unlink()


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
