"""The life of a flaw on a system: first seen, due, accepted, gone, as runs saw it.

Pure.  Runs of one system go in, in the order of their time.  In doubt a flaw lives on:

* only a run that saw everything can end one (`gate.estate.sightings.is_whole`);
* its end is the time of that run, and not of the patch, which nobody saw;
* an advisory that was corrected, or a VEX statement, ends it and is no patch;
* time past the due date is accepted only where an approved exception was in force for
  all of it, and no run said otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from gate.advisories.severity import Severity
from gate.estate.lines import RunLine, line_of
from gate.estate.sightings import End, Sighting, ended, is_whole, sightings, versions
from gate.policy.verdict import Decision, ExceptionOutcome, ExceptionResult, State
from gate.run.history import Earlier

_DAY = timedelta(days=1)


class Standing(StrEnum):
    """What became of a flaw, or has so far."""

    IN_TIME = "fixed-in-time"
    LATE = "fixed-late"
    EXCEPTED = "excepted"
    """Past its time, all of it accepted by approved exceptions; fixed or not."""
    OVERDUE = "overdue"
    OPEN = "open"
    """Not past its time yet."""
    NO_LIMIT = "no-limit"
    """The policy sets no time to patch."""
    SET_ASIDE = "set-aside"
    """It never applied: the advisory was corrected, or a VEX statement says so."""


BREACHES = frozenset({Standing.LATE, Standing.OVERDUE})
SETTLED = frozenset({Standing.IN_TIME, Standing.LATE, Standing.EXCEPTED, Standing.OVERDUE})
"""Those that count: the time to patch was kept, or it was not."""


class Acceptance(msgspec.Struct, frozen=True, kw_only=True):
    """An approved exception that runs found in force for a flaw."""

    exception: str
    begin: datetime
    """Approved."""
    end: datetime
    """Expires."""


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """One flaw in one package of one system, from its first sighting to its end."""

    system: str
    id: str
    package: str
    purl: str
    """Without version."""
    severity: Severity
    assumed: bool
    """The severity is what the policy takes for an unknown one."""
    published: datetime | None
    fix_available: datetime | None
    exploited: datetime | None
    """Added to CISA's catalogue."""
    clock: str
    start: datetime | None
    allowed: str
    due: datetime | None
    """By the policy of the last run that saw it; its first sighting where no date is known."""
    first_seen: datetime
    first_run: RunLine | None
    """None where an earlier run saw it, of which there is no record."""
    last_run: RunLine
    """The last that saw it."""
    before: str
    """Version in which it was last seen."""
    after: str = ""
    """Version that ended it."""
    ended: datetime | None = None
    end: End | None = None
    end_run: RunLine | None = None
    accepted: tuple[Acceptance, ...] = ()
    seen_overdue: datetime | None = None
    """When a run first said that it is overdue, and not accepted."""

    @property
    def patched(self) -> bool:
        """Whether something was done about it: the package is another, or gone."""
        return self.end in {End.UPGRADED, End.REMOVED}

    def days_open(self, as_of: datetime) -> int:
        """Return the days from its start to its end, of which a part counts whole."""
        return _days(self.start or self.first_seen, self.ended or as_of)

    def days_late(self, as_of: datetime) -> int:
        """Return the days past its due date; 0 for none."""
        return _days(self.due, self.ended or as_of) if self.due is not None else 0

    def standing(self, as_of: datetime) -> Standing:
        """Return what has become of it at a time that is not before its last run."""
        stop = self.ended or as_of
        if self.end in {End.CORRECTED, End.CLEARED}:
            return Standing.SET_ASIDE
        if self.due is None:
            return Standing.NO_LIMIT
        if stop <= self.due:
            return Standing.IN_TIME if self.ended is not None else Standing.OPEN
        if self.seen_overdue is None and _covered(self.accepted, self.due, stop):
            return Standing.EXCEPTED
        return Standing.LATE if self.ended is not None else Standing.OVERDUE


