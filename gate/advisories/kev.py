"""CISA's catalogue of Known Exploited Vulnerabilities, as its JSON feed.

Rules (the catalogue's published JSON schema): `cveID`, `dateAdded` and
`dueDate` are required; dates are days without a time.  An entry that cannot be
read fails the whole catalogue: leaving one out would call an exploited flaw
unexploited.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, date, datetime, timedelta

import msgspec

from gate.advisories.exploitation import Catalogue, KevEntry, in_utc
from gate.errors import AdvisoryError

_CVE = re.compile(r"CVE-\d{4}-\d{4,19}")
_DAY = timedelta(days=1)
_HINT = "download known_exploited_vulnerabilities.json from CISA again"


class _Entry(msgspec.Struct, frozen=True, rename="camel"):
    cve_id: str = msgspec.field(name="cveID")
    date_added: date
    due_date: date
    known_ransomware_campaign_use: str = ""


class _Feed(msgspec.Struct, frozen=True, rename="camel"):
    catalog_version: str
    date_released: datetime
    count: int
    vulnerabilities: tuple[_Entry, ...]


_decoder = msgspec.json.Decoder(_Feed)


def read_kev(content: bytes, where: str) -> tuple[Catalogue, dict[str, KevEntry]]:
    """Return the catalogue in `content` and its entries by CVE.

    AdvisoryError, which names `where`, for anything that is not the whole of it.
    """
    try:
        feed = _decoder.decode(content)
        released = in_utc(feed.date_released)
    except (msgspec.DecodeError, ValueError) as error:
        raise AdvisoryError(
            f"is not CISA's catalogue of exploited vulnerabilities: {error}",
            where=where,
            hint=_HINT,
        ) from error
    entries: dict[str, KevEntry] = {}
    for item in feed.vulnerabilities:
        if not _CVE.fullmatch(item.cve_id) or item.cve_id in entries:
            twice = "is there twice" if item.cve_id in entries else "is not a CVE"
            raise AdvisoryError(f"'{item.cve_id[:60]}' {twice}", where=where, hint=_HINT)
        entries[item.cve_id] = KevEntry(
            added=_midnight(item.date_added),
            due=_end_of(item.due_date),
            ransomware=item.known_ransomware_campaign_use == "Known",
        )
    if not entries or len(entries) != feed.count:
        raise AdvisoryError(
            f"holds {len(entries)} entries where it counts {feed.count}", where=where, hint=_HINT
        )
    catalogue = Catalogue(
        digest=f"sha256:{hashlib.sha256(content).hexdigest()}",
        as_of=released,
        version=feed.catalog_version,
        entries=len(entries),
    )
    return catalogue, entries


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _end_of(day: date) -> datetime:
    # The last day of the calendar has no tomorrow.
    return _midnight(day) + _DAY if day < date.max else _midnight(day)
