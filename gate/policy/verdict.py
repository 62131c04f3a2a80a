"""The verdict: what was decided, why, and what each finding means for it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from gate.advisories.severity import Severity
from gate.advisories.vex.model import Status as VexStatus


class Outcome(StrEnum):
    """The three verdicts.  Only PASS lets a build go on."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    FAIL = "FAIL"
    INDETERMINATE = "INDETERMINATE"


class Cause(StrEnum):
    """What kind of reason keeps a verdict from PASS, the gravest last.

    `gate.cli.exits` gives each its exit code.
    """

    POLICY = "policy"
    ADVISORIES = "advisories"
    INPUT = "input"
    EVIDENCE = "evidence"
    INTERNAL = "internal"


class Reason(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One reason why the verdict is not PASS."""

    cause: Cause
    code: str
    """Stable name: patch-sla, image-age, incomplete, no-advisories, stale, …"""
    message: str


class RuleOutcome(StrEnum):
    """How a rule came out."""

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    ACCEPTED = "accepted"
    """It is broken, and an approved exception accepts that for now."""
    OFF = "off"
    NOT_APPLICABLE = "not-applicable"


class RuleResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one rule came out, and the controls it serves."""

    rule: str
    outcome: RuleOutcome
    message: str
    controls: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    """``<finding id> <component ref>`` of what broke the rule."""
    details: tuple[str, ...] = ()
    """What else broke it: components, processes, dates; for a person."""
    remedy: str = ""
    """What to do; never empty where the rule is broken."""


class State(StrEnum):
    """Where a finding stands against its time to patch."""

    OVERDUE = "overdue"
    OPEN = "open"
    NO_LIMIT = "no-limit"
    ACCEPTED = "accepted"
    """An approved exception accepts it for now; its clock goes on."""
    NOT_AFFECTED = "not-affected"
    """A VEX statement says that the product is not affected, or fixed."""


class Dates(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Every date that is known of a finding, UTC.  `Decision.clock` says which ruled."""

    published: datetime | None = None
    """The flaw was first published."""
    fix_available: datetime | None = None
    """The first advisory with a fix was published."""
    undated: tuple[str, ...] = ()
    """Which of these two only tell when a record was last changed: none says when it was
    published, and the first sight here rules where it is earlier."""
    first_seen: datetime | None = None
    """An earlier run first saw it on this system."""
    first_observed: datetime | None = None
    """A run here first saw the flaw in this package, on any system."""
    fix_first_observed: datetime | None = None
    """A run here first saw a fixed version."""
    accuracy: str = ""
    """Of `first_observed`: ``bounded`` where an earlier run looked and did not see it,
    ``at-latest`` where none had looked."""
    kev_added: datetime | None = None
    """CISA added it to its catalogue of exploited flaws."""
    kev_due: datetime | None = None
    """The end of the day by which CISA wants it remediated."""


class VexNote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a VEX statement says of a finding."""

    status: VexStatus
    why: str = ""
    author: str = ""
    made: datetime | None = None
    """UTC."""
    document: str


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the policy makes of one finding."""

    ref: str
    id: str
    severity: Severity
    """As it counts: an unknown severity has become what the policy says."""
    severity_assumed: bool = False
    state: State
    clock: str = ""
    """Which date began the time to patch: published, fix_available, first_seen,
    kev_added, first_observed, fix_first_observed, or missing."""
    start: datetime | None = None
    allowed: str = ""
    """The time to patch, as the policy writes it."""
    condition: str = ""
    """Name of the condition that set it; empty where the severity did."""
    due: datetime | None = None
    days_left: int | None = None
    """Whole days until it is due; None where it is overdue or has no due date."""
    days_over: int | None = None
    """Days since it was due, of which a part counts whole; None where it is not overdue
    or no date is known."""
    dates: Dates = Dates()
    epss: float | None = None
    """Probability of exploitation within 30 days; None where no score is known."""
    exception: str = ""
    """The approved exception that accepts it."""
    vex: VexNote | None = None
    """The VEX statement that rules it; None where none speaks of it."""
    known: bool = False
    """Whether it was there in the baseline, so that thresholds do not count it."""
    broken: tuple[str, ...] = ()
    """Rules with action fail that this finding breaks."""
    warned: tuple[str, ...] = ()
    """Rules with action warn that this finding breaks."""

    @property
    def counts(self) -> bool:
        """Whether nobody has taken it out of what rules count."""
        return not self.exception and self.state is not State.NOT_AFFECTED


class ExceptionOutcome(StrEnum):
    """What became of an exception that is about the subject."""

    APPLIED = "applied"
    INVALID = "invalid"
    """What it is about counts as if it was not there."""
    UNUSED = "unused"
    """It is valid, and nothing that it is about was found."""


class ExceptionResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An exception, what became of it, and its justification as it was approved."""

    id: str
    outcome: ExceptionOutcome
    message: str
    """Why it does not count; empty where it does."""
    digest: str
    expires: datetime
    """UTC: the midnight after its last day."""
    approver: str = ""
    approved_at: datetime | None = None
    approved_in: str = ""
    """The ticket that approves it, with its state, and when that was read."""
    requester: str
    reason: str
    risk: str
    controls: tuple[str, ...]
    remediation: str
    """The day on which it is planned to be gone."""
    requested: str
    renewals: int = 0
    ticket: str = ""
    findings: tuple[str, ...] = ()
    """``<finding id> <component ref>`` of what it accepts."""
    rules: tuple[str, ...] = ()
    """Broken rules that it accepts."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The decision about one subject at one time under one policy."""

    outcome: Outcome
    decided_at: datetime
    """UTC: the clock the decision was made with."""
    target: str = ""
    """Name of the policy's target whose rules were applied; empty for the policy's own."""
    reasons: tuple[Reason, ...] = ()
    """Why it is not PASS, the gravest first."""
    warnings: tuple[str, ...] = ()
    rules: tuple[RuleResult, ...] = ()
    decisions: tuple[Decision, ...] = ()
    """One for each finding, in the findings' order."""
    exceptions: tuple[ExceptionResult, ...] = ()
    """Those that are about this subject, by id."""


def encode_verdict(verdict: Verdict) -> bytes:
    """Return the verdict as canonical JSON: the bytes that a replay must reproduce."""
    return msgspec.json.encode(verdict, order="sorted")
