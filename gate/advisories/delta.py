"""Bring a source up to date record by record, where little has changed.

OSV publishes beside ``all.zip`` the list ``modified_id.csv``, one line a record
with the time of its last change and its id, and each record as ``<id>.json``
(google.github.io/osv.dev/data).  What the list names and the store has not, or
has from before, is fetched; what the list no longer names is gone.

Whatever is not plain (a list that cannot be read, an id that the store has
twice, many changes) is a matter for the whole archive.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import msgspec

from gate.advisories import osv
from gate.advisories.download import Downloader, Small
from gate.advisories.feeds import RECORD_BYTES, Feed
from gate.advisories.model import SourceInfo
from gate.advisories.osv import utc
from gate.advisories.shard import Shard
from gate.errors import AdvisoryError

LISTING = "modified_id.csv"
"""What OSV calls the list of an ecosystem."""
_AT_ONCE = 8
_ALWAYS = 200
_SHARE = 0.02
"""Changes that are fetched one by one: this many, or this share of a source, if that is more."""
_LINE = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|\+00:00)),([!-+\--~]{1,255})"
)


@dataclass(frozen=True, slots=True)
class Delta(Feed):
    """A source as it is in a shard, with some records changed and some gone."""

    changed: dict[str, bytes] = field(default_factory=dict, compare=False)
    """Id to the exact bytes of the new record."""
    gone: frozenset[str] = frozenset()
    listing_etag: str = ""

    def digest(self) -> str:
        """Return what a folder of ``<id>.json`` with the same records has."""
        whole = hashlib.sha256()
        for name, raw in self.records():
            whole.update(f"{hashlib.sha256(raw).hexdigest()}  {name}\n".encode())
        return f"sha256:{whole.hexdigest()}"

    def records(self) -> Iterator[tuple[str, bytes]]:
        """Yield the name and content of each record, sorted by name."""
        shard = Shard(self.path, self.name)
        try:
            new = {_file(record_id): raw for record_id, raw in self.changed.items()}
            # As SQLite orders text: by its bytes.
            waiting = sorted(new, key=str.encode, reverse=True)
            for name, raw in shard.read_raw():
                file = _file(name)
                while waiting and waiting[-1].encode() < file.encode():
                    added = waiting.pop()
                    yield added, new[added]
                if file in new or name in self.gone:
                    continue
                yield file, raw
            while waiting:
                added = waiting.pop()
                yield added, new[added]
        finally:
            shard.close()


class Unchanged(msgspec.Struct, frozen=True, kw_only=True):
    """The store holds what the list names."""

    listing_etag: str


def fetch_delta(
    downloader: Downloader, base: str, source: SourceInfo, shard: Path
) -> Delta | Unchanged | None:
    """Return what has changed since `shard` was written; None where the archive is needed.

    Raises UnreachableError or AdvisoryError.
    """
    place = f"{base}/{quote(source.name, safe='')}"
    listing = downloader.get(f"{place}/{LISTING}", source.listing_etag)
    if listing is None:
        return None
    if listing.content is None:
        return Unchanged(listing_etag=listing.etag)
    listed = _read(listing)
    held = None if listed is None else _held(shard, source.name)
    if listed is None or held is None:
        return None
    changed = sorted(name for name, moment in listed.items() if held.get(name, _NEVER) < moment)
    gone = frozenset(held.keys() - listed.keys())
    if not changed and not gone:
        return Unchanged(listing_etag=listing.etag)
    if len(changed) + len(gone) > max(_ALWAYS, int(source.records * _SHARE)):
        return None
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = pool.map(lambda name: _record(downloader, place, name, listed[name]), changed)
        records = dict(zip(changed, found, strict=True))
    current = {name: raw for name, raw in records.items() if raw is not None}
    if len(current) != len(records):
        return None
    return Delta(
        name=source.name, path=shard, changed=current, gone=gone, listing_etag=listing.etag
    )


_NEVER = datetime.min.replace(tzinfo=UTC)


def _file(record_id: str) -> str:
    return f"{record_id}.json"


def _read(listing: Small) -> dict[str, datetime] | None:
    """Return id to time of change; None where the list is not what it should be."""
    try:
        lines = (listing.content or b"").decode("ascii").splitlines()
    except UnicodeDecodeError:
        return None
    found: dict[str, datetime] = {}
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None or match[2] in found:
            return None
        found[match[2]] = _moment(match[1])
    return found or None


def _moment(text: str) -> datetime:
    # fromisoformat reads at most six digits of a second; OSV writes up to nine.
    whole, _, rest = text.partition(".")
    fraction = re.match(r"\d*", rest)
    digits = fraction.group()[:6] if fraction else ""
    stamp = whole.removesuffix("Z").removesuffix("+00:00")
    return datetime.fromisoformat(f"{stamp}.{digits or '0'}+00:00")


def _held(shard: Path, source: str) -> dict[str, datetime] | None:
    """Return the ids that a shard holds and when each changed; None where one is there twice."""
    opened = Shard(shard, source)
    try:
        found: dict[str, datetime] = {}
        for _, stored in opened.read_all():
            if stored.record.id in found:
                return None
            found[stored.record.id] = utc(stored.record.modified)
        return found
    finally:
        opened.close()


def _record(downloader: Downloader, place: str, name: str, listed: datetime) -> bytes | None:
    """Return a record that is as new as the list says; None where there is none."""
    url = f"{place}/{quote(name, safe='')}.json"
    got = downloader.get(url)
    if got is None or got.content is None:
        return None
    if len(got.content) > RECORD_BYTES:
        raise AdvisoryError(f"is larger than {RECORD_BYTES:,} bytes: no record is", where=url)
    try:
        record = osv.decode(got.content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise AdvisoryError(f"is no OSV record: {error}", where=url) from error
    # A cache on the way may still have the record from before the list.
    if record.id != name or utc(record.modified) < listed:
        return None
    return got.content
