"""The time to patch: when it begins, how long it is, and when it ends.

A finding is due at ``start + allowance`` and overdue once that moment has
passed.  The allowance is that of the first condition of the policy that
matches the finding, else that of its severity.  A date that is missing is never
"not due": without any date a finding is overdue at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

from gate.advisories.severity import Severity
from gate.bom.model import Component
from gate.matching.findings import Finding, Status
from gate.policy.calendar import end_of
from gate.policy.context import Baseline, Context, Sighting
from gate.policy.durations import parse_duration
from gate.policy.kinds import Clock
from gate.policy.model import Policy
from gate.policy.packages import package_class
from gate.policy.settings import Allowances, PatchSla, SlaCondition, SlaMatch
from gate.policy.verdict import Dates, Decision, State

_DAY = timedelta(days=1)


def decide_clock(
    finding: Finding,
    component: Component,
    policy: Policy,
    context: Context,
    now: datetime,
) -> Decision:
    """Return where `finding` stands against its time to patch; rules fill in the rest.

    `context` holds the attributes that count for the target.
    """
    severity = finding.rating.severity
    assumed = severity is Severity.UNKNOWN
    if assumed:
        severity = Severity(policy.severity.unknown)
    sla = policy.rules.patch_sla
    dates = dates_of(finding, component, context)
    condition = _condition(sla, finding, component, severity, context)
    sighting = context.sightings.seen.get(sighting_key(finding, component))
    clock, start = _start(dates, (condition and condition.clock) or sla.clock, finding, sighting)
    allowed = condition.allow if condition is not None else _allowance(severity, sla.allow)
    due = _due(start, allowed, dates, sla)
    state = State.NO_LIMIT
    if allowed != "none":
        state = State.OVERDUE if due is None or now > due else State.OPEN
    score = context.exploitation.score(finding.identifiers)
    return Decision(
        ref=finding.ref,
        id=finding.id,
        severity=severity,
        severity_assumed=assumed,
        state=state,
        clock=clock,
        start=start,
        allowed=allowed,
        condition=condition.name if condition is not None else "",
        due=due,
        days_left=(due - now) // _DAY if due is not None and state is State.OPEN else None,
        days_over=-((due - now) // _DAY) if due is not None and state is State.OVERDUE else None,
        dates=dates,
        epss=score.probability if score is not None else None,
        known=_is_known(finding, component, context),
    )


def dates_of(finding: Finding, component: Component, context: Context) -> Dates:
    """Return every date that is known of a finding."""
    kev = context.exploitation.earliest(finding.identifiers)
    key = sighting_key(finding, component)
    sighting = context.sightings.seen.get(key)
    return Dates(
        published=finding.published,
        undated=_undated(finding),
        fix_available=finding.fix_published,
        first_seen=context.first_seen.get(key),
        first_observed=sighting.flaw if sighting is not None else None,
        fix_first_observed=sighting.fix if sighting is not None else None,
        accuracy=_accuracy(sighting),
        kev_added=kev.added if kev is not None else None,
        kev_due=kev.due if kev is not None else None,
    )


def _undated(finding: Finding) -> tuple[str, ...]:
    found = {"published": finding.undated, "fix_available": finding.fix_undated}
    return tuple(name for name, undated in found.items() if undated)


def _accuracy(sighting: Sighting | None) -> str:
    if sighting is None:
        return ""
    return "bounded" if sighting.after is not None else "at-latest"


def _is_known(finding: Finding, component: Component, context: Context) -> bool:
    known = context.baseline
    return known is not None and sighting_key(finding, component) in _keys(known)


@lru_cache(maxsize=4)
def _keys(baseline: Baseline) -> frozenset[str]:
    return frozenset(baseline.findings)


def sighting_key(finding: Finding, component: Component) -> str:
    """Return the name under which `Context.first_seen` keeps a finding."""
    return f"{finding.id} {component.purl.partition('@')[0]}"


def _due(start: datetime | None, allowed: str, dates: Dates, sla: PatchSla) -> datetime | None:
    if allowed == "none":
        return None
    if allowed == "kev_due":
        return dates.kev_due
    if start is None:
        return None
    in_hours = allowed.endswith("h")
    return end_of(start, parse_duration(allowed), sla.calendar, in_hours=in_hours)


def _start(
    dates: Dates, clock: Clock, finding: Finding, sighting: Sighting | None
) -> tuple[str, datetime | None]:
    """Return which date begins the time to patch.

    Where the date of `clock` is not known, the publication begins it, so that
    a flaw nobody fixes, or nobody saw before, is not forgotten.  A record without
    a publication has been published before it was last changed, and before it was
    first seen here: the earlier of the two begins the time.  The first look of
    all says nothing by itself of when a flaw began.
    """
    for name in (clock, Clock.PUBLISHED):
        moment: datetime | None = getattr(dates, name.value)
        if moment is None:
            continue
        seen = _seen(name, finding, sighting)
        if seen is not None and seen < moment:
            return _OBSERVED[name], seen
        return name.value, moment
    if sighting is not None and sighting.after is not None:
        return "first_observed", sighting.flaw
    return "missing", None


_OBSERVED = {Clock.PUBLISHED: "first_observed", Clock.FIX_AVAILABLE: "fix_first_observed"}


def _seen(name: Clock, finding: Finding, sighting: Sighting | None) -> datetime | None:
    """Return when what `name` stands for was first seen here, where no record dates it."""
    if sighting is None:
        return None
    if name is Clock.PUBLISHED and finding.undated:
        return sighting.flaw
    return sighting.fix if name is Clock.FIX_AVAILABLE and finding.fix_undated else None


def _allowance(severity: Severity, allow: Allowances) -> str:
    if severity is Severity.NONE:
        return "none"
    allowance: str = getattr(allow, severity.value)
    return allowance


def _condition(
    sla: PatchSla,
    finding: Finding,
    component: Component,
    severity: Severity,
    context: Context,
) -> SlaCondition | None:
    """Return the first condition that matches; one with CISA's date needs that there is one."""
    kev = context.exploitation.earliest(finding.identifiers)
    for condition in sla.conditions:
        if condition.allow == "kev_due" and kev is None:
            continue
        if _matches(condition.match, finding, component, severity, context):
            return condition
    return None


def _matches(
    match: SlaMatch,
    finding: Finding,
    component: Component,
    severity: Severity,
    context: Context,
) -> bool:
    kev = context.exploitation.earliest(finding.identifiers)
    faces_internet = context.attributes.internet_facing is not False
    return (
        (not match.severity or severity.value in match.severity)
        and match.known_exploited in {None, kev is not None}
        and match.internet_facing in {None, faces_internet}
        and match.fix_available in {None, finding.status is Status.FIXED}
        and (not match.package_class or package_class(component) in match.package_class)
    )
