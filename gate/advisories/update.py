"""Bring sources up to date from where OSV publishes them, or from a mirror of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import msgspec

from gate import __version__
from gate.advisories.delta import Delta, Unchanged, fetch_delta
from gate.advisories.download import Downloader, discard
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
        known = {shard.source.name: shard for shard in old.shards}
    downloads = folder / "downloads"
    _disk.make_folder(downloads)
    arrived: dict[Feed, Origin] = {}
    confirmed: dict[str, str] = {}
    with requests.Session() as session:
        session.headers["User-Agent"] = f"patchgate/{__version__}"
        downloader = Downloader(session, deadline=time.monotonic() + feeds.seconds)
        fetching = _Fetching(downloader, bases, folder)
        for name in dict.fromkeys(feeds.ecosystems):
            path = downloads / f"{quote(name, safe='')}.zip"
            found = fetching.fetch(name, path, known.get(name))
            if isinstance(found, Unchanged):
                confirmed[name] = found.listing_etag
            elif isinstance(found, Delta):
                arrived[found] = _of_delta(known[name].source, found, now)
            else:
                url, etag = found
                arrived[Feed(name, path)] = Origin(as_of=now, basis="confirmed", url=url, etag=etag)
            if progress is not None:
                progress(name)
    try:
        if arrived:
            report = import_feeds(folder, arrived, now=now, options=options)
        return _confirm(folder, confirmed, now, report.imported if arrived else ())
    finally:
        # Whole archives that were refused would only be refused again.
        for feed in arrived:
            if not isinstance(feed, Delta):
                discard(feed.path)


class _Fetching:
    """Fetches what is new of one source after the other."""

    def __init__(self, downloader: Downloader, bases: Sequence[str], folder: Path) -> None:
        self._downloader = downloader
        self._bases = bases
        self._folder = folder

    def fetch(
        self, name: str, path: Path, shard: ShardFile | None
    ) -> Delta | Unchanged | tuple[str, str]:
        """Return what has changed, or, with the archive at `path`, its URL and ETag.

        Where the store has the source from the same place, records are fetched
        one by one if they are few; the archive is only asked whether it is new.
        """
        for place, base in enumerate(self._bases, start=1):
            try:
                return self._from(base, name, path, shard)
            except UnreachableError:
                if place == len(self._bases):
                    raise
        raise UsageError("there is no base URL", where="--base-url")

    def _from(
        self, base: str, name: str, path: Path, shard: ShardFile | None
    ) -> Delta | Unchanged | tuple[str, str]:
        url = f"{base}/{quote(name, safe='')}/{ARCHIVE}"
        same = shard is not None and shard.source.url == url
        found: list[Delta | Unchanged] = []

        def by_record() -> bool:
            if shard is None or not same or not is_sound(self._folder, shard):
                return False
            at = shard_path(self._folder, shard.file)
            delta = fetch_delta(self._downloader, base, shard.source, at)
            if delta is not None:
                found.append(delta)
            return delta is not None

        if shard is not None and shard.source.listing_etag and by_record():
            return found[0]
        etag = shard.source.etag if shard is not None and same else ""
        fetched = self._downloader.fetch(url, path, etag, by_record)
        if fetched.spared:
            return found[0]
        return (url, fetched.etag) if fetched.changed else Unchanged(listing_etag="")


def _of_delta(source: SourceInfo, delta: Delta, now: datetime) -> Origin:
    return Origin(as_of=now, basis="confirmed", url=source.url, listing_etag=delta.listing_etag)


def _confirm(
    folder: Path, listings: dict[str, str], now: datetime, imported: tuple[Imported, ...]
) -> ImportReport:
    """Record that the server has nothing newer than the store has for the names of `listings`."""
    with locked(folder) as current:
        shards = [shard for shard in current.shards if shard.source.name in listings]
        fresh = [
            msgspec.structs.replace(
                shard, source=_as_of(shard.source, now, listings[shard.source.name])
            )
            for shard in shards
        ]
        snapshot: Snapshot = current
        if fresh:
            snapshot = msgspec.structs.replace(replaced(current, fresh), previous=current.previous)
            write_snapshot(folder, snapshot)
    unchanged = tuple(Imported(source=shard.source, unchanged=True) for shard in fresh)
    both = sorted((*imported, *unchanged), key=lambda item: item.source.name)
    return ImportReport(imported=tuple(both), digest=snapshot.digest)


def _as_of(source: SourceInfo, now: datetime, listing_etag: str) -> SourceInfo:
    if listing_etag:
        source = msgspec.structs.replace(source, etag="", listing_etag=listing_etag)
    return msgspec.structs.replace(source, as_of=now, as_of_basis="confirmed")


def _checked(base_url: str) -> str:
    if not base_url.startswith(("https://", "http://")):
        raise UsageError(
            f"'{base_url}' is no web address", where="--base-url", hint="begin with https://"
        )
    return base_url.rstrip("/")
