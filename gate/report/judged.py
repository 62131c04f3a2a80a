"""The findings of a result as reports show them: joined with package and decision, worst first."""

from __future__ import annotations

from typing import NamedTuple

from gate.advisories.severity import Severity
from gate.advisories.vex.model import Status as VexStatus
from gate.bom.model import Component
from gate.matching.findings import Finding, Status
from gate.policy.verdict import Cause, Decision, Outcome, State
from gate.run.result import Result

_ORDER = list(Severity)
_UNJUDGED = frozenset({Cause.INPUT, Cause.ADVISORIES, Cause.INTERNAL})


class Judged(NamedTuple):
    """One finding with the package it is in and what the policy makes of it."""

    finding: Finding
    decision: Decision
    component: Component

    @property
    def package(self) -> str:
        """Name of the package as its ecosystem writes it, as it came: not escaped."""
        if self.component.type in {"deb", "rpm", "apk", "alpm"} or not self.component.namespace:
            return self.component.name
        separator = ":" if self.component.type == "maven" else "/"
        return f"{self.component.namespace}{separator}{self.component.name}"


def judged(result: Result) -> tuple[Judged, ...]:
    """Return all findings: what breaks the policy first, then by severity and identifier."""
    if result.bom is None or result.findings is None:
        return ()
    components = {component.ref: component for component in result.bom.components}
    pairs = zip(result.findings.findings, result.verdict.decisions, strict=True)
    items = (Judged(finding, decision, components[finding.ref]) for finding, decision in pairs)
    return tuple(sorted(items, key=_gravity))


def _gravity(item: Judged) -> tuple[bool, int, str, str]:
    decision = item.decision
    return not decision.broken, _ORDER.index(decision.severity), decision.id, decision.ref


def urgency(decision: Decision) -> float:
    """Sort what is due first to the top; what has no date and is overdue before all."""
    if decision.state in {State.NO_LIMIT, State.ACCEPTED, State.NOT_AFFECTED}:
        return float("inf")
    return decision.due.timestamp() if decision.due is not None else float("-inf")


def status_of(finding: Finding, decision: Decision) -> Status:
    """Return what can be done about a finding, with what a VEX statement says of it."""
    if decision.state is State.NOT_AFFECTED:
        return Status.NOT_AFFECTED
    if decision.vex is not None and decision.vex.status is VexStatus.UNDER_INVESTIGATION:
        return Status.UNDER_INVESTIGATION
    return finding.status


def is_judged(result: Result) -> bool:
    """Return whether the whole target was held against the policy.

    Where it was not, no part of the result may read as clean; where only the record
    is missing, what was decided stands.
    """
    if result.verdict.outcome is not Outcome.INDETERMINATE:
        return True
    causes = {reason.cause for reason in result.verdict.reasons}
    return bool(causes) and causes.isdisjoint(_UNJUDGED)


def raised_to(result: Result) -> dict[str, str]:
    """Return component ref to the version that closes all its findings that have a fix."""
    return {ref: upgrade.to for upgrade in result.upgrades for ref in upgrade.refs}


def advice(item: Judged, to: str = "") -> str:
    """Return what to do about a finding, and by when, as sentences that are not escaped.

    `to` is the version to name where other findings of the package ask for a later one.
    """
    finding, decision = item.finding, item.decision
    fixed = to or finding.fixed
    raised = f"Raise it to {fixed}." if fixed else "There is no fix yet."
    due = ""
    if decision.due is not None:
        over = " (overdue)" if decision.state is State.OVERDUE else ""
        due = f" Due {decision.due:%Y-%m-%d}{over}."
    elif decision.state is State.OVERDUE:
        due = " It is overdue; no date is known that its time could begin with."
    doubt = "" if finding.certain else " It is not certain that this version is affected."
    return f"{raised}{due}{doubt}"
