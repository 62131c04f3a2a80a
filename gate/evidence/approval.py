"""The approval of an exception: a statement by a risk owner, in a DSSE envelope.

Or the state of a ticket, signed by whoever fetched it.

It is a signature of its own, apart from the exception, over the digest of the
exception's canonical form: editing one word of the exception voids it.  The
keys are those of the policy's roster, as OpenSSH lines or PEM.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec

from gate.errors import EvidenceError, UsageError, VerificationError
from gate.evidence import canonical, dsse
from gate.evidence.keys import (
    Ed25519Signer,
    Signer,
    VerifyingKey,
    load_private,
    load_public,
    load_ssh_public,
)
from gate.evidence.statement import PrefixedSha256, Timestamp, check_utc
from gate.policy.exceptions.model import Approval, ExceptionId, PolicyException, TicketState
from gate.policy.model import Approver, Tracker

PAYLOAD_TYPE = "application/vnd.patchgate.exception-approval.v1+json"
TICKET_TYPE = "application/vnd.patchgate.exception-ticket.v1+json"
_OPENSSH = b"-----BEGIN OPENSSH PRIVATE KEY-----"


class _Statement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an approver signs."""

    exception: ExceptionId
    digest: PrefixedSha256
    approved_at: Timestamp
    comment: Annotated[str, msgspec.Meta(max_length=10_000)] = ""

    def __post_init__(self) -> None:
        check_utc(self.approved_at)


_decoder = msgspec.json.Decoder(_Statement)


def approve(exception: PolicyException, signer: Signer, at: datetime, comment: str) -> bytes:
    """Return the signed approval of `exception` at the time `at` (UTC, whole seconds).

    EvidenceError where it cannot be signed.
    """
    statement = _Statement(
        exception=exception.id, digest=exception.digest, approved_at=at, comment=comment
    )
    return dsse.sign(canonical.encode(statement), PAYLOAD_TYPE, [signer]) + b"\n"


def read_approval(envelope: bytes, roster: Sequence[VerifyingKey]) -> Approval:
    """Return what an envelope approves; its `keyid` is empty where nobody in `roster` signed.

    VerificationError where it is no approval at all.
    """
    payload, keyid = _opened(envelope, PAYLOAD_TYPE, roster, "is not the approval of an exception")
    try:
        statement = _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise VerificationError(f"is not a readable approval: {error}") from error
    return Approval(
        exception=statement.exception,
        digest=statement.digest,
        approved_at=statement.approved_at,
        keyid=keyid,
        comment=statement.comment,
    )


class _TicketStatement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What whoever fetched a ticket signs."""

    exception: ExceptionId
    digest: Annotated[str, msgspec.Meta(pattern=r"\A(sha256:[0-9a-f]{64})?\Z")]
    ticket: TicketState

    def __post_init__(self) -> None:
        check_utc(self.ticket.fetched_at)


_ticket_decoder = msgspec.json.Decoder(_TicketStatement)


def state_ticket(exception: str, digest: str, ticket: TicketState, signer: Signer) -> bytes:
    """Return the signed state of `ticket`, which names `digest` (empty: none) of an exception."""
    statement = _TicketStatement(exception=exception, digest=digest, ticket=ticket)
    return dsse.sign(canonical.encode(statement), TICKET_TYPE, [signer]) + b"\n"


def read_ticket(envelope: bytes, keys: Sequence[VerifyingKey]) -> Approval:
    """Return what a ticket approves; its `keyid` is empty where none of `keys` signed.

    VerificationError where it is no state of a ticket at all.
    """
    payload, keyid = _opened(envelope, TICKET_TYPE, keys, "is not the state of a ticket")
    try:
        statement = _ticket_decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise VerificationError(f"is no readable state of a ticket: {error}") from error
    return Approval(
        exception=statement.exception,
        digest=statement.digest,
        approved_at=statement.ticket.approved_at or statement.ticket.fetched_at,
        keyid=keyid,
        ticket=statement.ticket,
    )


def _opened(
    envelope: bytes, kind: str, keys: Sequence[VerifyingKey], otherwise: str
) -> tuple[bytes, str]:
    """Return the payload, and which of `keys` signed it; "" where none did."""
    decoded = dsse.decode(envelope.removesuffix(b"\n"))
    if decoded.payload_type != kind:
        raise VerificationError(otherwise)
    canonical.decode(decoded.payload)
    try:
        return decoded.payload, dsse.verify_envelope(decoded, keys).keyids[0]
    except VerificationError:
        return decoded.payload, ""


def tracker_keys(trackers: Sequence[Tracker]) -> list[VerifyingKey]:
    """Return the keys of those who fetch tickets; UsageError where one is none."""
    return [_usable(written, one.name) for one in trackers for written in one.keys]


def roster_keys(approvers: Sequence[Approver]) -> list[VerifyingKey]:
    """Return the keys of a roster; UsageError names the approver whose key is none."""
    return [_usable(written, one.name) for one in approvers for written in one.keys]


def _usable(written: str, owner: str) -> VerifyingKey:
    try:
        return _public(written)
    except (VerificationError, ValueError) as error:
        raise UsageError(
            f"a key of {owner} cannot be used: {error}",
            where="exceptions",
            hint="give an 'ssh-ed25519 AAAA…' line or a PEM public key",
        ) from error


def _public(written: str) -> VerifyingKey:
    if written.startswith("-----"):
        return load_public(written.encode())
    return load_ssh_public(written.encode())


def approver_signer(pem: bytes, passphrase: bytes | None, *, where: str) -> Signer:
    """Return the signer of a private key, in PKCS#8 PEM or in OpenSSH's own format.

    EvidenceError where it is neither, or is encrypted and the passphrase is not its own.
    """
    if not pem.startswith(_OPENSSH):
        return load_private(pem, passphrase, where=where)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - only for these
        Ed25519PrivateKey,
    )
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        load_ssh_private_key,
    )

    try:
        key = load_ssh_private_key(pem, passphrase)
    except (ValueError, TypeError) as error:
        hint = "give its passphrase, or check that it is the right one"
        raise EvidenceError(f"cannot be opened: {error}", where=where, hint=hint) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise EvidenceError(
            "is not an Ed25519 key", where=where, hint="make one: ssh-keygen -t ed25519"
        )
    return Ed25519Signer(key)
