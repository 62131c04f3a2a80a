"""The names of keys in the roster, without any cryptography: the core stays pure and quick.

A keyid is the SHA-256, in hex, of the DER SubjectPublicKeyInfo, as evidence
names keys (`gate.evidence.keys`).  For Ed25519 that is a fixed head and the 32
bytes of the key (RFC 8410, section 4), for P-256 one and the 65 bytes of the point
(RFC 5480, section 2).
"""

from __future__ import annotations

import base64
import binascii
import hashlib

from gate.policy.model import Approver

_SPKI_ED25519 = bytes.fromhex("302a300506032b6570032100")
_SPKI_P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
_SSH_P256 = b"\x00\x00\x00\x13ecdsa-sha2-nistp256\x00\x00\x00\x08nistp256\x00\x00\x00\x41\x04"
_SSH = b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20"


def keyid_of(written: str) -> str:
    """Return the keyid of a public key as a policy writes it; ValueError for anything else."""
    words = written.split()
    try:
        if words[:1] == ["ssh-ed25519"] and len(words) > 1:
            blob = base64.b64decode(words[1], validate=True)
            if not blob.startswith(_SSH) or len(blob) != len(_SSH) + 32:
                raise ValueError("is not an Ed25519 key of SSH")
            return hashlib.sha256(_SPKI_ED25519 + blob[-32:]).hexdigest()
        if words[:1] == ["ecdsa-sha2-nistp256"] and len(words) > 1:
            blob = base64.b64decode(words[1], validate=True)
            if not blob.startswith(_SSH_P256) or len(blob) != len(_SSH_P256) + 64:
                raise ValueError("is not a P-256 key of SSH")
            return hashlib.sha256(_SPKI_P256 + blob[-65:]).hexdigest()
        lines = written.strip().splitlines()
        if lines[:1] == ["-----BEGIN PUBLIC KEY-----"] and lines[-1] == "-----END PUBLIC KEY-----":
            return hashlib.sha256(base64.b64decode("".join(lines[1:-1]), validate=True)).hexdigest()
    except binascii.Error as error:
        raise ValueError("is damaged: not base64") from error
    raise ValueError(
        "is neither an 'ssh-ed25519 AAAA…' (or ecdsa-sha2-nistp256) line nor a PEM public key"
    )


def approver_of(keyid: str, approvers: tuple[Approver, ...]) -> Approver | None:
    """Return whose key `keyid` is, or None."""
    for approver in approvers:
        if any(keyid_of(key) == keyid for key in approver.keys):
            return approver
    return None


def approver_by_account(account: str, approvers: tuple[Approver, ...]) -> Approver | None:
    """Return whose ``TRACKER:ACCOUNT`` this is, or None."""
    return next((one for one in approvers if account in one.accounts), None)
