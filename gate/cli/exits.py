"""Exit codes: a frozen interface.

A caller tells a build that must not ship (1) from one that could not be judged
(3, 4), was judged and not recorded (5), or was never started (2).  With several
reasons the gravest wins.
"""

from __future__ import annotations

from collections.abc import Iterable

from gate.errors import (
    AdvisoryError,
    EvidenceError,
    GateError,
    InputError,
    UnreachableError,
    UsageError,
    VerificationError,
)
from gate.policy.verdict import Cause, Reason

PASS = 0
FAIL = 1
USAGE = 2
INPUT = 3
ADVISORIES = 4
EVIDENCE = 5
VERIFICATION = 6
UNREACHABLE = 7
PASS_WITH_WARNINGS = 10
FAIL_BUT_BETTER = 11
INTERNAL = 70
INTERRUPTED = 130

MEANINGS: dict[int, str] = {
    PASS: "PASS",
    FAIL: "FAIL: the policy is not met",
    USAGE: "the command line, configuration or policy document is invalid",
    INPUT: "INDETERMINATE: the input is unreadable, incomplete, unsupported or over budget",
    ADVISORIES: "INDETERMINATE: advisory data is missing, stale, corrupt, "
    "or lacks this ecosystem or release",
    EVIDENCE: "evidence could not be signed, written or stored",
    VERIFICATION: "verification failed: evidence is altered, missing or not trusted",
    UNREACHABLE: "the input could not be reached",
    PASS_WITH_WARNINGS: "PASS with warnings (only with --exit-code-on-warn)",
    FAIL_BUT_BETTER: "FAIL, but better than the base and nothing worse (only with --improves-on)",
    INTERNAL: "internal error",
}

_OF_ERROR: tuple[tuple[type[GateError], int], ...] = (
    (UsageError, USAGE),
    (AdvisoryError, ADVISORIES),
    (EvidenceError, EVIDENCE),
    (VerificationError, VERIFICATION),
    (UnreachableError, UNREACHABLE),
    (InputError, INPUT),
)

_OF_CAUSE: dict[Cause, int] = {
    Cause.POLICY: FAIL,
    Cause.ADVISORIES: ADVISORIES,
    Cause.INPUT: INPUT,
    Cause.EVIDENCE: EVIDENCE,
    Cause.INTERNAL: INTERNAL,
}


def code_of_error(error: GateError) -> int:
    """Return the exit code of a failure."""
    return next((code for kind, code in _OF_ERROR if isinstance(error, kind)), INTERNAL)


def code_of_reasons(reasons: Iterable[Reason]) -> int:
    """Return the exit code of a verdict with these reasons: the gravest wins."""
    order = list(Cause)
    gravest = max((reason.cause for reason in reasons), key=order.index, default=None)
    return PASS if gravest is None else _OF_CAUSE[gravest]
