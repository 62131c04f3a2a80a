"""Bring sources up to date from where OSV publishes them, or from a mirror of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import msgspec

from gate import __version__
from gate.advisories.download import Downloader, Fetched, discard
from gate.advisories.feeds import ARCHIVE, BASE_URL, Feed
from gate.advisories.ingest import (
    Imported,
    ImportOptions,
    ImportReport,
    Origin,
    Progress,
    import_feeds,
)
from gate.advisories.model import SourceInfo
from gate.advisories.snapshot import Snapshot, locked, replaced, write_snapshot
from gate.durable import Disk
from gate.errors import AdvisoryError, UnreachableError, UsageError

_SECONDS = 1800.0
_disk = Disk(AdvisoryError)


class Feeds(msgspec.Struct, frozen=True, kw_only=True):
    """What to fetch, and from where."""

    ecosystems: tuple[str, ...]
    base_urls: tuple[str, ...] = (BASE_URL,)
    """Asked in this order: the next one where one cannot be reached."""
    seconds: float = _SECONDS
    """How long all downloads together may take."""


def update(
    folder: Path,
    feeds: Feeds,
    *,
    now: datetime,
    options: ImportOptions | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Download what has changed, import it, and confirm the rest as current.

    Raises UsageError, UnreachableError or AdvisoryError; then the store is as
    it was, and the next call goes on with what has arrived.
    """
    import requests  # noqa: PLC0415 - 150 ms that only a download needs

    bases = [_checked(base_url) for base_url in feeds.base_urls]
    with locked(folder) as old:
        known = {source.name: source for source in old.sources}
    downloads = folder / "downloads"
    _disk.make_folder(downloads)
    arrived: dict[Feed, Origin] = {}
    confirmed: list[str] = []
    with requests.Session() as session:
        session.headers["User-Agent"] = f"patchgate/{__version__}"
        downloader = Downloader(session, deadline=time.monotonic() + feeds.seconds)
        for name in dict.fromkeys(feeds.ecosystems):
            path = downloads / f"{quote(name, safe='')}.zip"
            url, fetched = _fetch(downloader, bases, name, path, known.get(name))
            if fetched.changed:
                arrived[Feed(name, path)] = _origin(url, fetched, now)
            else:
                confirmed.append(name)
            if progress is not None:
                progress(name)
    try:
        if arrived:
            report = import_feeds(folder, arrived, now=now, options=options)
        return _confirm(folder, confirmed, now, report.imported if arrived else ())
    finally:
        # Whole archives that were refused would only be refused again.
        for feed in arrived:
            discard(feed.path)


def _fetch(
    downloader: Downloader,
    bases: Sequence[str],
    name: str,
    path: Path,
    source: SourceInfo | None,
) -> tuple[str, Fetched]:
    """Fetch an archive from the first of `bases` that can be reached, and say from where."""
    for place, base in enumerate(bases, start=1):
        url = f"{base}/{quote(name, safe='')}/{ARCHIVE}"
        etag = source.etag if source is not None and source.url == url else ""
        try:
            return url, downloader.fetch(url, path, etag)
        except UnreachableError:
            if place == len(bases):
                raise
    raise UsageError("there is no base URL", where="--base-url")


def _origin(url: str, fetched: Fetched, now: datetime) -> Origin:
    return Origin(as_of=now, basis="confirmed", url=url, etag=fetched.etag)


def _confirm(
    folder: Path, names: Sequence[str], now: datetime, imported: tuple[Imported, ...]
) -> ImportReport:
    """Record that the server has nothing newer for `names` than the store has."""
    with locked(folder) as current:
        shards = [shard for shard in current.shards if shard.source.name in names]
        fresh = [
            msgspec.structs.replace(shard, source=_as_of(shard.source, now)) for shard in shards
        ]
        snapshot: Snapshot = current
        if fresh:
            snapshot = msgspec.structs.replace(replaced(current, fresh), previous=current.previous)
            write_snapshot(folder, snapshot)
    unchanged = tuple(Imported(source=shard.source, unchanged=True) for shard in fresh)
    both = sorted((*imported, *unchanged), key=lambda item: item.source.name)
    return ImportReport(imported=tuple(both), digest=snapshot.digest)


def _as_of(source: SourceInfo, now: datetime) -> SourceInfo:
    return msgspec.structs.replace(source, as_of=now, as_of_basis="confirmed")


def _checked(base_url: str) -> str:
    if not base_url.startswith(("https://", "http://")):
        raise UsageError(
            f"'{base_url}' is no web address", where="--base-url", hint="begin with https://"
        )
    return base_url.rstrip("/")
