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


def _is_cve(name: str) -> bool:
    return name.startswith("CVE-")


def _informational(entry: Affected) -> bool:
    raw = bytes(entry.database_specific)
    if b'"informational"' not in raw:
        return False
    fields: Any = msgspec.json.decode(raw)
    return isinstance(fields, dict) and isinstance(fields.get("informational"), str)
