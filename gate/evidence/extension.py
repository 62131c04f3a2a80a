"""What patchgate adds to a verification summary: who ran what, on which data.

The fields are a published format, explained one by one in
docs/evidence-format.md.  They are an allow-list: nothing of the environment is
in evidence unless a field here names it.  Every field is always written; an
empty string means "not known" or "none".

Digests are ``sha256:`` and hex.  Times are UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from gate.bom.model import ReadingStatus, SubjectKind
from gate.evidence.statement import HexSha256, PrefixedSha256, Timestamp, check_utc

RUN_EXTENSION = "https://patchgate.dev/run/v1"
"""Name of the extension field: a URI, as the VSA's parsing rules ask."""

Count = Annotated[int, msgspec.Meta(ge=0)]
RunId = Annotated[str, msgspec.Meta(pattern=r"\A\d{8}T\d{6}Z-[0-9a-f]{16}\Z")]


class RunVerdict(StrEnum):
    """The verdict of a run.  The summary itself can only say PASSED or FAILED."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    FAIL = "FAIL"
    INDETERMINATE = "INDETERMINATE"


class ClockBasis(StrEnum):
    """Where the time of the decision comes from."""

    SYSTEM = "system"
    GIVEN = "given"
    SOURCE_DATE_EPOCH = "source-date-epoch"


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """One reason why the verdict is not PASS."""

    code: str
    message: str


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """The subject as patchgate met it; its digest is in the statement."""

    kind: SubjectKind
    source: str
    image_id: str = ""
    repo_digests: tuple[str, ...] = ()


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who started the run."""

    claimed: str = ""
    """As the environment says; proves nothing."""
    verified: bool = False
    """Whether a signed identity token confirmed `issuer` and `subject`."""
    issuer: str = ""
    subject: str = ""
    token_sha256: str = ""
    """SHA-256, in hex, of the token, which itself is never kept."""
    claims: dict[str, str] = {}
    """What the token says of the run, by the names of an allow-list."""


class CiRun(msgspec.Struct, frozen=True, kw_only=True):
    """The CI run, as its environment says."""

    system: str
    repository: str = ""
    ref: str = ""
    commit: str = ""
    run: str = ""
    attempt: str = ""
    url: str = ""


class AdvisorySource(msgspec.Struct, frozen=True, kw_only=True):
    """One source of the advisory snapshot."""

    name: str
    digest: PrefixedSha256
    records: Count
    newest_modified: Timestamp | None
    as_of: Timestamp
    as_of_basis: str

    def __post_init__(self) -> None:
        check_utc(self.as_of)
        if self.newest_modified is not None:
            check_utc(self.newest_modified)


class AdvisoryData(msgspec.Struct, frozen=True, kw_only=True):
    """The advisory snapshot that was matched against."""

    snapshot: PrefixedSha256
    sources: tuple[AdvisorySource, ...] = ()


class IncompleteReading(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was to be read and was not, or not completely."""

    what: str
    status: ReadingStatus
    path: str = ""
    layer: str = ""
    reason: str = ""
    accepted: Literal[True] | msgspec.UnsetType = msgspec.UNSET
    """Present where the policy accepts it, by the digest of the layer or of the image."""


class CoverageSummary(msgspec.Struct, frozen=True, kw_only=True):
    """How much was read."""

    readings: Count
    components: Count
    incomplete: tuple[IncompleteReading, ...] = ()
    incomplete_omitted: Count = 0


class AppliedException(msgspec.Struct, frozen=True, kw_only=True):
    """An approved exception that took part in the decision."""

    id: str
    digest: PrefixedSha256
    approver: str
    expires: Timestamp

    def __post_init__(self) -> None:
        check_utc(self.expires)


class GivenApproval(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody of the roster approved an exception that took part in the decision."""

    exception: str
    digest: PrefixedSha256
    """Of the exception document that was approved."""
    approver: str
    approved_at: Timestamp
    """As the approver claims."""
    requester: str
    ticket: str

    def __post_init__(self) -> None:
        check_utc(self.approved_at)


class LimitHit(msgspec.Struct, frozen=True, kw_only=True):
    """A limit of the run that kept something from being read."""

    limit: str
    what: str
    path: str


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """The time of the decision, which its maker claims."""

    now: Timestamp
    basis: ClockBasis

    def __post_init__(self) -> None:
        check_utc(self.now)


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """The patchgate that decided."""

    version: str
    digest: str = ""


class Redaction(msgspec.Struct, frozen=True, kw_only=True):
    """A field of the record that was shortened before it was signed, and why."""

    field: str
    reason: str


class RunExtension(msgspec.Struct, frozen=True, kw_only=True):
    """The extension field of a patchgate verification summary."""

    run_id: RunId
    idempotency_key: HexSha256
    verdict: RunVerdict
    reasons: tuple[Reason, ...]
    reasons_omitted: Count
    target: Target
    actor: Actor
    ci: CiRun | None
    policy_digest: PrefixedSha256
    advisories: AdvisoryData
    coverage: CoverageSummary
    exceptions: tuple[AppliedException, ...]
    clock: Clock
    tool: Tool
    redactions: tuple[Redaction, ...]
    ticket: str = ""
    approvals: tuple[GivenApproval, ...] = ()
    limits_hit: tuple[LimitHit, ...] = ()


def write_run_id(now: datetime, idempotency_key: str) -> str:
    """Return the name of a run: the time it decided at, and the start of its key."""
    return (
        f"{now.year:04}{now.month:02}{now.day:02}T{now.hour:02}{now.minute:02}{now.second:02}Z"
        f"-{idempotency_key[:16]}"
    )


def read_run_time(run_id: str) -> datetime:
    """Return the time that the name of a run begins with; UTC."""
    return datetime.strptime(run_id[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
