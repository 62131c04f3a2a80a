"""Where OSV records come from: archives and folders, read as a stream of records.

A feed is one source of a snapshot: an ``all.zip`` as OSV publishes it, a
folder of records, or one record.  Archives are read by member, in memory;
no name in one ever becomes a path.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gate.errors import AdvisoryError

BASE_URL = "https://osv-vulnerabilities.storage.googleapis.com"
"""Where OSV publishes ``<Ecosystem>/all.zip``."""
API_URL = "https://api.osv.dev"
"""Where OSV answers single questions."""
ARCHIVE = "all.zip"
"""What OSV calls the archive of an ecosystem."""
RECORD_BYTES = 16 * 1024 * 1024
"""Largest record that is read."""
EXPANDED_BYTES = 16 * 1024**3
"""Largest total of one archive; all of OSV is about a tenth of it."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._+-]{0,63}")
_RECORD = ".json"
_ENCRYPTED = 0x1
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Feed:
    """One source, by the path of its archive, folder or record."""

    name: str
    """Unique in a snapshot: the folder name in the OSV layout."""
    path: Path

    def digest(self) -> str:
        """Return ``sha256:…`` of the archive, or of the sorted member digests of a folder."""
        with _readable(self.path):
            if self.path.is_file():
                return f"sha256:{_file_digest(self.path)}"
            lines = [
                f"{_file_digest(path)}  {path.relative_to(self.path).as_posix()}\n"
                for path in _record_files(self.path)
            ]
        return f"sha256:{hashlib.sha256(''.join(lines).encode()).hexdigest()}"

    def records(self) -> Iterator[tuple[str, bytes]]:
        """Yield the name and content of each record; AdvisoryError where one cannot be read."""
        with _readable(self.path):
            if self.path.is_dir():
                for path in _record_files(self.path):
                    yield path.relative_to(self.path).as_posix(), _read(path)
            elif self.path.suffix == _RECORD:
                yield self.path.name, _read(self.path)
            else:
                yield from _members(self.path)


def find_feeds(paths: Sequence[Path]) -> tuple[Feed, ...]:
    """Return the feeds in `paths`, sorted by name.

    A path is an archive, a folder that holds ``<Ecosystem>/all.zip``, a folder
    of records, or one record.  Raises AdvisoryError where there is none, or
    two would have the same name.
    """
    feeds: dict[str, Feed] = {}
    for path in paths:
        for feed in _feeds_at(path):
            other = feeds.setdefault(feed.name, feed)
            if other.path != feed.path:
                raise AdvisoryError(
                    f"is the second source named '{feed.name}', after {other.path}",
                    where=str(feed.path),
                    hint="import one of them, or rename its folder",
                )
    return tuple(feeds[name] for name in sorted(feeds))


def passed_over(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return the files in `paths` that `find_feeds` makes no feed of, sorted.

    In the OSV layout that is everything but the archives, in a folder of records
    everything but ``*.json``.
    """
    found: set[Path] = set()
    for path in paths:
        if not path.is_dir():
            continue
        with _readable(path):
            feeds = _feeds_at(path)
            taken = {feed.path for feed in feeds}
            for file in path.rglob("*"):
                if (
                    file.is_file()
                    and file not in taken
                    and (feeds[0].path != path or file.suffix != _RECORD)
                ):
                    found.add(file)
    return tuple(sorted(found))


def _feeds_at(path: Path) -> list[Feed]:
    with _readable(path):
        if path.is_dir():
            archives = sorted(path.glob(f"*/{ARCHIVE}"))
            if (path / ARCHIVE).is_file():
                archives.append(path / ARCHIVE)
            if archives:
                return [
                    Feed(_name(archive.resolve().parent.name, path), archive)
                    for archive in archives
                ]
            if not _record_files(path):
                raise AdvisoryError(
                    "holds no OSV records",
                    where=str(path),
                    hint="give an all.zip, or a folder with <Ecosystem>/all.zip or *.json in it",
                )
            return [Feed(_name(path.resolve().name, path), path)]
        if not path.is_file():
            raise AdvisoryError("does not exist", where=str(path), hint="check the path")
        resolved = path.resolve()
        name = resolved.parent.name if path.name == ARCHIVE else resolved.stem
        return [Feed(_name(name, path), path)]


def _name(name: str, path: Path) -> str:
    if not _NAME.fullmatch(name):
        raise AdvisoryError(
            f"'{name}' cannot be the name of a source",
            where=str(path),
            hint="name the folder after its ecosystem, such as Debian or crates.io",
        )
    return name


def _record_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob(f"*{_RECORD}") if path.is_file())


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(path: Path) -> bytes:
    if path.stat().st_size > RECORD_BYTES:
        raise _too_large(path)
    return path.read_bytes()


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the records of an archive; every member has to be sound."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_directory(archive, path)
            for member in _check_records(archive, path):
                yield member.filename, archive.read(member)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise AdvisoryError(
            f"is not a sound zip archive: {_what_it_is(path) or error}",
            where=str(path),
            hint="download it again; its digest tells a broken copy from a broken original",
        ) from error


def _check_records(archive: zipfile.ZipFile, path: Path) -> list[zipfile.ZipInfo]:
    """Return the members that are records; AdvisoryError where there are others beside them.

    A record in another format must not be left out without a word.
    """
    files = [member for member in archive.infolist() if not member.is_dir()]
    records = [member for member in files if member.filename.endswith(_RECORD)]
    others = [member.filename for member in files if not member.filename.endswith(_RECORD)]
    if records and others:
        raise AdvisoryError(
            f"has members that are no OSV records in JSON, such as {others[0][:100]!r}",
            where=str(path),
            hint="unpack it, and import the folder of its records",
        )
    return records


def _check_directory(archive: zipfile.ZipFile, path: Path) -> None:
    seen: set[str] = set()
    total = 0
    for member in archive.infolist():
        name = member.filename
        parts = PurePosixPath(name).parts
        if "\\" in name or name.startswith("/") or ".." in parts:
            raise AdvisoryError(f"has a member named {name[:100]!r}", where=str(path))
        if name in seen:
            raise AdvisoryError(f"has two members named {name[:100]!r}", where=str(path))
        if member.flag_bits & _ENCRYPTED:
            raise AdvisoryError(f"has an encrypted member, {name[:100]!r}", where=str(path))
        if member.compress_type not in _METHODS:
            raise AdvisoryError(
                f"has a member in compression {member.compress_type}, {name[:100]!r}",
                where=str(path),
            )
        if member.file_size > RECORD_BYTES:
            raise _too_large(path / name)
        seen.add(name)
        total += member.file_size
    if total > EXPANDED_BYTES:
        raise AdvisoryError(f"expands to more than {EXPANDED_BYTES:,} bytes", where=str(path))


def _too_large(path: Path) -> AdvisoryError:
    return AdvisoryError(f"is larger than {RECORD_BYTES:,} bytes: no record is", where=str(path))


def _what_it_is(path: Path) -> str:
    """Say what stands in the place of an archive, where that is plain to see."""
    with suppress(OSError), path.open("rb") as file:
        begin = file.read(512).lstrip()
        if not begin:
            return "it is empty"
        if begin[:1] == b"<":
            return "it is a web page"
        if begin[:4] == b"PK\x03\x04":
            return "it is cut short or damaged"
    return ""


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what the file system reports into a failure that names the path."""
    try:
        yield
    except OSError as error:
        raise AdvisoryError(
            f"cannot be read: {error.strerror or error}", where=str(path)
        ) from error
