"""Severity: every statement that a record makes about one of its packages.

CVSS vectors are scored with the `cvss` library (v2, v3.x, v4).  Vendor words
are mapped by `_WORDS`.  Nothing is chosen here: `gate.matching.rating` picks
one candidate by a documented order and keeps the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from typing import Any

import msgspec

from gate.advisories.ecosystems import base_of
from gate.advisories.osv import Affected, Record, SeverityEntry


class Severity(StrEnum):
    """Qualitative severity.  UNKNOWN is not low: the policy says what it counts as."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NONE = "none"
    UNKNOWN = "unknown"


class Basis(StrEnum):
    """Where in a record a statement stands; earlier ones rule (matching rules, section 4)."""

    PACKAGE = "package"
    """`affected[].severity` of the matched entry."""
    RECORD = "record"
    """`severity` of the record."""
    VENDOR = "vendor"
    """The vendor's word: Ubuntu priority, Debian urgency, errata label, GHSA word."""


class Statement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One statement about severity, with its origin."""

    advisory: str
    basis: Basis
    severity: Severity
    method: str
    """CVSS_V4, CVSS_V3, CVSS_V2, or vendor."""
    score: float | None = None
    vector: str = ""
    word: str = ""


_WORDS: dict[str, Severity] = {
    "critical": Severity.CRITICAL,
    "malware": Severity.CRITICAL,
    "important": Severity.HIGH,
    "high": Severity.HIGH,
    "moderate": Severity.MEDIUM,
    "medium": Severity.MEDIUM,
    "low": Severity.LOW,
    "negligible": Severity.LOW,
    "unimportant": Severity.NONE,
    "none": Severity.NONE,
}

_ERRATA_LABELS = frozenset({"AlmaLinux", "Rocky Linux", "Red Hat"})
"""Ecosystems whose record summaries begin with the errata label: ``Important: …``."""

_CVSS_LEVELS = (
    (9.0, Severity.CRITICAL),
    (7.0, Severity.HIGH),
    (4.0, Severity.MEDIUM),
    (0.1, Severity.LOW),
)


def statements(record: Record, entries: tuple[Affected, ...]) -> Iterator[Statement]:
    """Yield what `record` says of severity, for the affected entries that matched.

    `entries` is empty for a record that only names the same flaw; then the
    severities of all its entries speak, since the flaw is the same one.
    """
    relevant = entries or (record.affected or ())
    seen: set[tuple[str, str]] = set()
    for affected in relevant:
        for entry in affected.severity or ():
            if (entry.type, entry.score) not in seen:
                seen.add((entry.type, entry.score))
                yield from _from_entry(record, entry, Basis.PACKAGE)
    for entry in record.severity or ():
        if (entry.type, entry.score) not in seen:
            seen.add((entry.type, entry.score))
            yield from _from_entry(record, entry, Basis.RECORD)
    if record.id.startswith("MAL-"):
        # Malicious code has no score, and nothing it could wait for.
        yield _from_word(record, "malware")
    words = {word for affected in relevant for word in _package_words(affected)}
    words.update(_record_words(record, relevant))
    yield from (_from_word(record, word) for word in sorted(words) if word.lower() in _WORDS)


def _from_entry(record: Record, entry: SeverityEntry, basis: Basis) -> Iterator[Statement]:
    if entry.type.startswith("CVSS_"):
        scored = score(entry.type, entry.score)
        if scored is not None:
            value, severity = scored
            yield Statement(
                advisory=record.id,
                basis=basis,
                severity=severity,
                method=entry.type,
                score=value,
                vector=entry.score,
            )
    elif entry.score.lower() in _WORDS:
        # A severity type that is a vendor's name carries the vendor's word.
        yield _from_word(record, entry.score)


def _from_word(record: Record, word: str) -> Statement:
    return Statement(
        advisory=record.id,
        basis=Basis.VENDOR,
        severity=_WORDS[word.lower()],
        method="vendor",
        word=word,
    )


def _package_words(affected: Affected) -> Iterator[str]:
    specific = _fields(affected.ecosystem_specific)
    for field in ("ubuntu_priority", "urgency", "severity"):
        if isinstance(word := specific.get(field), str):
            yield word
    if isinstance(word := _fields(affected.database_specific).get("severity"), str):
        yield word


def _record_words(record: Record, relevant: tuple[Affected, ...]) -> Iterator[str]:
    if isinstance(word := _fields(record.database_specific).get("severity"), str):
        yield word
    ecosystems = {base_of(entry.package.ecosystem) for entry in relevant if entry.package}
    label, colon, _ = record.summary.partition(":")
    if colon and ecosystems & _ERRATA_LABELS:
        yield label


def _fields(raw: msgspec.Raw) -> dict[str, Any]:
    """Return the object in `raw`; anything that is not an object has no fields."""
    if not bytes(raw).startswith(b"{"):
        return {}
    fields: dict[str, Any] = msgspec.json.decode(raw)
    return fields


@lru_cache(maxsize=65536)
def score(method: str, vector: str) -> tuple[float, Severity] | None:
    """Return base score and severity of a CVSS vector, or None for a vector that is not valid.

    The rating scales are those of the CVSS version: v2 has no critical (NVD's
    scale: low below 4.0, medium below 7.0, high above).
    """
    from cvss import CVSS2, CVSS3, CVSS4  # noqa: PLC0415 - 16 ms, only where a vector is met
    from cvss.exceptions import CVSSError  # noqa: PLC0415

    classes = {"CVSS_V2": CVSS2, "CVSS_V3": CVSS3, "CVSS_V4": CVSS4}
    if method not in classes:
        return None
    try:
        value = float(classes[method](vector).base_score)
    except CVSSError:
        return None
    level = next((name for floor, name in _CVSS_LEVELS if value >= floor), Severity.NONE)
    capped = method == "CVSS_V2" and level is Severity.CRITICAL
    return value, Severity.HIGH if capped else level
