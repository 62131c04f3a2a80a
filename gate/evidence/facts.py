"""What the gate hands over to be recorded: plain values, named one by one."""

from __future__ import annotations

import hashlib

import msgspec

from gate.advisories.model import SourceInfo
from gate.bom.model import Reading, Subject
from gate.evidence.extension import (
    Actor,
    AppliedException,
    CiRun,
    Clock,
    GivenApproval,
    Reason,
    RunVerdict,
    Tool,
)

SBOM = "sbom"
POLICY = "policy"
VERDICT = "verdict"
ADVISORIES = "advisories"
EXCEPTIONS = "exceptions"
SOURCES = "sources"
CONTEXT = "context"
VEX = "vex"
"""Names of attachments with a meaning: `VERDICT` is compared with the record,
and `POLICY` must have the digest that the record gives for the policy."""
NEEDED_TO_REPLAY = frozenset({SBOM, POLICY, VERDICT, ADVISORIES})
"""A PASS is recorded with all of these, or not at all.  Another verdict may lack
some: an image that cannot be read has no SBOM.  `SOURCES` and `CONTEXT` are not
among them because the first records were made without; they still verify."""


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A document that the verdict rests on, stored beside the record by its digest."""

    name: str
    """Unique in a run: one of the names above, or any other lowercase word."""
    media_type: str
    content: bytes

    @property
    def sha256(self) -> str:
        """SHA-256 of the content, in hex."""
        return hashlib.sha256(self.content).hexdigest()


class FoundFlaw(msgspec.Struct, frozen=True, kw_only=True):
    """One flaw in one component, as scanners report it to each other."""

    id: str
    ref: str
    """Of the component in the SBOM."""
    severity: str
    """As the policy counts it."""
    scores: tuple[tuple[str, str], ...] = ()
    """Method and score that the severity was taken from, and where that stands."""
    fixed: str = ""
    """The version that repairs it."""
    state: str = ""
    """Where it stands against its time to patch."""


class RunFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the record of one run says.

    Digests are ``sha256:`` and hex; times are UTC.
    """

    subject: Subject
    verdict: RunVerdict
    reasons: tuple[Reason, ...]
    """Empty exactly when `verdict` is PASS."""
    policy_uri: str
    policy_digest: str
    """Of the bytes of the policy document as they were applied."""
    snapshot: str
    """Digest of the advisory snapshot."""
    sources: tuple[SourceInfo, ...]
    """The sources of the snapshot.  Their addresses and etags are not recorded."""
    readings: tuple[Reading, ...]
    accepted: tuple[Reading, ...] = ()
    """Those that are not complete, and that the policy accepts by digest."""
    components: int
    clock: Clock
    tool: Tool
    actor: Actor = Actor()
    ci: CiRun | None = None
    exceptions: tuple[AppliedException, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    flaws: tuple[FoundFlaw, ...] = ()
    """Everything that was found, whatever the policy makes of it."""
    ticket: str = ""
    approvals: tuple[GivenApproval, ...] = ()