class Ward:
    """The flaws of one system while its runs are read, oldest first."""

    def __init__(self, system: str) -> None:
        self.system = system
        self.living: dict[str, Life] = {}
        self.ended: list[Life] = []

    def take(self, run: Earlier) -> None:
        """Read the next run."""
        line = line_of(run.run)
        seen = sightings(run)
        first_seen = run.context.first_seen
        exceptions = _exceptions(run)
        for key, sighting in seen.items():
            known = self.living.get(key)
            begun = min(first_seen.get(key, line.decided_at), line.decided_at)
            life = known or _born(self.system, sighting, line, begun)
            self.living[key] = _seen(life, sighting, line, exceptions)
        if not is_whole(run.verdict):
            return
        installed = versions(run)
        for key in [key for key in self.living if key not in seen]:
            life = self.living.pop(key)
            end = ended(_sighting(key, life), run, installed)
            self.ended.append(
                msgspec.structs.replace(
                    life,
                    ended=line.decided_at,
                    end=end,
                    end_run=line,
                    after=installed.get(life.purl, ""),
                )
            )

    def retire(self, at: datetime) -> None:
        """End what lives: the system has gone out of scope."""
        for life in self.living.values():
            self.ended.append(msgspec.structs.replace(life, ended=at, end=End.RETIRED))
        self.living.clear()

    def lives(self) -> Iterator[Life]:
        """Yield all flaws, ended and living."""
        yield from self.ended
        yield from self.living.values()


def _born(system: str, sighting: Sighting, line: RunLine, first_seen: datetime) -> Life:
    decision = sighting.decision
    return Life(
        system=system,
        id=sighting.id,
        package=sighting.package,
        purl=sighting.key.partition(" ")[2],
        severity=decision.severity,
        assumed=decision.severity_assumed,
        published=None,
        fix_available=None,
        exploited=None,
        clock="",
        start=None,
        allowed="",
        due=None,
        first_seen=first_seen,
        first_run=line if first_seen == line.decided_at else None,
        last_run=line,
        before=sighting.version,
    )


def _seen(
    life: Life, sighting: Sighting, line: RunLine, exceptions: Mapping[str, ExceptionResult]
) -> Life:
    """Return a life with what one more run says of it."""
    decision = sighting.decision
    accepted = life.accepted
    if decision.exception in exceptions:
        accepted = _accepted(accepted, exceptions[decision.exception], line.decided_at)
    overdue = life.seen_overdue
    if decision.state is State.OVERDUE and overdue is None:
        overdue = line.decided_at
    return msgspec.structs.replace(
        life,
        severity=decision.severity,
        assumed=decision.severity_assumed,
        published=decision.dates.published,
        fix_available=decision.dates.fix_available,
        exploited=decision.dates.kev_added,
        clock=decision.clock,
        start=decision.start,
        allowed=decision.allowed,
        due=_due(decision, life),
        last_run=line,
        before=sighting.version,
        accepted=accepted,
        seen_overdue=overdue,
    )


def _due(decision: Decision, life: Life) -> datetime | None:
    if decision.allowed == "none":
        return None
    # Without any date the policy takes a finding for overdue at once.
    return decision.due or life.first_seen


def _accepted(
    known: tuple[Acceptance, ...], result: ExceptionResult, seen: datetime
) -> tuple[Acceptance, ...]:
    """Return the acceptances with one more; a renewal of one makes it longer."""
    begin = min(result.approved_at or seen, seen)
    others = tuple(one for one in known if one.exception != result.id)
    for one in known:
        if one.exception == result.id and begin <= one.end:
            begin = min(begin, one.begin)
        elif one.exception == result.id:
            others = (*others, one)
    return (*others, Acceptance(exception=result.id, begin=begin, end=result.expires))


def _covered(accepted: tuple[Acceptance, ...], begin: datetime, end: datetime) -> bool:
    """Return whether exceptions were in force from `begin` to `end`, without a gap."""
    for one in sorted(accepted, key=lambda one: one.begin):
        if one.begin <= begin < one.end:
            begin = one.end
    return begin >= end


def _exceptions(run: Earlier) -> dict[str, ExceptionResult]:
    return {
        one.id: one for one in run.verdict.exceptions if one.outcome is ExceptionOutcome.APPLIED
    }


def _sighting(key: str, life: Life) -> Sighting:
    """Return what is needed to tell how it ended."""
    decision = Decision(ref="", id=life.id, severity=life.severity, state=State.OPEN)
    return Sighting(
        key=key, id=life.id, package=life.package, version=life.before, decision=decision
    )


def _days(begin: datetime, end: datetime) -> int:
    return max(-((begin - end) // _DAY), 0)
