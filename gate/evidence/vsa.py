"""SLSA Verification Summary v1: the verdict as other tools can read it.

Field names follow the predicate https://slsa.dev/verification_summary/v1.  A
summary knows PASSED and FAILED only; INDETERMINATE is FAILED, and the
extension field says what it really was.  ``slsaVersion`` and
``dependencyLevels`` are left out: patchgate verifies no SLSA level.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from gate.errors import VerificationError
from gate.evidence import statement
from gate.evidence.extension import RUN_EXTENSION, RunExtension
from gate.evidence.statement import (
    PAYLOAD_TYPE,
    ResourceDescriptor,
    Statement,
    Timestamp,
    check_utc,
)

PREDICATE_TYPE = "https://slsa.dev/verification_summary/v1"
VERIFIER_ID = "https://patchgate.dev/verifier/v1"
"""Which kind of verifier speaks; which installation it is, the key says."""
PASSED_LEVEL = "PATCHGATE_POLICY_PASSED"
"""Custom level: the predicate reserves the prefix ``SLSA_`` for its own."""
FAILED_LEVEL = "FAILED"


class Verifier(msgspec.Struct, frozen=True, kw_only=True):
    """Who verified."""

    id: str
    version: dict[str, str]
    """Component to version."""


class VerificationSummary(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The predicate."""

    verifier: Verifier
    time_verified: Timestamp
    resource_uri: str
    policy: ResourceDescriptor
    """Has `uri` and a SHA-256."""
    input_attestations: tuple[ResourceDescriptor, ...]
    """Every attachment, and every other statement of the bundle, by name and SHA-256,
    sorted by name."""
    verification_result: Literal["PASSED", "FAILED"]
    verified_levels: tuple[str, ...]
    run: RunExtension = msgspec.field(name=RUN_EXTENSION)

    def __post_init__(self) -> None:
        check_utc(self.time_verified)

    @property
    def attachments(self) -> tuple[ResourceDescriptor, ...]:
        """The inputs that are kept beside the bundle."""
        return tuple(one for one in self.input_attestations if one.media_type != PAYLOAD_TYPE)

    @property
    def statements(self) -> tuple[ResourceDescriptor, ...]:
        """The inputs that are lines of the bundle, by the SHA-256 of their payload."""
        return tuple(one for one in self.input_attestations if one.media_type == PAYLOAD_TYPE)


class RunStatement(msgspec.Struct, frozen=True, kw_only=True):
    """A statement whose predicate is a patchgate verification summary."""

    subject: tuple[ResourceDescriptor, ...]
    summary: VerificationSummary


_decoder = msgspec.json.Decoder(VerificationSummary)


def encode(run: RunStatement) -> bytes:
    """Return the statement as canonical JSON: the payload that is signed."""
    return statement.encode(run.subject, PREDICATE_TYPE, run.summary)


def decode(payload: bytes) -> RunStatement:
    """Return the run in `payload`; VerificationError where it is not patchgate's."""
    return read_summary(statement.decode(payload))


def read_summary(read: Statement) -> RunStatement:
    """Return the run that a statement records; VerificationError where it records none."""
    if read.predicate_type != PREDICATE_TYPE:
        raise VerificationError(f"the predicate is of type {read.predicate_type[:200]!r}")
    try:
        summary = _decoder.decode(read.predicate)
    except msgspec.DecodeError as error:
        raise VerificationError(f"is not a patchgate verification summary: {error}") from error
    if summary.verifier.id != VERIFIER_ID:
        raise VerificationError(f"the verifier is {summary.verifier.id[:200]!r}, not patchgate")
    if not summary.policy.uri:
        raise VerificationError("the policy has no uri")
    statement.check_sha256(summary.policy, "the policy")
    for attachment in summary.input_attestations:
        statement.check_sha256(attachment, f"attachment '{attachment.name}'")
    return RunStatement(subject=read.subject, summary=summary)
