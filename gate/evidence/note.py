"""Signed notes: a text, and below it one line for each signature (C2SP signed-note).

Following its rules, a signature by a key that is not known is ignored, and one
by a known key that does not verify spoils the note.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence

import msgspec

from gate.errors import EvidenceError, VerificationError
from gate.evidence.keys import Signer, VerifyingKey

MAX_SIGNATURES = 64
MAX_BYTES = 256 * 1024
"""Largest note that is read, in bytes."""

_ECDSA = 0x02
_DASH = "\u2014 "


class NoteSignature(msgspec.Struct, frozen=True, kw_only=True):
    """One signature line.  Nothing about it has been verified."""

    name: str
    key_id: bytes
    """4 bytes; a hint, not a name that cannot be forged."""
    signature: bytes


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A decoded note.  Nothing about it has been verified."""

    text: str
    """With its last newline."""
    signatures: tuple[NoteSignature, ...]


def key_id(name: str, key: VerifyingKey) -> bytes:
    """Return the 4 bytes by which notes point at `key` under `name`."""
    if key.note_material[0] == _ECDSA:  # its notes leave the name out
        return hashlib.sha256(key.note_material[1:]).digest()[:4]
    return hashlib.sha256(f"{name}\n".encode() + key.note_material).digest()[:4]


def verifier_key(name: str, key: VerifyingKey) -> str:
    """Return `key` in the form that other readers of notes take (vkey)."""
    return f"{name}+{key_id(name, key).hex()}+{_base64(key.note_material)}"


def sign(text: str, name: str, signer: Signer) -> bytes:
    """Return the note of `text`, signed under `name`; EvidenceError where that fails."""
    key = signer.verifying_key
    message = text.encode()
    signature = signer.sign(message)
    if not key.verify(message, signature):
        raise EvidenceError(
            "the signature that was just made does not verify",
            where=f"key {key.keyid}",
            hint="the key or the device that holds it is faulty; use another",
        )
    line = f"{_DASH}{name} {_base64(key_id(name, key) + signature)}\n"
    return f"{text}\n{line}".encode()


def decode(data: bytes) -> Note:
    """Return the note in `data`; VerificationError where it is not exactly one."""
    if len(data) > MAX_BYTES:
        raise VerificationError(f"is larger than {MAX_BYTES:,} bytes: not a signed note")
    try:
        content = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise VerificationError(f"is not UTF-8 (byte {error.start})") from error
    if any(character < " " and character != "\n" for character in content):
        raise VerificationError("holds a control character")
    text, blank, block = content.rpartition("\n\n")
    lines = block.split("\n")
    if not blank or lines.pop() != "" or not lines:
        raise VerificationError("is not a signed note: no signature below a blank line")
    if len(lines) > MAX_SIGNATURES:
        raise VerificationError(f"has more than {MAX_SIGNATURES} signatures")
    return Note(text=f"{text}\n", signatures=tuple(map(_signature, lines)))


def signers(note: Note, name: str, trusted: Sequence[VerifyingKey]) -> tuple[str, ...]:
    """Return the sorted keyids of the `trusted` keys that have signed `note` under `name`.

    VerificationError where there is none, or where one of them did not sign this text.
    """
    known = {(name, key_id(name, key)): key for key in trusted}
    message = note.text.encode()
    found = set()
    for line in note.signatures:
        key = known.get((line.name, line.key_id))
        if key is None:
            continue
        if not key.verify(message, line.signature):
            raise VerificationError(f"the signature of key {key.keyid} does not fit the text")
        found.add(key.keyid)
    if not found:
        raise VerificationError("no trusted key has signed it")
    return tuple(sorted(found))


def _signature(line: str) -> NoteSignature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not is_name(name):
        raise VerificationError(f"a line is no signature: {line[:80]!r}")
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise VerificationError("a signature is not base64") from error
    if len(data) < 5 or _base64(data) != encoded:
        raise VerificationError("a signature is too short, or base64 in another spelling")
    return NoteSignature(name=name, key_id=data[:4], signature=data[4:])


def is_name(name: str) -> bool:
    """Return whether `name` can name a key: not empty, without white space and plus."""
    return bool(name) and "+" not in name and not any(map(str.isspace, name))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
