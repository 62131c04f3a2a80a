"""Scan coverage: runs follow each other closely enough, and see about as much.

Both compare with the run before on a subject of the same name.  The first run
has none, and passes: what it could not read is judged by `gate.policy.coverage`.
"""

from __future__ import annotations

from collections.abc import Iterator

from gate.policy.context import Previous
from gate.policy.durations import parse_duration, write_duration
from gate.policy.facts import Facts
from gate.policy.model import Policy
from gate.policy.rules.outcome import rule_result
from gate.policy.settings import ScanCoverage
from gate.policy.verdict import Decision, RuleResult

CONTROLS = (
    "SOC 2 CC4.1",
    "SOC 2 CC7.1",
    "ISO 27001 A.8.8",
    "PCI-DSS 11.3.1",
    "HIPAA 164.308(a)(8)",
)


def evaluate(facts: Facts, policy: Policy, decisions: tuple[Decision, ...]) -> RuleResult:
    """Break where the last run was too long ago, or too many packages are gone since."""
    del decisions
    rule = policy.rules.scan_coverage
    previous = facts.context.previous
    problems = list(_problems(facts, rule, previous)) if previous is not None else []
    if problems:
        message = "; ".join(problems)
    elif previous is None:
        message = "no earlier run is known"
    else:
        message = f"the last run was {write_duration(facts.now - previous.at)} ago"
    return rule_result(
        "scan_coverage",
        rule.action,
        message,
        CONTROLS,
        details=problems,
        broken=bool(problems),
        remedy="run checks on a schedule; where packages are gone, find out whether they were "
        "removed or only their database",
    )


def _problems(facts: Facts, rule: ScanCoverage, previous: Previous) -> Iterator[str]:
    if rule.cadence is not None and facts.now - previous.at > parse_duration(rule.cadence):
        yield (
            f"the last run was {write_duration(facts.now - previous.at)} ago, "
            f"{write_duration(parse_duration(rule.cadence))} allowed"
        )
    now = len(facts.bom.unowned)
    gone = previous.components - now
    if gone * 100 > previous.components * rule.max_drop or (gone > 0 and not now):
        yield f"{now:,} packages, where the last run saw {previous.components:,}"
