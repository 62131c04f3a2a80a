"""Small OSV records for tests."""

from __future__ import annotations

from typing import Any

import msgspec

from gate.advisories import osv
from gate.advisories.model import AdvisorySet, SourceInfo, StoredRecord
from gate.advisories.osv import utc


def record(id: str, *, source: str = "Test", **fields: Any) -> StoredRecord:  # noqa: A002
    fields = {"modified": "2026-01-02T00:00:00Z", "published": "2026-01-01T00:00:00Z"} | fields
    raw = msgspec.json.encode({"id": id, **fields})
    return StoredRecord(source=source, record=osv.decode(raw), raw=raw)


def affected(ecosystem: str, name: str, fixed: str = "", **fields: Any) -> dict[str, Any]:
    events: list[dict[str, str]] = [{"introduced": "0"}]
    if fixed:
        events.append({"fixed": fixed})
    return {
        "package": {"ecosystem": ecosystem, "name": name},
        "ranges": [{"type": "ECOSYSTEM", "events": events}],
        **fields,
    }


def advisory_set(*records: StoredRecord, also_covers: tuple[str, ...] = ()) -> AdvisorySet:
    ecosystems: dict[str, int] = dict.fromkeys(also_covers, 1)
    for stored in records:
        for entry in stored.record.affected or ():
            if entry.package is not None:
                ecosystems[entry.package.ecosystem] = ecosystems.get(entry.package.ecosystem, 0) + 1
    info = SourceInfo(
        name="Test",
        digest="sha256:00",
        records=len(records),
        as_of=utc(msgspec.convert("2026-01-02T00:00:00Z", osv.datetime)),
        as_of_basis="newest-record",
        ecosystems=ecosystems,
    )
    return AdvisorySet(snapshot="sha256:00", sources=(info,), records=records)
