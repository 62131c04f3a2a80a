"""What a period comes to in numbers.  Pure; each docstring says what is counted and what is not."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from gate.advisories.severity import Severity
from gate.estate.audit import Audit, System
from gate.estate.coverage import Week
from gate.estate.lives import BREACHES, Life, Standing
from gate.estate.period import Period

_MONTH = timedelta(days=30)
SEVERITIES = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """How many kept their time to patch."""

    kept: int
    excepted: int
    breached: int

    @property
    def total(self) -> int:
        """All whose time was kept or ran out."""
        return self.kept + self.excepted + self.breached

    @property
    def percent(self) -> float | None:
        """Fixed in time, of all: an exception is not a fix.  None where there are none."""
        return 100 * self.kept / self.total if self.total else None


class Remediation(msgspec.Struct, frozen=True, kw_only=True):
    """How long patches took, in days."""

    flaws: int
    mean: float
    """From the date that began the time to patch to the check that saw the patch."""
    median: float
    mean_seen: float
    """From the first check that saw the flaw."""
    allowed: str
    """The time to patch; empty where it was not the same for all."""


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """How many systems in scope were checked in one week."""

    begin: datetime
    checked: int
    partly: int
    missing: int


def share(lives: Iterable[Life], as_of: datetime) -> Share:
    """Count flaws that were fixed, or whose time ran out.

    Those that are still within it, have no limit, or never applied do not count.
    """
    counts = Counter(life.standing(as_of) for life in lives)
    return Share(
        kept=counts[Standing.IN_TIME],
        excepted=counts[Standing.EXCEPTED],
        breached=sum(counts[one] for one in BREACHES),
    )


def share_by_month(audit: Audit) -> list[tuple[Period, Share]]:
    """Count each flaw once: in the month in which it was fixed in time, or its time ran out.

    What was overdue when the period began counts in its first month.
    """
    return [
        (
            month,
            share((one for one in audit.lives if settled(one, audit) in month), audit.as_of),
        )
        for month in audit.period.months()
    ]


def settled(life: Life, audit: Audit) -> datetime:
    """Return when it was known whether a flaw kept its time."""
    standing = life.standing(audit.as_of)
    moment = life.ended if standing is Standing.IN_TIME else life.due
    return max(moment or audit.as_of, audit.period.begin)


def share_by(
    lives: Iterable[Life], as_of: datetime, key: Callable[[Life], str]
) -> dict[str, Share]:
    """Return the shares of groups, by the name of the group."""
    groups: dict[str, list[Life]] = {}
    for life in lives:
        groups.setdefault(key(life), []).append(life)
    return {name: share(groups[name], as_of) for name in sorted(groups)}


def open_flaws(audit: Audit) -> list[Life]:
    """Return the flaws that were there when the period ended."""
    return [life for life in audit.lives if life.ended is None]


def breaches(audit: Audit) -> list[Life]:
    """Return the flaws past their time without an exception, the gravest first."""
    found = [life for life in audit.lives if life.standing(audit.as_of) in BREACHES]
    rank = list(Severity).index
    return sorted(
        found, key=lambda life: (rank(life.severity), -life.days_late(audit.as_of), life.id)
    )


def remediation(audit: Audit) -> dict[Severity, Remediation]:
    """Return how long patches took that were first seen in the period.

    What is still open is not among them, nor what ended without a patch.
    """
    found: dict[Severity, list[Life]] = {}
    for life in audit.lives:
        if life.patched and life.ended is not None and life.ended in audit.period:
            found.setdefault(life.severity, []).append(life)
    return {
        severity: _remediation(found[severity], audit.as_of)
        for severity in SEVERITIES
        if severity in found
    }


def _remediation(lives: Sequence[Life], as_of: datetime) -> Remediation:
    days = [_span(life.start or life.first_seen, life, as_of) for life in lives]
    allowed = {life.allowed for life in lives}
    return Remediation(
        flaws=len(lives),
        mean=statistics.fmean(days),
        median=statistics.median(days),
        mean_seen=statistics.fmean(_span(life.first_seen, life, as_of) for life in lives),
        allowed=allowed.pop() if len(allowed) == 1 else "",
    )


def _span(begin: datetime, life: Life, as_of: datetime) -> float:
    return max(((life.ended or as_of) - begin).total_seconds() / 86400, 0)


def coverage(audit: Audit) -> list[Coverage]:
    """Count systems by week; those out of scope in a week are not among them."""
    found = []
    for number, week in enumerate(Period(audit.period.begin, audit.as_of).weeks()):
        counts = Counter(system.weeks[number] for system in audit.systems)
        found.append(
            Coverage(
                begin=week.begin,
                checked=counts[Week.CHECKED],
                partly=counts[Week.PARTLY],
                missing=counts[Week.MISSING],
            )
        )
    return found


def never_checked(audit: Audit) -> list[System]:
    """Return the systems in scope that no check of the period saw."""
    return [
        system
        for system in audit.systems
        if not system.checks and system.scope.begin < (system.scope.end)
    ]


def unlisted(audit: Audit) -> list[System]:
    """Return the systems that were checked and are not in the list of assets."""
    return [system for system in audit.systems if not system.listed]


def month_of_release(audit: Audit) -> tuple[Share, int]:
    """Count critical flaws by whether they were gone within a month of the release of a patch.

    PCI DSS 4.0.1, requirement 6.3.3.  A month is 30 days here.  Those still within it do not
    count; those without a date of release are returned apart, and count as breached.
    """
    kept = breached = unknown = 0
    for life in audit.lives:
        standing = life.standing(audit.as_of)
        if life.severity is not Severity.CRITICAL or standing is Standing.SET_ASIDE:
            continue
        if life.fix_available is None:
            unknown += life.ended is None or life.ended in audit.period
            continue
        limit = life.fix_available + _MONTH
        if life.ended is not None and life.ended <= limit:
            kept += 1
        elif (life.ended or audit.as_of) > limit:
            breached += 1
    return Share(kept=kept, excepted=0, breached=breached + unknown), unknown
