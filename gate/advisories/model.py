"""What the matcher asks of the advisories, and what it gets.

`Query` and `AdvisorySet` are plain values: the matcher that works on them
touches no store, and evidence can carry them, so that a verdict can be
decided again years later without the store it came from.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from gate.advisories.osv import Record


class Query(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One package to look up: a component asks one or more of these."""

    ref: str
    """`Component.ref` of the component that asks."""
    ecosystem: str
    """Exact ecosystem with suffix: ``Debian:12``, ``AlmaLinux:9``, ``PyPI``."""
    name: str
    """As the advisories of that ecosystem spell it: source or binary, normalised."""
    version: str
    scheme: str
    """Key of `gate.versions.SCHEMES`; empty where no order is known."""


class SourceInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One source of a snapshot: an OSV ``all.zip`` or a folder of records."""

    name: str
    """Directory name in the OSV layout, as in ``AlmaLinux``; unique in a snapshot."""
    digest: str
    """``sha256:…`` of the source's bytes (zip) or of its sorted member digests (folder, and what
    was brought up to date record by record)."""
    records: int
    newest_modified: datetime | None = None
    as_of: datetime
    """UTC time for which the source's data is claimed current; staleness counts from it."""
    as_of_basis: str
    """newest-record, claimed (--as-of), or confirmed (an answer 200 or 304)."""
    url: str = ""
    etag: str = ""
    """Of the archive, where the data is exactly its."""
    listing_etag: str = ""
    """Of the list of changes that the data was last compared with."""
    ecosystems: dict[str, int] = {}
    """Exact ecosystem to its number of affected entries."""
    unreadable: int = 0
    """Records that were left out because they could not be decoded."""


class StoredRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record with the exact bytes it was decoded from."""

    source: str
    record: Record
    raw: bytes


class AdvisorySet(msgspec.Struct, frozen=True, kw_only=True):
    """All that one run needs from the advisories.

    Holds every record that may affect one of the queries, and every record
    that names the same flaws (for identifiers and severity), sorted by id and
    source.  A record that is not here was looked up and does not apply.
    """

    snapshot: str
    """``sha256:…`` over the names and digests of all sources of the store."""
    sources: tuple[SourceInfo, ...] = ()
    records: tuple[StoredRecord, ...] = ()
