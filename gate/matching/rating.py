"""Which of several severity statements counts.

The order, as docs/severity.md explains it: a score for the matched package,
then a score for the record, then the vendor's word, then what other records
about the same flaw say.  Among scores of one rank the newest CVSS version
counts, never the highest number across versions; among equals the highest.
"""

from __future__ import annotations

from collections.abc import Iterable

from gate.advisories.severity import Basis, Severity, Statement
from gate.matching.findings import Rating

_BASES = (Basis.PACKAGE, Basis.RECORD, Basis.VENDOR)
_METHODS = ("CVSS_V4", "CVSS_V3", "CVSS_V2", "vendor")
_SEVERITIES = (
    Severity.CRITICAL,
    Severity.HIGH,
    Severity.MEDIUM,
    Severity.LOW,
    Severity.NONE,
    Severity.UNKNOWN,
)


def rate(own: Iterable[Statement], borrowed: Iterable[Statement]) -> Rating:
    """Return the rating of a finding.

    `own` are the statements of the advisories that apply, `borrowed` those of
    other records that name the same flaw.
    """
    first = sorted(set(own), key=_rank, reverse=False)
    second = sorted(set(borrowed) - set(first), key=_rank)
    candidates = (*first, *second)
    if not candidates:
        return Rating(severity=Severity.UNKNOWN)
    return Rating(severity=candidates[0].severity, taken=candidates[0], candidates=candidates)


def _rank(statement: Statement) -> tuple[int, int, float, int, str, str]:
    return (
        _BASES.index(statement.basis),
        _METHODS.index(statement.method),
        -(statement.score or 0.0),
        _SEVERITIES.index(statement.severity),
        statement.advisory,
        statement.vector + statement.word,
    )
