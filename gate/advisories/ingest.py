"""From feeds to a new snapshot: all of it, or nothing.

A source that has not changed is not built again.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec

from gate.advisories.feeds import Feed, find_feeds
from gate.advisories.model import SourceInfo
from gate.advisories.shard import FORMAT, Counts, UnreadableError, write_shard
from gate.advisories.shrinking import refuse_shrunk
from gate.advisories.snapshot import (
    ShardFile,
    Snapshot,
    is_sound,
    locked,
    replaced,
    shard_path,
    write_snapshot,
)
from gate.durable import Disk
from gate.errors import AdvisoryError

_disk = Disk(AdvisoryError)
_PARALLEL_FROM = 4 * 1024 * 1024
"""Bytes of archives below which a second process is not worth its start."""

Progress = Callable[[str], None]


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a source beside its bytes."""

    as_of: datetime | None = None
    """UTC time for which the caller vouches that the data is current."""
    basis: str = "claimed"
    url: str = ""
    etag: str = ""
    listing_etag: str = ""


class ImportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How strict an import is."""

    skip_unreadable: bool = False
    allow_shrink: bool = False


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """One source after an import."""

    source: SourceInfo
    unchanged: bool
    """Whether the store held the very same source before."""


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What an import came to."""

    imported: tuple[Imported, ...]
    digest: str
    """Of the snapshot that is current now."""


