"""What to change, most urgent first: one row for packages that are raised together."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import NamedTuple

from gate.advisories.severity import Severity
from gate.matching.upgrades import Upgrade
from gate.policy.durations import write_duration
from gate.policy.verdict import Decision, State
from gate.report.encoding import visible
from gate.report.judged import urgency
from gate.run.result import Result

_NAME_WIDTH = 44
_VERSION_WIDTH = 34
_ID_WIDTH = 20
_BY_SEVERITY = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW, Severity.NONE)


class Change(NamedTuple):
    """One row, ready to be shown; rows sort by urgency."""

    order: tuple[bool, float, str]
    packages: str
    installed: str
    to: str
    """The version, or that there is none."""
    flaws: str
    due: str
    breaks: bool
    """Whether the policy fails the subject for one of the findings."""
    late: bool
    """Whether one of the findings is past its time to patch."""
    fixable: bool
    """Whether `to` is a version."""


class Changes(NamedTuple):
    """All rows of a result, each tuple the most urgent first."""

    fixable: tuple[Change, ...]
    unfixed: tuple[Change, ...]


def changes(result: Result) -> Changes:
    """Return what closes the findings of `result`, and what waits for a fix."""
    decisions: dict[tuple[str, str], Decision] = {
        (decision.ref, decision.id): decision for decision in result.verdict.decisions
    }
    fixable, unfixed = [], []
    for upgrade in result.upgrades:
        if upgrade.to:
            concerned = _concerned(upgrade, upgrade.findings, decisions)
            fixable.append(_change(upgrade, concerned, upgrade.to, result.now))
        waiting = upgrade.unfixed if upgrade.to else upgrade.findings
        if waiting:
            concerned = _concerned(upgrade, waiting, decisions)
            unfixed.append(_change(upgrade, concerned, "", result.now))
    return Changes(tuple(sorted(fixable)), tuple(sorted(unfixed)))


def write_severities(severities: Counter[Severity]) -> str:
    """Return counts by severity, the gravest first: ``1 critical, 2 high``."""
    return ", ".join(f"{severities[s]:,} {s.value}" for s in _BY_SEVERITY if severities[s])


def _concerned(
    upgrade: Upgrade, flaws: tuple[str, ...], decisions: dict[tuple[str, str], Decision]
) -> list[Decision]:
    return [
        decisions[ref, flaw] for ref in upgrade.refs for flaw in flaws if (ref, flaw) in decisions
    ]


def _change(upgrade: Upgrade, concerned: list[Decision], to: str, now: datetime) -> Change:
    urgent = min(concerned, key=urgency)
    breaks = any(decision.broken for decision in concerned)
    names = ", ".join(upgrade.packages)
    if len(names) > _NAME_WIDTH and len(upgrade.packages) > 1:
        names = f"{upgrade.packages[0]} and {len(upgrade.packages) - 1} more"
    # A flaw in several of the packages is one flaw.
    severities = {decision.id: decision.severity for decision in concerned}
    return Change(
        order=(not breaks, urgency(urgent), names),
        packages=visible(names, _NAME_WIDTH),
        installed=visible(upgrade.version, _VERSION_WIDTH),
        to=visible(to, _VERSION_WIDTH) or "no fix yet",
        flaws=write_severities(Counter(severities.values())),
        due=_due(urgent, now),
        breaks=breaks,
        late=any(decision.state is State.OVERDUE for decision in concerned),
        fixable=bool(to),
    )


def _due(decision: Decision, now: datetime) -> str:
    if decision.state is State.ACCEPTED:
        return f"accepted by {visible(decision.exception, _ID_WIDTH)}"
    if decision.state is State.NOT_AFFECTED:
        return "not affected, by VEX"
    if decision.state is State.NO_LIMIT:
        return "no time limit"
    if decision.due is None:
        return "overdue (no date known)"
    left = decision.due - now
    word = "over" if left < timedelta(0) else "left"
    return f"{decision.due:%Y-%m-%d}, {write_duration(left)} {word}"
