"""The attached verdict, as far as evidence compares it with what it signs."""

from __future__ import annotations

import msgspec

from gate.errors import VerificationError
from gate.evidence.extension import Reason, RunVerdict
from gate.evidence.statement import Timestamp


class RuleLine(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a rule."""

    rule: str
    outcome: str


class DecisionLine(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided about one flaw in one component."""

    id: str
    ref: str
    severity: str


class VerdictDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The attached verdict."""

    outcome: RunVerdict
    decided_at: Timestamp
    reasons: tuple[Reason, ...] = ()
    rules: tuple[RuleLine, ...] = ()
    decisions: tuple[DecisionLine, ...] = ()


_decoder = msgspec.json.Decoder(VerdictDocument)


def read_verdict_document(content: bytes) -> VerdictDocument:
    """Return the attached verdict; VerificationError where it cannot be read."""
    try:
        return _decoder.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise VerificationError(f"the attached verdict cannot be read: {error}") from error
