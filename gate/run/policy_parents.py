"""Find the document that a policy extends: a file, a Git revision, an OCI artifact, a URL.

Its digest is known before anything is asked, so that nothing that answers can
decide what counts; and what was fetched once is kept under that digest.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path, PurePosixPath

import msgspec

from gate.durable import Disk
from gate.errors import GateError, InputError, UsageError
from gate.policy.model import Extends
from gate.run.fetching import fetch
from gate.run.revisions import committed, fetched

_LARGEST = 1024 * 1024
_disk = Disk(UsageError)


class Here(msgspec.Struct, frozen=True, kw_only=True):
    """Where a document stands: what its paths are seen from."""

    folder: Path
    read: Callable[[Path], bytes] | None
    """None for a document that came alone: nothing stands beside it."""


class Parent(msgspec.Struct, frozen=True, kw_only=True):
    """A document that is extended, as its digest says it is."""

    content: bytes
    name: str
    """For errors, and for where values come from."""
    origin: str
    """What it was fetched from; empty for a file."""
    here: Here


def parent_of(extends: Extends, here: Here, where: str, kept: Path | None) -> Parent:
    """Return the document that `extends` names; `where` is the place that names it.

    Raises UsageError where it is not there or is another one, UnreachableError
    where it cannot be fetched.
    """
    name, origin, read, beside = _source(extends, here, where)
    content = _kept(kept, extends.sha256) if origin else None
    if content is None:
        try:
            content = read()
        except InputError as error:
            raise UsageError(error.what, where=where, hint=error.hint) from error
        digest = hashlib.sha256(content).hexdigest()
        if digest != extends.sha256:
            raise UsageError(
                f"extends '{extends.origin}', which is another document than expected: its sha256 "
                f"is {digest}",
                where=where,
                hint="read what has changed in it, then write that digest",
            )
        if origin:
            _keep(kept, content)
    return Parent(content=content, name=name, origin=origin, here=beside)


def _source(extends: Extends, here: Here, where: str) -> tuple[str, str, Callable[[], bytes], Here]:
    """Return its name, its origin, how to get it, and what its own paths are seen from."""
    origin = extends.origin
    alone = Here(folder=here.folder, read=None)
    if extends.url:
        name = PurePosixPath(extends.url.partition("?")[0]).name or origin
        return name, origin, lambda: fetch(extends.url, limit=_LARGEST), alone
    if extends.oci:
        return origin, origin, lambda: _artifact(extends), alone
    if extends.git:
        return _of_repository(extends, where)
    if here.read is None:
        raise UsageError(
            f"extends the file '{extends.path}', and came without any",
            where=where,
            hint="a document from a URL or a registry extends another URL, artifact or repository",
        )
    beside = here.folder / extends.path
    if extends.revision:
        revision, folder = extends.revision, here.folder

        def of_revision(path: Path) -> bytes:
            return committed(folder, revision, os.path.relpath(path, folder))

        named = f"{beside.name} of {revision}"
        follows = Here(folder=beside.parent, read=of_revision)
        return named, origin, lambda: of_revision(beside), follows
    read = here.read
    return beside.name, "", lambda: read(beside), Here(folder=beside.parent, read=read)


def _of_repository(extends: Extends, where: str) -> tuple[str, str, Callable[[], bytes], Here]:
    def of_repository(path: Path) -> bytes:
        name = os.path.normpath(path)
        if name.startswith(("/", "..")):
            raise UsageError(f"'{path}' is not within the repository", where=where)
        return fetched(extends.git, extends.revision, name)

    path = Path(extends.path)
    name = f"{path.name} of {extends.revision}"
    follows = Here(folder=path.parent, read=of_repository)
    return name, extends.origin, lambda: of_repository(path), follows


def _artifact(extends: Extends) -> bytes:
    from gate.sources.registry.artifact import read_artifact  # noqa: PLC0415 - only for these

    return read_artifact(extends.oci, extends.sha256, _LARGEST)


def _kept(folder: Path | None, sha256: str) -> bytes | None:
    """Return what was fetched before under this digest, if it still has it."""
    if folder is not None:
        with suppress(OSError):
            content = (folder / sha256).read_bytes()
            if hashlib.sha256(content).hexdigest() == sha256:
                return content
    return None


def _keep(folder: Path | None, content: bytes) -> None:
    """Keep a document for the next run; where that fails, it is fetched again."""
    if folder is not None:
        with suppress(GateError):
            _disk.make_folder(folder)
            _disk.write_file(folder / hashlib.sha256(content).hexdigest(), content)
