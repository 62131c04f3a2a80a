"""What can be wrong with recorded evidence, as values with stable codes.

docs/evidence-format.md lists the codes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


MEANINGS: Mapping[Code, str] = {
    Code.BLOB_ALTERED: "an attachment, a statement or a record is not what was signed",
    Code.BLOB_MISSING: "an attachment, a statement or a record is missing",
    Code.NOT_SIGNED: "no trusted key has signed the record, or none that counts for its time",
    Code.LEDGER_ALTERED: "the ledger has not the hashes and the root that were signed",
    Code.NOT_TRUSTED: "a checkpoint is missing, unreadable, or not signed by a trusted key",
    Code.HISTORY_REWRITTEN: "the ledger does not begin as a kept checkpoint says",
    Code.ROLLED_BACK: "the ledger is shorter than it was",
    Code.TIME_STAMP_FAILS: "a time stamp does not verify, or a required one is missing",
    Code.CLOCK_DISAGREES: "the record claims a time after a proof that it was there",
    Code.GAP: "an asset was not checked in the time that was asked for",
    Code.VERDICT_DISAGREES: "the verdict and what it rests on do not agree",
    Code.EXCEPTION_INVALID: "an exception that counted was not valid at that time",
    Code.REDACTED: "something was removed, as a signed redaction says",
    Code.NOT_CANONICAL: "an envelope or a statement is not in canonical form",
    Code.NOT_AN_ENVELOPE: "a line is not exactly one envelope, or one that nothing names",
    Code.NOT_A_RECORD: "what is signed is not a run record",
    Code.KEYID_MISLEADS: "a signature is not by a trusted key, or names another",
    Code.NAME_DIFFERS: "the file has not the name of its run",
    Code.CONTRADICTION: "the record contradicts itself",
    Code.BLOB_UNREADABLE: "an attachment cannot be read",
    Code.LEDGER_INCOMPLETE: "a file of the ledger is missing, cut or unreadable",
    Code.NOT_IN_LEDGER: "the ledger does not know the record",
    Code.ENTRY_DISAGREES: "an entry is none, is there twice, or says something else",
    Code.STRAY_FILE: "a file among the tiles of the ledger is no tile",
    Code.PROOF_FAILS: "a proof does not show that the ledger has the record",
}
"""In a few words each; docs/evidence-format.md has them whole."""

INFORMATION = frozenset({Code.REDACTED})
"""Codes that say what is so, and that nothing is wrong with it."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong.  Text may come from the evidence: sinks escape it."""

    code: Code
    message: str
    where: str = ""
    """The part of the evidence: a blob, a signature, an entry, a file of the ledger;
    empty for the record itself."""


def is_redacted(problems: Sequence[Problem]) -> bool:
    """Return whether something was removed by right, and nothing else is wrong."""
    return bool(problems) and all(problem.code in INFORMATION for problem in problems)
