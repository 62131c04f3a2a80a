"""OSV records as published, typed (OSV schema 1.7.5, ossf/osv-schema).

Unknown fields are ignored, as the schema demands.  Only what patchgate reads
is decoded; the exact bytes of a record are kept beside it in the store and in
evidence, and nothing is ever encoded again from these types.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

PACKAGE_RANGES = frozenset({"SEMVER", "ECOSYSTEM"})
"""Types of ranges that speak of package versions."""

COMMIT_RANGE = "GIT"
"""Type of a range that speaks of commits; any other type is unknown to schema 1.7.5."""


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event of a range; exactly one key is set (schema, affected[].ranges[].events)."""

    introduced: str | None = None
    fixed: str | None = None
    last_affected: str | None = None
    limit: str | None = None


class Range(msgspec.Struct, frozen=True, omit_defaults=True):
    """SEMVER, ECOSYSTEM or GIT range; its events may be in any order."""

    type: str
    events: tuple[Event, ...] = ()
    repo: str = ""
    """Address of the repository whose commits a GIT range speaks of."""


class Package(msgspec.Struct, frozen=True, omit_defaults=True):
    """The package an affected entry speaks of."""

    ecosystem: str
    """With its suffix, as in ``Debian:12`` or ``AlmaLinux:9``."""
    name: str
    purl: str = ""


class SeverityEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A CVSS vector, or a vendor's word where `type` names the vendor."""

    type: str
    score: str


class Affected(msgspec.Struct, frozen=True, omit_defaults=True):
    """One affected entry: versions OR ranges of one package."""

    package: Package | None = None
    ranges: tuple[Range, ...] | None = None
    versions: tuple[str, ...] | None = None
    severity: tuple[SeverityEntry, ...] | None = None
    ecosystem_specific: msgspec.Raw = msgspec.Raw(b"")
    database_specific: msgspec.Raw = msgspec.Raw(b"")


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """One advisory.  Times are UTC."""

    id: str
    modified: datetime
    published: datetime | None = None
    withdrawn: datetime | None = None
    aliases: tuple[str, ...] | None = None
    """Other names of the same flaw; symmetric and transitive."""
    upstream: tuple[str, ...] | None = None
    """The flaws this advisory is derived from; transitive, not symmetric."""
    related: tuple[str, ...] | None = None
    summary: str = ""
    severity: tuple[SeverityEntry, ...] | None = None
    affected: tuple[Affected, ...] | None = None
    database_specific: msgspec.Raw = msgspec.Raw(b"")


_decoder = msgspec.json.Decoder(Record)


def decode(data: bytes) -> Record:
    """Decode one OSV record from JSON.

    Raises msgspec.MsgspecError (its text names the field) when the bytes are
    not JSON or a field that patchgate reads has another type.
    """
    return _decoder.decode(data)


def custom_ranges(entry: Affected) -> tuple[Range, ...]:
    """Return ``ecosystem_specific.custom_ranges``: Go's ranges of what are no module versions.

    Empty where there are none, or what stands there has another shape.
    """
    raw = bytes(entry.ecosystem_specific)
    if b"custom_ranges" not in raw:
        return ()
    fields: Any = msgspec.json.decode(raw)
    if not isinstance(fields, dict):
        return ()
    try:
        return msgspec.convert(fields.get("custom_ranges"), tuple[Range, ...])
    except msgspec.ValidationError:
        return ()


def undecidable(entry: Affected) -> str:
    """Return why ranges of `entry` say nothing that a version could be held against; "" if none.

    A GIT range needs the history of the repository, for which the listed versions
    or another range stand in; a range of an unknown type has nothing that stands in.
    """
    types = {described.type for described in entry.ranges or ()}
    if unknown := types - PACKAGE_RANGES - {COMMIT_RANGE}:
        return f"ranges of type {', '.join(sorted(unknown))} are not known"
    if types == {COMMIT_RANGE} and not entry.versions and not custom_ranges(entry):
        return "its ranges are of commits, and it lists no versions"
    return ""


def utc(moment: datetime) -> datetime:
    """Return `moment` in UTC; a time without zone is taken as UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
