"""What can be wrong with recorded evidence, as values with stable codes.

docs/evidence-format.md lists the codes.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Code(StrEnum):
    """Stable code of a problem."""

    BLOB_ALTERED = "V01"
    BLOB_MISSING = "V02"
    NOT_SIGNED = "V03"
    LEDGER_ALTERED = "V04"
    NOT_TRUSTED = "V05"
    HISTORY_REWRITTEN = "V06"
    ROLLED_BACK = "V07"
    TIME_STAMP_FAILS = "V08"
    CLOCK_DISAGREES = "V09"
    GAP = "V10"
    VERDICT_DISAGREES = "V11"
    EXCEPTION_INVALID = "V12"
    REDACTED = "V13"
    NOT_CANONICAL = "V14"
    NOT_AN_ENVELOPE = "V15"
    NOT_A_RECORD = "V16"
    KEYID_MISLEADS = "V17"
    NAME_DIFFERS = "V18"
    CONTRADICTION = "V19"
    BLOB_UNREADABLE = "V20"
    LEDGER_INCOMPLETE = "V21"
    NOT_IN_LEDGER = "V22"
    ENTRY_DISAGREES = "V23"
    STRAY_FILE = "V24"
    PROOF_FAILS = "V25"


INFORMATION = frozenset({Code.REDACTED})
"""Codes that say what is so, and that nothing is wrong with it."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong.  Text may come from the evidence: sinks escape it."""

    code: Code
    message: str
    where: str = ""
    """The part of the evidence: a blob, a signature, an entry, a file of the ledger;
    empty for the record itself."""
