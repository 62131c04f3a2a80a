"""What an advisory is for: not every record is about a vulnerability."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import msgspec

from gate.advisories.osv import Affected, Record


class Purpose(StrEnum):
    """What an advisory is for."""

    SECURITY = "security"
    MALWARE = "malware"
    BUGFIX = "bugfix"
    """A vendor's bug-fix or enhancement update: ALBA, ALEA, RHBA, SUSE-RU and the like."""
    INFORMATIONAL = "informational"
    """RustSec: unmaintained, unsound or notice."""


_BUGFIX = re.compile(r"(?:AL|RH|RL|RX)[BE]A-|(?:SUSE|openSUSE)-[FRO]U-")


def purpose_of(record: Record, entries: Sequence[Affected]) -> Purpose:
    """Return what `record` is for, as far as `entries`, those that apply, are concerned.

    A bug-fix update that names a CVE fixes a vulnerability, whatever its vendor
    calls it.
    """
    if record.id.startswith("MAL-"):
        return Purpose.MALWARE
    if _BUGFIX.match(record.id):
        named = (*(record.related or ()), *(record.aliases or ()), *(record.upstream or ()))
        return Purpose.SECURITY if any(map(_is_cve, named)) else Purpose.BUGFIX
    if entries and all(_informational(entry) for entry in entries):
        return Purpose.INFORMATIONAL
    return Purpose.SECURITY


def will_not_fix(entries: Sequence[Affected]) -> bool:
    """Return whether the vendor says of all `entries` that no fix will come.

    Debian's word is the urgency ``end-of-life``: the release gets no security support
    for this package any more.
    """
    return bool(entries) and all(
        _stated(entry.ecosystem_specific, "urgency") == "end-of-life" for entry in entries
    )


def _is_cve(name: str) -> bool:
    return name.startswith("CVE-")


def _informational(entry: Affected) -> bool:
    return bool(_stated(entry.database_specific, "informational"))


def _stated(raw: msgspec.Raw, field: str) -> str:
    """Return a text field of an object; "" where there is none."""
    if field.encode() not in bytes(raw):
        return ""
    fields: Any = msgspec.json.decode(raw)
    value = fields.get(field) if isinstance(fields, dict) else None
    return value if isinstance(value, str) else ""
