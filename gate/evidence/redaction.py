"""Signed redactions: who removed which part of the evidence, when and why.

::

    <ledger>/redactions/<sha256 of the payload>.dsse.json     one envelope each

Records hold names of people and machines, and no law keeps them for ever.  What is
removed leaves its digest: in the entry of the ledger for a record, in the record
for an attachment.  A redaction names these digests.  Verification then says what was
removed and by whom (V13), where it otherwise says that something is missing (V02), and
a removal that nobody trusted has signed stays one.

A trust file may name a redactor; then only redactors count, else recorders do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Annotated

import msgspec

from gate.errors import EvidenceError, VerificationError
from gate.evidence import canonical, dsse
from gate.evidence.keys import Signer
from gate.evidence.place import Place, read_part
from gate.evidence.problems import Code, Problem
from gate.evidence.statement import HexSha256, Timestamp, check_utc
from gate.evidence.trust import UNPROVEN, Trust

PAYLOAD_TYPE = "application/vnd.patchgate.redaction.v1+json"
FOLDER = "redactions"
RECORD = "record"
"""What the record itself is called among its attachments."""
_SUFFIX = ".dsse.json"
_LARGEST = 64 * 1024 * 1024
_TEXT = 2000
MOST = 100_000
"""Parts that one redaction may name."""


class Removed(msgspec.Struct, frozen=True, kw_only=True, order=True, forbid_unknown_fields=True):
    """One part of the evidence."""

    run_id: str
    name: str
    """Of the attachment, or `RECORD`."""
    sha256: HexSha256
    """Of its bytes."""


class Redaction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is signed."""

    redacted_at: Timestamp
    by: Annotated[str, msgspec.Meta(min_length=1, max_length=_TEXT)]
    """Who decided it, as the signer claims."""
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=_TEXT)]
    removed: Annotated[tuple[Removed, ...], msgspec.Meta(min_length=1, max_length=MOST)]

    def __post_init__(self) -> None:
        check_utc(self.redacted_at)


class Redactions(msgspec.Struct, frozen=True, kw_only=True):
    """All redactions of a place that count."""

    by_digest: Mapping[str, Redaction] = {}
    """SHA-256 of what was removed, in hex."""
    problems: tuple[Problem, ...] = ()
    """With redactions that do not count."""

    def explain(
        self, problems: Iterable[Problem], digests: Mapping[str, str]
    ) -> tuple[Problem, ...]:
        """Return `problems` with what was redacted told as such.

        `digests` are those (hex) of the parts that may be missing, by `Problem.where`.
        """
        return tuple(self._explained(one, digests.get(one.where, "")) for one in problems)

    def _explained(self, problem: Problem, sha256: str) -> Problem:
        found = self.by_digest.get(sha256)
        if problem.code is not Code.BLOB_MISSING or found is None:
            return problem
        message = (
            f"was removed at {found.redacted_at:%Y-%m-%d %H:%M} UTC by {found.by}: {found.reason} "
            f"(sha256 {sha256} is kept)"
        )
        return Problem(code=Code.REDACTED, message=message, where=problem.where)


NO_REDACTIONS = Redactions()
_decoder = msgspec.json.Decoder(Redaction)


def sign(redaction: Redaction, signer: Signer) -> tuple[str, bytes]:
    """Return the name within a ledger and the content of a signed redaction.

    EvidenceError where it cannot be signed.
    """
    payload = canonical.encode(redaction)
    name = f"{FOLDER}/{hashlib.sha256(payload).hexdigest()}{_SUFFIX}"
    return name, dsse.sign(payload, PAYLOAD_TYPE, [signer]) + b"\n"


def read_redactions(ledger: Place, trust: Trust) -> Redactions:
    """Return the redactions beside a ledger; VerificationError where they cannot be listed."""
    try:
        # A database lists the whole ledger, whatever folder is asked for.
        names = sorted(name for name in ledger.names(FOLDER) if name.startswith(f"{FOLDER}/"))
    except EvidenceError as error:
        raise VerificationError(error.what, where=error.where, hint=error.hint) from error
    known: dict[str, Redaction] = {}
    problems = []
    for name in names:
        try:
            content = read_part(ledger, name, _LARGEST) or b""
            redaction = _verify(content, trust)
        except VerificationError as error:
            problems.append(Problem(code=Code.NOT_SIGNED, message=error.what, where=name))
            continue
        for removed in redaction.removed:
            known.setdefault(removed.sha256, redaction)
    return Redactions(by_digest=known, problems=tuple(problems))


def _verify(content: bytes, trust: Trust) -> Redaction:
    envelope = dsse.decode(content.removesuffix(b"\n"))
    if envelope.payload_type != PAYLOAD_TYPE:
        raise VerificationError("is no redaction")
    keys = trust.of_role("redactor") or trust.of_role("recorder")
    verified = dsse.verify_envelope(envelope, [one.key for one in keys])
    canonical.decode(verified.payload)
    try:
        redaction = _decoder.decode(verified.payload)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise VerificationError(f"is no readable redaction: {error}") from error
    signed = [one for one in keys if one.key.keyid in verified.keyids]
    faults = [one.fault(redaction.redacted_at, UNPROVEN) for one in signed]
    if all(faults):
        raise VerificationError(faults[0])
    return redaction
