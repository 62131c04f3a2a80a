"""Whether a change makes a subject better and nothing worse, by the same policy at the same time.

For a change that repairs some of what is wrong: the verdict stays what it is, but a
robot's pull request that raises one package must not wait for all the others.
Better and worse are counted in what breaks the policy: a finding, known by its flaw and
package whatever the version, or a rule as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from gate.bom.model import Bom
from gate.matching.findings import Findings
from gate.policy.clocks import sighting_key
from gate.policy.verdict import Cause, RuleOutcome, Verdict


class State(msgspec.Struct, frozen=True, kw_only=True):
    """One side of the comparison."""

    bom: Bom
    findings: Findings
    verdict: Verdict


class Improvement(msgspec.Struct, frozen=True, kw_only=True):
    """What a change does to what breaks the policy.  Sorted texts for a person."""

    gone: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    why_not_compared: str = ""
    """Why the two cannot be compared; "" where they can."""

    @property
    def only_better(self) -> bool:
        """Whether something is gone, and nothing is new."""
        return bool(self.gone) and not self.new and not self.why_not_compared


def improvement(before: State, after: State) -> Improvement:
    """Return what became better and worse from `before` to `after`."""
    for name, verdict in (("the base", before.verdict), ("this state", after.verdict)):
        undecided = [reason for reason in verdict.reasons if reason.cause is not Cause.POLICY]
        if undecided:
            return Improvement(why_not_compared=f"{name} is not judged: {undecided[0].message}")
    if before.verdict.target != after.verdict.target:
        return Improvement(why_not_compared="other rules of the policy hold for the base")
    old, new = set(_breaking(before)), set(_breaking(after))
    return Improvement(gone=tuple(sorted(old - new)), new=tuple(sorted(new - old)))


def _breaking(state: State) -> Iterator[str]:
    components = {component.ref: component for component in state.bom.components}
    decisions = {(one.ref, one.id): one for one in state.verdict.decisions}
    for finding in state.findings.findings:
        decision = decisions.get((finding.ref, finding.id))
        for rule in decision.broken if decision is not None else ():
            yield f"{rule}: {sighting_key(finding, components[finding.ref])}"
    for result in state.verdict.rules:
        if result.outcome is RuleOutcome.FAILED and not result.findings:
            yield result.rule
            yield from (f"{result.rule}: {detail}" for detail in result.details)
