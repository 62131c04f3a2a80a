"""The least to do so that a subject stays green until a day.

Pure.  The verdict of that day names what will break; of the upgrades, those that
close any of it are needed, and no others: each finding is closed by the upgrade of
its own package.  What comes of doing all that is decided, not assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from gate.bom.origin import inherited
from gate.matching.findings import Finding
from gate.matching.upgrades import Upgrade
from gate.policy.decide import decide
from gate.policy.facts import Facts
from gate.policy.forecast import moved
from gate.policy.model import Policy
from gate.policy.rules.outcome import finding_key
from gate.policy.verdict import Decision, Outcome, RuleOutcome, State, Verdict


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One upgrade that is needed."""

    packages: tuple[str, ...]
    """Names of the packages to raise together."""
    version: str
    """Installed."""
    to: str
    by: datetime | None = None
    """UTC: when the first of what it closes breaks; None where it is broken already."""
    closes: tuple[str, ...]
    """Identifiers of the flaws that would break, and that it closes."""
    of_base: bool = False
    """The packages came with the base image."""


class Plan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What to do until a day."""

    until: datetime
    """UTC."""
    outcome: Outcome
    """The verdict on that day once it is done."""
    steps: tuple[Step, ...] = ()
    """By time."""
    unfixed: tuple[str, ...] = ()
    """``<finding id> <component ref>`` of what will break and has no fix."""
    rules: dict[str, str] = {}
    """Rules about the subject as a whole that will be broken, and what to do."""
    base: str = ""
    """What building on a newer base image does of it; empty where that is not known."""


def plan(
    facts: Facts, policy: Policy, verdict: Verdict, upgrades: Sequence[Upgrade], until: datetime
) -> Plan:
    """Return the least to do so that the subject of `facts` is green `until` (UTC)."""
    later = moved(facts, until)
    last = decide(later, policy)
    breaking = {finding_key(one): one for one in last.decisions if one.broken}
    now = {finding_key(one): one for one in verdict.decisions}
    of_base = _of_base(facts)
    steps = []
    closed: set[str] = set()
    for upgrade in upgrades if breaking else ():
        pairs = [f"{flaw} {ref}" for ref in upgrade.refs for flaw in upgrade.findings]
        mine = [key for key in pairs if key in breaking] if upgrade.to else []
        if not mine:
            continue
        # Raised packages lose all of what the version closes, not only what breaks.
        closed.update(pairs)
        steps.append(
            Step(
                packages=upgrade.packages,
                version=upgrade.version,
                to=upgrade.to,
                by=_by([now[key] for key in mine], verdict),
                closes=tuple(sorted({key.partition(" ")[0] for key in mine})),
                of_base=of_base.issuperset(upgrade.refs),
            )
        )
    kept = tuple(one for one in facts.findings.findings if f"{one.id} {one.ref}" not in closed)
    findings = msgspec.structs.replace(facts.findings, findings=kept)
    return Plan(
        until=until,
        outcome=decide(msgspec.structs.replace(later, findings=findings), policy).outcome,
        steps=tuple(sorted(steps, key=_order)),
        unfixed=tuple(sorted(breaking.keys() - closed)),
        rules={
            rule.rule: rule.remedy
            for rule in last.rules
            if rule.outcome is RuleOutcome.FAILED and not rule.findings
        },
        base=_base(facts, steps, closed & breaking.keys()),
    )


def _order(step: Step) -> tuple[bool, float, tuple[str, ...]]:
    return step.by is not None, step.by.timestamp() if step.by is not None else 0.0, step.packages


def _by(decisions: Sequence[Decision], verdict: Verdict) -> datetime | None:
    """Return when the first of these findings breaks; None where one does already."""
    if any(one.broken for one in decisions):
        return None
    ends = {one.id: one.expires for one in verdict.exceptions}
    times = [
        ends.get(one.exception) if one.exception else one.due
        for one in decisions
        if one.exception or one.state is State.OPEN
    ]
    return min((time for time in times if time is not None), default=None)


def _of_base(facts: Facts) -> set[str]:
    base = facts.bom.base
    return inherited(facts.bom) if base is not None and base.layers else set()


def _base(facts: Facts, steps: Sequence[Step], closed: set[str]) -> str:
    """Say what a newer base brings: packages of the base are raised by building on it."""
    base = facts.bom.base
    own = [step for step in steps if step.of_base]
    if base is None or not own:
        return ""
    of_base = _of_base(facts)
    fixes = [
        one.fix_published
        for one in facts.findings.findings
        if one.ref in of_base and _key(one) in closed and one.fix_published is not None
    ]
    since = (
        f", built after {max(fixes):%Y-%m-%d} when the last of its fixes came out" if fixes else ""
    )
    what = "all of it" if len(own) == len(steps) else f"{len(own)} of {len(steps)} upgrades"
    name = base.name.partition("@")[0]
    return f"a build of the base {name}{since}, can do {what}"


def _key(finding: Finding) -> str:
    return f"{finding.id} {finding.ref}"
