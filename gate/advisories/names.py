"""The names of flaws in a record: its own, and those of the flaws it is about.

Rules (OSV schema 1.7.5): `aliases` are symmetric and transitive.  `upstream`
goes one way, from an advisory to the flaws it is about.  `related` says
nothing of the kind; AlmaLinux alone keeps the list of CVEs there, because its
records have no other field for it.
"""

from __future__ import annotations

import re

from gate.advisories.ecosystems import base_of
from gate.advisories.osv import Record

_EMBEDDED_CVE = re.compile(r".+-(CVE-\d{4}-\d+)\Z")


def names_of(record: Record) -> set[str]:
    """Return the names under which `record` describes a flaw itself."""
    return {record.id, plain(record.id), *(record.aliases or ())}


def about(record: Record) -> tuple[str, ...]:
    """Return the flaws an advisory says it is derived from."""
    if record.upstream:
        return record.upstream
    if any(
        entry.package is not None and base_of(entry.package.ecosystem) == "AlmaLinux"
        for entry in (record.affected or ())[:1]
    ):
        return tuple(name for name in record.related or () if name.startswith("CVE-"))
    return ()


def plain(name: str) -> str:
    """Return the CVE inside a distribution's name for it: ``DEBIAN-CVE-2024-1`` and the like."""
    if name.rfind("CVE-") <= 0:
        return name
    embedded = _EMBEDDED_CVE.match(name)
    return embedded[1] if embedded else name
