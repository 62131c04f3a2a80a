"""What if: a recorded verdict beside the one that another policy, or other advisories, give.

Pure: two verdicts go in, what is different comes out, item by item.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from gate.advisories.severity import Severity
from gate.policy.verdict import Decision, Outcome, Reason, RuleOutcome, State, Verdict
from gate.run.replay import Replay


class Change(StrEnum):
    """What becomes of a finding."""

    NEW = "new"
    GONE = "gone"
    CHANGED = "changed"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a finding stands in one of the two verdicts."""

    state: State
    severity: Severity
    due: datetime | None
    breaks: tuple[str, ...]
    exception: str


class FindingChange(msgspec.Struct, frozen=True, kw_only=True):
    """One finding that is not the same in both."""

    id: str
    package: str
    """Name and version."""
    change: Change
    was: Standing | None
    would_be: Standing | None


class RuleChange(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that comes out otherwise, or says something else."""

    rule: str
    was: RuleOutcome | None
    """None where the recorded verdict does not know it."""
    would_be: RuleOutcome | None
    said: str
    would_say: str


class WhatIf(msgspec.Struct, frozen=True, kw_only=True):
    """Verdict then, verdict now, and what makes the difference."""

    run_id: str
    decided_at: datetime
    was: Outcome
    would_be: Outcome
    reasons_gone: tuple[Reason, ...]
    reasons_new: tuple[Reason, ...]
    rules: tuple[RuleChange, ...]
    findings: tuple[FindingChange, ...]


def what_if(run_id: str, replay: Replay) -> WhatIf:
    """Return what the second verdict of `replay` makes different."""
    was, would_be = replay.recorded, replay.decided
    return WhatIf(
        run_id=run_id,
        decided_at=was.decided_at,
        was=was.outcome,
        would_be=would_be.outcome,
        reasons_gone=tuple(one for one in was.reasons if one not in would_be.reasons),
        reasons_new=tuple(one for one in would_be.reasons if one not in was.reasons),
        rules=tuple(_rules(was, would_be)),
        findings=tuple(_findings(was, would_be, replay.packages)),
    )


def _rules(was: Verdict, would_be: Verdict) -> Iterator[RuleChange]:
    before = {one.rule: one for one in was.rules}
    after = {one.rule: one for one in would_be.rules}
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        change = RuleChange(
            rule=name,
            was=old.outcome if old else None,
            would_be=new.outcome if new else None,
            said=old.message if old else "",
            would_say=new.message if new else "",
        )
        if (change.was, change.said) != (change.would_be, change.would_say):
            yield change


def _findings(
    was: Verdict, would_be: Verdict, packages: Mapping[str, str]
) -> Iterator[FindingChange]:
    """Yield findings that are new, gone or stand elsewhere; what breaks a rule comes first."""
    before = {(one.ref, one.id): one for one in was.decisions}
    after = {(one.ref, one.id): one for one in would_be.decisions}
    found = []
    for key in before.keys() | after.keys():
        old = _standing(before[key]) if key in before else None
        new = _standing(after[key]) if key in after else None
        if old != new:
            change = Change.NEW if old is None else Change.GONE if new is None else Change.CHANGED
            ref, flaw = key
            name = packages.get(ref, ref)
            found.append(FindingChange(id=flaw, package=name, change=change, was=old, would_be=new))
    yield from sorted(found, key=_order)


def _order(one: FindingChange) -> tuple[bool, int, str, str]:
    newest = one.would_be or one.was
    rank = list(Severity).index(newest.severity) if newest else 0
    broken = bool(one.would_be and one.would_be.breaks) != bool(one.was and one.was.breaks)
    return not broken, rank, one.id, one.package


def _standing(decision: Decision) -> Standing:
    return Standing(
        state=decision.state,
        severity=decision.severity,
        due=decision.due,
        breaks=decision.broken,
        exception=decision.exception,
    )
