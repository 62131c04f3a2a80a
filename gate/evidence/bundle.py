"""The lines of a bundle: envelopes, each signed, the verification summary first.

An in-toto bundle is not authenticated as a whole (bundle.md).  Here the summary
names every other line by the SHA-256 of its payload, in their order, so that none
can be added, dropped, exchanged or taken from another run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from gate.errors import VerificationError
from gate.evidence import canonical, dsse
from gate.evidence.keys import VerifyingKey
from gate.evidence.problems import Code, Problem
from gate.evidence.statement import PAYLOAD_TYPE
from gate.evidence.vsa import VerificationSummary

MAX_BUNDLE = 256 * 1024 * 1024
"""Largest bundle that is written or read, in bytes."""
MAX_LINES = 16


def split_lines(content: bytes) -> list[bytes]:
    """Return the lines of a bundle, each with its newline where it has one; at least one.

    No more than `MAX_LINES` are told apart: the last then holds the rest.
    """
    lines = content.split(b"\n", MAX_LINES)
    ended = [line + b"\n" for line in lines[:-1]]
    return [*ended, lines[-1]] if lines[-1] or not ended else ended


def verify_line(
    line: bytes, where: str, trusted: Sequence[VerifyingKey], problems: list[Problem]
) -> dsse.VerifiedPayload | None:
    """Return the statement in a line if a trusted key signed it; append what is wrong."""
    code = Code.NOT_AN_ENVELOPE
    try:
        envelope = dsse.decode(line.removesuffix(b"\n"))
        if dsse.encode(envelope) + b"\n" != line:
            problems.append(_not_canonical("the envelope", where))
        code = Code.NOT_SIGNED
        verified = dsse.verify_envelope(envelope, trusted)
        problems += _check_keyids(envelope, verified, where, trusted)
        code = Code.NOT_A_RECORD
        if not _is_canonical_statement(verified):
            problems.append(_not_canonical("the statement", where))
    except VerificationError as error:
        problems.append(Problem(code=code, message=error.what, where=where))
        return None
    return verified


def verify_statements(
    lines: list[bytes],
    summary: VerificationSummary,
    trusted: Sequence[VerifyingKey],
    problems: list[Problem],
) -> dict[str, bytes]:
    """Return the payload of each statement that `summary` names, where it is the one named.

    `lines` are all of the bundle, that of the summary first.  Appends what is wrong.
    """
    named = summary.statements
    if len(lines) - 1 > len(named):
        message = (
            f"the file has {len(lines)} lines; this record has {1 + len(named)}: "
            "nothing names the rest"
        )
        problems.append(Problem(code=Code.NOT_AN_ENVELOPE, message=message))
    payloads: dict[str, bytes] = {}
    for number, descriptor in enumerate(named, 1):
        if number >= len(lines):
            message = f"the statement {descriptor.sha256} is missing (deleted?)"
            problems.append(Problem(code=Code.BLOB_MISSING, message=message, where=descriptor.name))
            continue
        verified = verify_line(lines[number], descriptor.name, trusted, problems)
        if verified is None:
            continue
        found = hashlib.sha256(verified.payload).hexdigest()
        if found != descriptor.sha256:
            message = f"sha256 expected {descriptor.sha256}, got {found}"
            problems.append(Problem(code=Code.BLOB_ALTERED, message=message, where=descriptor.name))
        else:
            payloads[descriptor.name] = verified.payload
    return payloads


def _is_canonical_statement(verified: dsse.VerifiedPayload) -> bool:
    """Return whether a payload is in canonical form; VerificationError where it is no JSON."""
    if verified.payload_type != PAYLOAD_TYPE:
        raise VerificationError(f"the payload is of type {verified.payload_type[:200]!r}")
    try:
        return canonical.encode(canonical.decode(verified.payload)) == verified.payload
    except UnicodeEncodeError as error:
        raise VerificationError("holds text that has no UTF-8 form") from error


def _check_keyids(
    envelope: dsse.Envelope,
    verified: dsse.VerifiedPayload,
    where: str,
    trusted: Sequence[VerifyingKey],
) -> list[Problem]:
    """Return what is wrong with the part of the envelope that nobody signs."""
    problems = []
    prefix = f"{where}, " if where else ""
    keys = {key.keyid: key for key in trusted}
    pairs = list(zip(envelope.signatures, verified.signers, strict=True))
    for number, (signature, keyid) in enumerate(pairs, 1):
        if not keyid:
            message = "is not by a trusted key: nothing vouches for it"
        elif signature.keyid != keyid:
            message = f"names the key {signature.keyid[:80]!r}, but {keyid} made it"
        elif keyid in verified.signers[: number - 1]:
            message = f"is the second by key {keyid}"
        elif not keys[keyid].is_canonical(signature.sig):
            message = "is spelt otherwise than it was made"
        else:
            continue
        problems.append(
            Problem(code=Code.KEYID_MISLEADS, message=message, where=f"{prefix}signature {number}")
        )
    return problems


def _not_canonical(what: str, where: str) -> Problem:
    message = f"{what} is not written in its canonical form: these are not the recorded bytes"
    return Problem(code=Code.NOT_CANONICAL, message=message, where=where)
