"""Cosignatures: a second party saw this state of a ledger, and when (C2SP tlog-cosignature).

What is signed is ``cosignature/v1``, the time, and the three lines of the
checkpoint; the type is 0x04, Ed25519.  A witness signs only what goes on from all
that it has signed before, so that nobody can show it and others different histories.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

import msgspec

from gate.errors import EvidenceError, VerificationError
from gate.evidence.keys import Ed25519VerifyingKey, Signer, VerifyingKey
from gate.evidence.note import Note, NoteSignature, is_name

_TYPE = b"\x04"
_LATEST = 253_402_300_799
"""The last second of the year 9999, the largest time that can be shown."""


class Cosignature(msgspec.Struct, frozen=True, kw_only=True):
    """A cosignature that verifies."""

    name: str
    keyid: str
    time: datetime
    """UTC, as the witness says."""


def cosign(text: str, name: str, signer: Signer, now: datetime) -> str:
    """Return the signature line of the witness `name` under the checkpoint `text`.

    EvidenceError where the key is not Ed25519, or does not sign.
    """
    key = signer.verifying_key
    if not isinstance(key, Ed25519VerifyingKey) or not is_name(name):
        raise EvidenceError(
            "a witness needs an Ed25519 key and a name without white space and plus",
            where=name,
            hint="patchgate evidence keygen makes one",
        )
    seconds = int(now.timestamp())
    message = _message(text, seconds)
    signature = signer.sign(message)
    if not key.verify(message, signature):
        raise EvidenceError("the signature that was just made does not verify", where=name)
    body = key_id(name, key) + seconds.to_bytes(8, "big") + signature
    return f"\u2014 {name} {base64.b64encode(body).decode('ascii')}\n"


def key_id(name: str, key: VerifyingKey) -> bytes:
    """Return the 4 bytes by which notes point at the witness `name` with `key`."""
    raw = key.note_material[1:]
    return hashlib.sha256(f"{name}\n".encode() + _TYPE + raw).digest()[:4]


def find_cosignature(note: Note, name: str, key: VerifyingKey) -> Cosignature | None:
    """Return the cosignature of a witness under `note`, None where there is none.

    VerificationError where there is one that does not verify.
    """
    if not isinstance(key, Ed25519VerifyingKey):
        return None
    wanted = key_id(name, key)
    for line in note.signatures:
        if line.name == name and line.key_id == wanted:
            return _read(note, line, key)
    return None


def _read(note: Note, line: NoteSignature, key: VerifyingKey) -> Cosignature:
    seconds = int.from_bytes(line.signature[:8], "big")
    if len(line.signature) != 72 or seconds > _LATEST:
        raise VerificationError(f"the cosignature of {line.name} is malformed")
    if not key.verify(_message(note.text, seconds), line.signature[8:]):
        raise VerificationError(f"the cosignature of {line.name} does not fit the checkpoint")
    return Cosignature(name=line.name, keyid=key.keyid, time=datetime.fromtimestamp(seconds, UTC))


def _message(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()
