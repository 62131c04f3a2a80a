"""What can be wrong with recorded evidence, as values with stable codes.

docs/evidence-format.md lists the codes.  V04 to V10 and V12, V13 belong to
the ledger, timestamps, exceptions and redaction.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Code(StrEnum):
    """Stable code of a problem."""

    BLOB_ALTERED = "V01"
    BLOB_MISSING = "V02"
    NOT_SIGNED = "V03"
    VERDICT_DISAGREES = "V11"
    NOT_CANONICAL = "V14"
    NOT_AN_ENVELOPE = "V15"
    NOT_A_RECORD = "V16"
    KEYID_MISLEADS = "V17"
    NAME_DIFFERS = "V18"
    CONTRADICTION = "V19"
    BLOB_UNREADABLE = "V20"


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong.  Text may come from the evidence: sinks escape it."""

    code: Code
    message: str
    where: str = ""
    """The part of the evidence: a blob, a signature; empty for the record itself."""
