"""Sentences and counts that several reports show in their own markup; none is escaped."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from gate.bom.model import Reading, ReadingStatus
from gate.policy.durations import write_duration
from gate.policy.verdict import RuleOutcome, State
from gate.report.changes import write_severities
from gate.run.result import Result


class Why(NamedTuple):
    """One reason against a PASS, and what to do about it where that is known."""

    message: str
    remedy: str


def whys(result: Result) -> tuple[Why, ...]:
    """Return the reasons of the verdict, the gravest first."""
    remedies = {
        rule.rule.replace("_", "-"): rule.remedy
        for rule in result.verdict.rules
        if rule.outcome is RuleOutcome.FAILED
    }
    hint = result.failure.hint if result.failure is not None else ""
    return tuple(
        Why(reason.message, hint or remedies.get(reason.code, ""))
        for reason in result.verdict.reasons
    )


def subject_line(result: Result) -> str:
    """Return what was looked at: distribution, packages, digest; "" where nothing was."""
    bom = result.bom
    if bom is None:
        return ""
    parts = []
    if bom.distro is not None:
        parts.append(bom.distro.pretty_name or f"{bom.distro.id} {bom.distro.version_id}")
    parts.append(count(len(bom.unowned), "package"))
    if owned := len(bom.components) - len(bom.unowned):
        parts.append(f"{owned:,} more in them")
    if bom.subject.digests.get("sha256"):
        parts.append(f"sha256:{bom.subject.digests['sha256'][:12]}")
    return ", ".join(part.strip() for part in parts)


def tally(result: Result) -> str:
    """Return how many findings there are; "" where none could be looked for."""
    if result.findings is None:
        return ""
    decisions = result.verdict.decisions
    if not decisions:
        return "no findings"
    severities = write_severities(Counter(decision.severity for decision in decisions))
    late = sum(decision.state is State.OVERDUE for decision in decisions)
    accepted = sum(decision.state is State.ACCEPTED for decision in decisions)
    excepted = f", {accepted:,} accepted by exception" if accepted else ""
    cleared = sum(decision.state is State.NOT_AFFECTED for decision in decisions)
    excepted += f", {cleared:,} not affected by VEX" if cleared else ""
    return f"{count(len(decisions), 'finding')}: {severities}; {late:,} overdue{excepted}"


def origins(result: Result) -> Iterator[tuple[str, str]]:
    """Yield what the result rests on: a word and a sentence for each thing."""
    for text in _read(result):
        yield "read", text
    if result.findings is not None:
        passed = {(p.advisory, p.kind) for p in result.findings.passed_over}
        for kind, number in sorted(Counter(kind for _, kind in passed).items()):
            yield "left out", f"{number} {kind} advisories that are not about vulnerabilities"
    for source in result.sources:
        age = write_duration(max(result.now - source.as_of, timedelta(0)))
        text = f"{source.name}: {source.records:,} advisories as of {source.as_of:%Y-%m-%d}"
        yield "against", f"{text}, {age} old"
    policy = f"{result.policy.name} ({result.policy.source})"
    moment = f"{result.now:%Y-%m-%d %H:%M} UTC ({result.now_basis})"
    yield "policy", f"{policy}, decided for {moment}"
    evidence = result.evidence
    if evidence.recorded:
        yield "evidence", f"{evidence.file}, signed by key {evidence.key_id[:12]}"
    else:
        yield "evidence", f"none: {evidence.why_not or 'nothing was decided'}"


def _read(result: Result) -> Iterator[str]:
    """Yield where the packages come from: one line for each kind of database."""
    by_kind: dict[str, list[Reading]] = defaultdict(list)
    for reading in result.bom.readings if result.bom is not None else ():
        if reading.components:
            by_kind[reading.what].append(reading)
    for what, readings in by_kind.items():
        number = count(sum(reading.components for reading in readings), "package")
        place = readings[0].path or what
        if len(readings) > 1:
            place = f"{what}, {len(readings):,} files"
        whole = all(reading.status is ReadingStatus.COMPLETE for reading in readings)
        yield f"{number} from {place}{'' if whole else ', not completely'}"


def count(number: int, noun: str) -> str:
    """Return ``1 package``, ``2,000 packages``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
