"""The verdict and counts as variables, for GitLab's `artifacts:reports:dotenv` and for shells.

GitLab takes at most 5 KB and, unless told otherwise, 20 variables; names of letters,
digits and underscores; no blank lines, comments or quotes.  A shell may source the
file, so a value holds nothing that either gives a meaning.
"""

from __future__ import annotations

import re
from collections import Counter

from gate.advisories.severity import Severity
from gate.policy.verdict import State
from gate.run.result import Result

_PREFIX = "PATCHGATE_"
_LENGTH = 200
_UNSAFE = re.compile(r"[^A-Za-z0-9._:/@,+-]")
_UNKNOWN = "unknown"
"""What stands for a count where nothing was counted: 0 would read as clean."""


def render(result: Result, exit_code: int) -> bytes:
    """Return one line ``PATCHGATE_NAME=value`` for each variable."""
    values = {
        "VERDICT": result.verdict.outcome.value,
        "EXIT_CODE": str(exit_code),
        "REASONS": ",".join(dict.fromkeys(reason.code for reason in result.verdict.reasons)),
        "WARNINGS": str(len(result.verdict.warnings)),
        "TARGET": result.target,
        "SHA256": result.bom.subject.digests.get("sha256", "") if result.bom else "",
        **_counts(result),
        "POLICY_NAME": result.policy.name,
        "EVIDENCE_FILE": result.evidence.file,
        "DECIDED_AT": f"{result.now:%Y-%m-%dT%H:%M:%SZ}",
    }
    lines = [f"{_PREFIX}{name}={_UNSAFE.sub('_', v)[:_LENGTH]}" for name, v in values.items()]
    return ("\n".join(lines) + "\n").encode()


def _counts(result: Result) -> dict[str, str]:
    decisions = result.verdict.decisions
    severities = Counter(decision.severity for decision in decisions)
    waiting = [d.due for d in decisions if d.state is State.OPEN and d.due is not None]
    counts = {
        "FINDINGS": len(decisions),
        "BREAKING": sum(bool(decision.broken) for decision in decisions),
        "OVERDUE": sum(decision.state is State.OVERDUE for decision in decisions),
        "CRITICAL": severities[Severity.CRITICAL],
        "HIGH": severities[Severity.HIGH],
        "MEDIUM": severities[Severity.MEDIUM],
        "LOW": severities[Severity.LOW],
    }
    if result.findings is None:
        return dict.fromkeys((*counts, "NEXT_DUE"), _UNKNOWN)
    due = f"{min(waiting):%Y-%m-%d}" if waiting else ""
    return {**{name: str(count) for name, count in counts.items()}, "NEXT_DUE": due}
