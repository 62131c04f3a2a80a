"""The verdict and counts as OpenMetrics text, for Prometheus and what reads its formats.

Rules: OpenMetrics 1.0.  Only gauges are written, which the older Prometheus text format
reads as well (node_exporter's textfile collector).  Where nothing could be counted, there
are no counts: a missing series raises an alarm, and 0 would not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

from gate import __version__
from gate.advisories.severity import Severity
from gate.policy.verdict import Outcome, RuleOutcome, State
from gate.report.encoding import visible
from gate.report.judged import is_judged
from gate.run.result import Result

_LABEL = 200

_Labels = dict[str, str]
_Sample = tuple[_Labels, float]


def render(result: Result, exit_code: int) -> bytes:
    """Return the metrics of one target; each sample has it as label `target`."""
    lines: list[str] = []
    for name, meaning, samples in _families(result, exit_code):
        lines.append(f"# TYPE patchgate_{name} gauge")
        lines.append(f"# HELP patchgate_{name} {meaning}")
        for labels, value in samples:
            shown = ",".join(
                f'{key}="{_label(text)}"'
                for key, text in {"target": result.target, **labels}.items()
            )
            lines.append(f"patchgate_{name}{{{shown}}} {value:.15g}")
    return ("\n".join([*lines, "# EOF"]) + "\n").encode()


def _families(result: Result, exit_code: int) -> Iterator[tuple[str, str, Iterable[_Sample]]]:
    verdict = result.verdict
    yield (
        "verdict",
        "Which verdict it is: 1 for that one, 0 for the others.",
        [({"verdict": o.value}, float(o is verdict.outcome)) for o in Outcome],
    )
    yield "exit_code", "Exit code of the run.", [({}, exit_code)]
    yield (
        "judged",
        "Whether the whole target was held against the policy; if 0, counts are lower bounds.",
        [({}, float(is_judged(result)))],
    )
    yield (
        "decided_timestamp_seconds",
        "When it was decided.",
        [({"version": __version__, "policy": result.policy.name}, _seconds(result.now))],
    )
    yield (
        "rule_broken",
        "Whether a rule of the policy that is switched on is broken with action fail.",
        [
            ({"rule": rule.rule}, float(rule.outcome is RuleOutcome.FAILED))
            for rule in verdict.rules
            if rule.outcome is not RuleOutcome.OFF
        ],
    )
    yield (
        "advisories_timestamp_seconds",
        "How recent the advisories are.",
        [({"source": source.name}, _seconds(source.as_of)) for source in result.sources],
    )
    if result.bom is not None:
        yield "packages", "Packages that were read.", [({}, len(result.bom.components))]
    if result.findings is not None:
        yield from _counts(result)


def _counts(result: Result) -> Iterator[tuple[str, str, Iterable[_Sample]]]:
    decisions = result.verdict.decisions
    counts = Counter((decision.severity, decision.state) for decision in decisions)
    yield (
        "findings",
        "Flaws of packages, by severity and by where they stand against their time to patch.",
        [
            ({"severity": severity.value, "state": state.value}, counts[severity, state])
            for severity in Severity
            for state in State
        ],
    )
    breaking = sum(bool(decision.broken) for decision in decisions)
    yield "findings_breaking", "Findings that break the policy.", [({}, breaking)]
    waiting = [d.due for d in decisions if d.state is State.OPEN and d.due is not None]
    if waiting:
        yield "next_due_timestamp_seconds", "When the next is due.", [({}, _seconds(min(waiting)))]


def _seconds(moment: datetime) -> float:
    return moment.timestamp()


def _label(text: str) -> str:
    return visible(text, _LABEL).replace("\\", "\\\\").replace('"', '\\"')