def import_paths(
    folder: Path,
    paths: Sequence[Path],
    *,
    now: datetime,
    origin: Origin | None = None,
    options: ImportOptions | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Import what lies at `paths` (see `find_feeds`) into the store in `folder`.

    Raises AdvisoryError; then the store is as it was.
    """
    feeds = find_feeds(paths)
    return import_feeds(
        folder,
        {feed: origin or Origin() for feed in feeds},
        now=now,
        options=options,
        progress=progress,
    )


def import_feeds(
    folder: Path,
    feeds: dict[Feed, Origin],
    *,
    now: datetime,
    options: ImportOptions | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Import `feeds` in one step: the new snapshot has all of them."""
    options = options or ImportOptions()
    say = progress or _quiet
    with locked(folder) as old:
        built = _build_all(folder, old, tuple(feeds), options, say)
        shards = []
        for feed, (file, counts, digest) in zip(feeds, built, strict=True):
            before = _source(old, feed.name)
            source = _describe(feed, (counts, digest), feeds[feed], before, now)
            if not options.allow_shrink:
                refuse_shrunk(source, old.sources, str(feed.path))
            shards.append(_shard_file(folder, file, source))
        snapshot = replaced(old, shards)
        write_snapshot(folder, snapshot)
    digests = {source.name: source.digest for source in old.sources}
    return ImportReport(
        imported=tuple(
            Imported(
                source=shard.source,
                unchanged=digests.get(shard.source.name) == shard.source.digest,
            )
            for shard in shards
        ),
        digest=snapshot.digest,
    )


def _quiet(name: str) -> None:
    """Report progress to nobody."""
    del name


_Built = tuple[str, Counts, str]
"""Shard file, what it holds, digest of the source."""


def _build_all(
    folder: Path, old: Snapshot, feeds: Sequence[Feed], options: ImportOptions, say: Progress
) -> list[_Built]:
    with _disk.explained("read", folder):
        sizes = [feed.path.stat().st_size for feed in feeds]
    if len(feeds) < 2 or sum(sizes) < _PARALLEL_FROM or (os.cpu_count() or 1) < 2:
        built = []
        for feed in feeds:
            built.append(_build(folder, old, feed, options))
            say(feed.name)
        return built
    # Forked workers start in milliseconds; nothing here runs threads before them.
    context = multiprocessing.get_context("fork")
    results: dict[Feed, Future[_Built]] = {}
    with ProcessPoolExecutor(max_workers=min(os.cpu_count() or 1, 4), mp_context=context) as pool:
        # The largest first, so that the last one to end is a small one.
        for _, feed in sorted(zip(sizes, feeds, strict=True), key=lambda pair: -pair[0]):
            results[feed] = pool.submit(_build, folder, old, feed, options)
        built = []
        for feed in feeds:
            try:
                built.append(results[feed].result())
            except BrokenProcessPool as error:
                raise AdvisoryError(
                    "the process that imported it was killed",
                    where=str(feed.path),
                    hint="is there enough memory?",
                ) from error
            say(feed.name)
    return built


def _build(folder: Path, old: Snapshot, feed: Feed, options: ImportOptions) -> _Built:
    """Write the shard of a feed, unless the store has it already."""
    digest = feed.digest()
    known = next((shard for shard in old.shards if shard.source.name == feed.name), None)
    if known is not None and known.source.digest == digest and is_sound(folder, known):
        return known.file, _counts(known.source), digest
    stamp = f"{FORMAT} {feed.name} {digest} {options.skip_unreadable}"
    file = f"{hashlib.sha256(stamp.encode()).hexdigest()[:32]}.sqlite"
    path = shard_path(folder, file)
    temporary = path.with_suffix(".building")
    try:
        with _disk.explained("write", temporary):
            temporary.unlink(missing_ok=True)
            counts = _write(temporary, feed, options)
            _check(feed, digest, counts)
            _disk.place(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return file, counts, digest


def _write(path: Path, feed: Feed, options: ImportOptions) -> Counts:
    try:
        return write_shard(path, feed.records(), skip_unreadable=options.skip_unreadable)
    except UnreadableError as error:
        raise AdvisoryError(
            f"holds '{error.name}', which is no OSV record: {error.reason}",
            where=str(feed.path),
            hint="report it to the source; --skip-unreadable imports the others, "
            "and what needs this source will not be PASS",
        ) from error
    except sqlite3.Error as error:
        raise AdvisoryError(
            f"cannot be written: {error}",
            where=str(path),
            hint="free some space, or choose another folder with --db",
        ) from error


def _check(feed: Feed, digest: str, counts: Counts) -> None:
    if feed.digest() != digest:
        raise AdvisoryError(
            "changed while it was read", where=str(feed.path), hint="import it again"
        )
    if not counts.records:
        raise AdvisoryError("holds no OSV records", where=str(feed.path))


def _counts(source: SourceInfo) -> Counts:
    return Counts(
        records=source.records,
        newest_modified=source.newest_modified,
        ecosystems=source.ecosystems,
        unreadable=source.unreadable,
    )


def _shard_file(folder: Path, file: str, source: SourceInfo) -> ShardFile:
    path = shard_path(folder, file)
    with _disk.explained("read", path), path.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
        return ShardFile(source=source, file=file, sha256=digest, size=path.stat().st_size)


def _source(snapshot: Snapshot, name: str) -> SourceInfo | None:
    return next((source for source in snapshot.sources if source.name == name), None)


def _describe(
    feed: Feed,
    read: tuple[Counts, str],
    origin: Origin,
    before: SourceInfo | None,
    now: datetime,
) -> SourceInfo:
    counts, digest = read
    if origin.as_of is not None:
        as_of, basis = origin.as_of, origin.basis
    elif before is not None and before.digest == digest:
        # The same bytes say nothing new; what was known of them stays true.
        as_of, basis = before.as_of, before.as_of_basis
    else:
        # A record that claims to come from the future must not make its source fresh for ever.
        as_of, basis = min(counts.newest_modified or now, now), "newest-record"
    return SourceInfo(
        name=feed.name,
        digest=digest,
        records=counts.records,
        newest_modified=counts.newest_modified,
        as_of=as_of,
        as_of_basis=basis,
        url=origin.url,
        etag=origin.etag,
        listing_etag=origin.listing_etag,
        ecosystems=counts.ecosystems,
        unreadable=counts.unreadable,
    )
