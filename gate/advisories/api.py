"""Ask OSV's HTTP API for the advisories of a few packages, where there is no store.

Rules: google.github.io/osv.dev (POST /v1/querybatch, GET /v1/vulns/{id}).
Packages are asked for without a version: every record about them comes back,
and our own matching judges it, as with a store.  What comes back becomes a store
of its own for one run, so that evidence and replay know no difference.

A release of which nothing comes back counts as not covered, since an answer
without records does not tell a release without flaws from one that is unknown.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import msgspec

from gate import __version__
from gate.advisories import osv
from gate.advisories.download import Downloader
from gate.advisories.ingest import Origin, import_paths
from gate.advisories.model import Query
from gate.advisories.names import about
from gate.advisories.store import Store
from gate.errors import AdvisoryError, UsageError

SOURCE = "OSV API"
BATCH = 1000
"""Queries in one request: as many as the API takes."""
RECORDS = 5000
"""Records that are fetched; what needs more is a matter for `db update`."""
_PAGES = 100
_AT_ONCE = 8
_SECONDS = 300.0


class _Named(msgspec.Struct, frozen=True):
    id: str


class _Result(msgspec.Struct, frozen=True):
    vulns: tuple[_Named, ...] = ()
    next_page_token: str = ""


class _Answer(msgspec.Struct, frozen=True):
    results: tuple[_Result, ...]


@contextmanager
def asked_store(url: str, queries: Sequence[Query], now: datetime) -> Iterator[Store]:
    """Give a store with what the API at `url` knows of the packages of `queries`.

    Raises UsageError, UnreachableError or AdvisoryError.
    """
    import requests  # noqa: PLC0415 - 150 ms that only a download needs

    if not url.startswith(("https://", "http://")):
        raise UsageError(
            f"'{url}' is no web address", where="--osv-api", hint="begin with https://"
        )
    base = url.rstrip("/")
    packages = sorted({(query.ecosystem, query.name) for query in queries})
    with TemporaryDirectory(prefix="patchgate-api-") as place:
        folder = Path(place)
        with requests.Session() as session:
            session.headers["User-Agent"] = f"patchgate/{__version__}"
            api = _Api(Downloader(session, deadline=time.monotonic() + _SECONDS), base)
            records = api.records(api.ids(packages))
        if not records:
            raise AdvisoryError(
                "knows no advisory about any package of the target",
                where=base,
                hint="whether it covers this release cannot be told; use patchgate db update",
            )
        source = folder / SOURCE
        source.mkdir()
        for name, raw in records.items():
            # Ids come from outside: no name of theirs reaches a disk.
            (source / f"{hashlib.sha256(name.encode()).hexdigest()}.json").write_bytes(raw)
        origin = Origin(as_of=now, basis="confirmed", url=base)
        import_paths(folder / "db", [source], now=now, origin=origin)
        with Store.open(folder / "db") as store:
            yield store


class _Api:
    def __init__(self, downloader: Downloader, base: str) -> None:
        self._downloader = downloader
        self._base = base

    def ids(self, packages: Sequence[tuple[str, str]]) -> set[str]:
        """Return the ids of all records about `packages`."""
        found: set[str] = set()
        waiting: list[tuple[str, str, str]] = [(*package, "") for package in packages]
        pages = 0
        while waiting:
            batch, waiting = waiting[:BATCH], waiting[BATCH:]
            pages += 1
            if pages > _PAGES + len(packages) // BATCH:
                raise AdvisoryError("does not come to an end of its pages", where=self._base)
            for (ecosystem, name, _), result in zip(batch, self._batch(batch), strict=True):
                found.update(named.id for named in result.vulns)
                if result.next_page_token:
                    waiting.append((ecosystem, name, result.next_page_token))
            if len(found) > RECORDS:
                raise AdvisoryError(
                    f"has more than {RECORDS:,} advisories about the packages of the target",
                    where=self._base,
                    hint="use patchgate db update --for TARGET",
                )
        return found

    def _batch(self, batch: Sequence[tuple[str, str, str]]) -> tuple[_Result, ...]:
        url = f"{self._base}/v1/querybatch"
        asked = {"queries": [_query(*package) for package in batch]}
        got = self._downloader.get(url, body=msgspec.json.encode(asked))
        if got is None or got.content is None:
            raise AdvisoryError(
                "is not OSV's API (404)", where=url, hint="check the address after --osv-api"
            )
        try:
            results = msgspec.json.decode(got.content, type=_Answer).results
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise AdvisoryError(f"answers what is no result: {error}", where=url) from error
        if len(results) != len(batch):
            raise AdvisoryError(f"answers {len(results):,} of {len(batch):,} queries", where=url)
        return results

    def records(self, ids: Iterable[str]) -> dict[str, bytes]:
        """Return the records with these ids, and what they say they are about."""
        found = dict(self._fetch(sorted(ids), required=True))
        named: set[str] = set()
        for raw in found.values():
            record = osv.decode(raw)
            named.update(record.aliases or (), about(record))
        found.update(self._fetch(sorted(named - found.keys()), required=False))
        return found

    def _fetch(self, ids: Sequence[str], *, required: bool) -> Iterator[tuple[str, bytes]]:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for name, raw in zip(ids, pool.map(self._record, ids), strict=True):
                if raw is not None:
                    yield name, raw
                elif required:
                    raise AdvisoryError(
                        f"names the advisory {name[:80]!r} and does not have it", where=self._base
                    )

    def _record(self, name: str) -> bytes | None:
        url = f"{self._base}/v1/vulns/{quote(name, safe='')}"
        got = self._downloader.get(url)
        if got is None or got.content is None:
            return None
        try:
            record = osv.decode(got.content)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise AdvisoryError(f"is no OSV record: {error}", where=url) from error
        if record.id != name and name not in (record.aliases or ()):
            raise AdvisoryError(f"is the record {record.id[:80]!r}", where=url)
        return got.content


def _query(ecosystem: str, name: str, page: str) -> dict[str, Any]:
    query: dict[str, Any] = {"package": {"ecosystem": ecosystem, "name": name}}
    return query | {"page_token": page} if page else query
