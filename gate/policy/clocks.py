"""The time to patch: when it begins, how long it is, and when it ends.

A finding is due at ``start + allowance(severity)`` and overdue once that
moment has passed.  A date that is missing is never "not due": without any date
a finding is overdue at once.
"""

from __future__ import annotations

from datetime import datetime

from gate.advisories.severity import Severity
from gate.matching.findings import Finding
from gate.policy.durations import parse_duration
from gate.policy.model import Allowances, Clock, Policy
from gate.policy.verdict import Decision, State


def decide_clock(finding: Finding, policy: Policy, now: datetime) -> Decision:
    """Return where `finding` stands against its time to patch; rules fill in the rest."""
    severity = finding.rating.severity
    assumed = severity is Severity.UNKNOWN
    if assumed:
        severity = Severity(policy.severity.unknown)
    clock, start = _start(finding, policy.rules.patch_sla.clock)
    allowance = _allowance(severity, policy.rules.patch_sla.allow)
    due = None
    if allowance == "none":
        state = State.NO_LIMIT
    elif start is None:
        state = State.OVERDUE
    else:
        due = start + parse_duration(allowance)
        state = State.OVERDUE if now > due else State.OPEN
    return Decision(
        ref=finding.ref,
        id=finding.id,
        severity=severity,
        severity_assumed=assumed,
        state=state,
        clock=clock,
        start=start,
        due=due,
    )


def _start(finding: Finding, clock: Clock) -> tuple[str, datetime | None]:
    """Return which date begins the time to patch.

    While no fix exists, `fix_available` cannot begin; the publication does, so
    that a flaw nobody fixes is not forgotten.
    """
    if clock is Clock.FIX_AVAILABLE and finding.fix_published is not None:
        return Clock.FIX_AVAILABLE.value, finding.fix_published
    if finding.published is not None:
        return Clock.PUBLISHED.value, finding.published
    return "missing", None


def _allowance(severity: Severity, allow: Allowances) -> str:
    if severity is Severity.NONE:
        return "none"
    allowance: str = getattr(allow, severity.value)
    return allowance
