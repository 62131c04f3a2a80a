"""What will fail, and when, if nothing changes.

Pure.  The facts are moved forward in time and decided again; data that ages is
taken to be renewed, so that a forecast speaks of the subject and not of a feed
that stops.  More time never makes a verdict better, so that the day it turns is
found by halving.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from gate.policy.context import Context
from gate.policy.decide import decide
from gate.policy.durations import parse_duration, write_duration
from gate.policy.facts import Facts
from gate.policy.model import Policy
from gate.policy.verdict import (
    Cause,
    ExceptionOutcome,
    Outcome,
    Reason,
    RuleOutcome,
    State,
    Verdict,
)

_MOMENT = timedelta(seconds=1)
_DAY = timedelta(days=1)


class Kind(StrEnum):
    """What comes."""

    DUE = "due"
    """A finding passes its time to patch."""
    EXCEPTION = "exception"
    """An exception ends."""
    RULE = "rule"
    """A rule about the whole subject will be broken."""


class Coming(msgspec.Struct, frozen=True, kw_only=True, order=True, omit_defaults=True):
    """One thing that will count against the subject."""

    at: datetime
    """UTC."""
    kind: Kind
    message: str
    finding: str = ""
    """``<finding id> <component ref>``, of what is due."""
    remedy: str = ""


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """What comes until a day."""

    until: datetime
    """UTC."""
    outcome: Outcome
    """The verdict on that day."""
    fails_at: datetime | None
    """UTC: when the verdict turns to FAIL; None where it is FAIL already, or stays as it is."""
    coming: tuple[Coming, ...]
    """By time."""


def decide_ahead(facts: Facts, policy: Policy) -> Verdict:
    """Decide; where the run asks for it, what fails within its time is a FAIL today."""
    verdict = decide(facts, policy)
    within = facts.context.fail_within
    if not within or verdict.outcome is not Outcome.PASS:
        return verdict
    ahead = forecast(facts, policy, verdict, facts.now + parse_duration(within))
    if ahead.fails_at is None:
        return verdict
    first = next((one.message for one in ahead.coming), "")
    left = write_duration(ahead.fails_at - facts.now)
    message = f"it fails in {left} if nothing changes: {first}"
    reason = Reason(cause=Cause.POLICY, code="fails-within", message=message)
    return msgspec.structs.replace(verdict, outcome=Outcome.FAIL, reasons=(reason,))


def forecast(facts: Facts, policy: Policy, verdict: Verdict, until: datetime) -> Forecast:
    """Return what comes between the time of `facts` and `until` (UTC)."""
    last = decide(moved(facts, until), policy)
    coming = sorted(
        [
            *_due(facts, verdict, until),
            *_ending(verdict, until),
            *_rules(facts, policy, verdict, until, last),
        ]
    )
    fails_at = None
    if verdict.outcome is Outcome.PASS and last.outcome is Outcome.FAIL:
        fails_at = _turning(facts, policy, sorted({*(one.at for one in coming), until}))
    return Forecast(until=until, outcome=last.outcome, fails_at=fails_at, coming=tuple(coming))


def _due(facts: Facts, verdict: Verdict, until: datetime) -> list[Coming]:
    components = {component.ref: component for component in facts.bom.components}
    found = []
    for decision, finding in zip(verdict.decisions, facts.findings.findings, strict=True):
        if decision.state is not State.OPEN or decision.due is None or decision.due > until:
            continue
        name = components[decision.ref].name
        found.append(
            Coming(
                at=decision.due,
                kind=Kind.DUE,
                message=f"{decision.id} ({decision.severity}) in {name} is due",
                finding=f"{decision.id} {decision.ref}",
                remedy=f"raise {name} to {finding.fixed}"
                if finding.fixed
                else f"there is no fixed version of {name} yet: replace or remove it, "
                "or ask for an exception",
            )
        )
    return found


def _ending(verdict: Verdict, until: datetime) -> list[Coming]:
    return [
        Coming(
            at=one.expires,
            kind=Kind.EXCEPTION,
            message=f"exception {one.id} ends",
            remedy=f"remediate what it accepts (planned for {one.remediation}), or renew it",
        )
        for one in verdict.exceptions
        if one.outcome is ExceptionOutcome.APPLIED and one.expires <= until
    ]


def _rules(
    facts: Facts, policy: Policy, verdict: Verdict, until: datetime, last: Verdict
) -> list[Coming]:
    """Return the rules about the whole subject that will be broken, each with its day."""
    broken = {rule.rule for rule in verdict.rules if rule.outcome is RuleOutcome.FAILED}
    found = []
    for rule in last.rules:
        if rule.outcome is not RuleOutcome.FAILED or rule.rule in broken or rule.findings:
            continue
        at = _first(facts, policy, until, rule.rule)
        then = decide(moved(facts, at + _MOMENT), policy).rules
        message = next(one.message for one in then if one.rule == rule.rule)
        found.append(
            Coming(at=at, kind=Kind.RULE, message=f"{rule.rule}: {message}", remedy=rule.remedy)
        )
    return found


def _first(facts: Facts, policy: Policy, until: datetime, name: str) -> datetime:
    """Return the last second on which a rule holds that is broken at `until`."""
    good, bad = 0, int((until - facts.now).total_seconds())
    while bad - good > 1:
        middle = (good + bad) // 2
        later = moved(facts, facts.now + timedelta(seconds=middle))
        rules = decide(later, policy).rules
        if any(one.rule == name and one.outcome is RuleOutcome.FAILED for one in rules):
            bad = middle
        else:
            good = middle
    return facts.now + timedelta(seconds=good)


def _turning(facts: Facts, policy: Policy, times: list[datetime]) -> datetime:
    """Return the first of `times` after which the verdict is FAIL; it is at the last one."""
    low, high = 0, len(times) - 1
    while low < high:
        middle = (low + high) // 2
        if decide(moved(facts, times[middle] + _MOMENT), policy).outcome is Outcome.FAIL:
            high = middle
        else:
            low = middle + 1
    return times[low]


def moved(facts: Facts, now: datetime) -> Facts:
    """Return `facts` as they will be `now`, with all data as fresh as they are today."""
    passed = now - facts.now
    sources = tuple(
        msgspec.structs.replace(source, as_of=source.as_of + passed) for source in facts.sources
    )
    return msgspec.structs.replace(
        facts, now=now, sources=sources, context=_renewed(facts.context, passed)
    )


def _renewed(context: Context, passed: timedelta) -> Context:
    known = context.exploitation
    catalogues = {
        name: msgspec.structs.replace(catalogue, as_of=catalogue.as_of + passed)
        for name, catalogue in (("kev", known.kev), ("epss", known.epss))
        if catalogue is not None
    }
    previous = context.previous
    return msgspec.structs.replace(
        context,
        exploitation=msgspec.structs.replace(known, **catalogues),
        # Runs go on, too: the cadence is kept.
        previous=previous and msgspec.structs.replace(previous, at=previous.at + passed),
    )
