"""Keys that sign evidence, and keys that are trusted to have signed it.

`Signer` and `VerifyingKey` are the seam: a key in an SSH agent
(`gate.evidence.sshagent`), an HSM (`gate.evidence.pkcs11`) or a key service needs
these and nothing else.  Here are Ed25519 keys (RFC 8032) in memory, and keys in
PEM, Ed25519 or P-256 (`gate.evidence.p256`): PKCS#8 for the private half
(RFC 5958, in the clear or encrypted), SubjectPublicKeyInfo for the public half.

A key is named by its keyid: the SHA-256, in hex, of its DER
SubjectPublicKeyInfo.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
    load_ssh_public_key,
)

from gate.errors import EvidenceError, GateError, VerificationError
from gate.evidence.p256 import P256Signer, P256VerifyingKey

_BEGIN = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----")
_MAKE_ONE = "make one with: patchgate evidence keygen"


class VerifyingKey(Protocol):
    """The public half of a key."""

    @property
    def keyid(self) -> str:
        """SHA-256, in hex, of the DER SubjectPublicKeyInfo."""

    @property
    def note_material(self) -> bytes:
        """Signature type and public key, as signed notes name keys (C2SP signed-note)."""

    @property
    def pem(self) -> bytes:
        """The key as PEM, SubjectPublicKeyInfo."""

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Return whether `signature` is this key's signature of `message`."""

    def is_canonical(self, signature: bytes) -> bool:
        """Return whether a valid `signature` is in the one spelling that evidence has."""


class Signer(Protocol):
    """The private half of a key, wherever it lives."""

    @property
    def verifying_key(self) -> VerifyingKey:
        """The public half, which checks every signature before it is used."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature of `message`; EvidenceError where it cannot be made."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A new key pair, both halves in PEM."""

    private_pem: bytes = field(repr=False)
    public_pem: bytes
    keyid: str


class Ed25519VerifyingKey:
    """An Ed25519 public key.  Implements `VerifyingKey`."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self._keyid = hashlib.sha256(der).hexdigest()

    @property
    def keyid(self) -> str:
        """SHA-256, in hex, of the DER SubjectPublicKeyInfo."""
        return self._keyid

    @property
    def note_material(self) -> bytes:
        """Signature type 0x01 and the 32 bytes of the key (C2SP signed-note)."""
        return b"\x01" + self._key.public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def pem(self) -> bytes:
        """The key as PEM, SubjectPublicKeyInfo."""
        return self._key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Return whether `signature` is this key's signature of `message`."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def is_canonical(self, signature: bytes) -> bool:
        """Return True: the one that verifies has no other spelling (RFC 8032 5.1.7)."""
        return len(signature) == 64


class Ed25519Signer:
    """An Ed25519 private key in memory.  Implements `Signer`."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._verifying_key = Ed25519VerifyingKey(key.public_key())

    @property
    def verifying_key(self) -> Ed25519VerifyingKey:
        """The public half."""
        return self._verifying_key

    def sign(self, message: bytes) -> bytes:
        """Return the signature of `message`: 64 bytes, always the same (RFC 8032 5.1.6)."""
        return self._key.sign(message)


def generate(passphrase: bytes | None, kind: str = "ed25519") -> KeyPair:
    """Return a new key pair, ``ed25519`` or ``p256``; its private half under `passphrase`."""
    if passphrase is not None and not passphrase:
        raise EvidenceError(
            "the passphrase is empty", hint="give one, or none at all for a key in the clear"
        )
    encryption: KeySerializationEncryption = (
        NoEncryption() if passphrase is None else BestAvailableEncryption(passphrase)
    )
    key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey
    public: VerifyingKey
    if kind == "p256":
        key = ec.generate_private_key(ec.SECP256R1())
        public = P256VerifyingKey(key.public_key())
    else:
        key = Ed25519PrivateKey.generate()
        public = Ed25519VerifyingKey(key.public_key())
    return KeyPair(
        private_pem=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption),
        public_pem=public.pem,
        keyid=public.keyid,
    )


def load_private(pem: bytes, passphrase: bytes | None, *, where: str = "") -> Signer:
    """Return the signer of a PKCS#8 PEM; EvidenceError where it is anything else.

    `where` names the origin of `pem` in messages.
    """
    _check_label(pem, {"PRIVATE KEY", "ENCRYPTED PRIVATE KEY"}, "private", EvidenceError, where)
    encrypted = b"-----BEGIN ENCRYPTED PRIVATE KEY-----" in pem
    if encrypted and not passphrase:
        raise EvidenceError("the private key is encrypted", where=where, hint="give its passphrase")
    if not encrypted and passphrase is not None:
        raise EvidenceError(
            "a passphrase was given, but the private key is in the clear",
            where=where,
            hint="check that this is the right key, or leave the passphrase out",
        )
    try:
        key = load_pem_private_key(pem, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if encrypted:
            what = "the private key cannot be decrypted: wrong passphrase, or a damaged file"
            raise EvidenceError(what, where=where, hint="check the passphrase") from error
        raise EvidenceError(
            "is damaged: not a readable private key", where=where, hint=_MAKE_ONE
        ) from error
    if isinstance(key, Ed25519PrivateKey):
        return Ed25519Signer(key)
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return P256Signer(key)
    raise EvidenceError("is neither an Ed25519 nor a P-256 key", where=where, hint=_MAKE_ONE)


def load_public(pem: bytes, *, where: str = "") -> VerifyingKey:
    """Return the key of a SubjectPublicKeyInfo PEM; VerificationError for anything else.

    `where` names the origin of `pem` in messages.
    """
    _check_label(pem, {"PUBLIC KEY"}, "public", VerificationError, where)
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise VerificationError("is damaged: not a readable public key", where=where) from error
    return verifying_key(key, where)


def load_ssh_public(line: bytes, *, where: str = "") -> VerifyingKey:
    """Return the key of an OpenSSH line; VerificationError for anything else."""
    try:
        key = load_ssh_public_key(line.strip())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise VerificationError("is not a readable SSH public key", where=where) from error
    return verifying_key(key, where)


def verifying_key(key: object, where: str = "") -> VerifyingKey:
    """Return a public key of `cryptography` as ours; VerificationError for kinds we do not take."""
    if isinstance(key, Ed25519PublicKey):
        return Ed25519VerifyingKey(key)
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return P256VerifyingKey(key)
    raise VerificationError(
        "is neither an Ed25519 nor a P-256 key",
        where=where,
        hint="these two kinds of keys are supported",
    )


def _check_label(
    pem: bytes, wanted: set[str], half: str, failure: type[GateError], where: str
) -> None:
    """Refuse what is not one PEM block of the wanted kind, saying what it is instead."""
    labels = [label.decode("ascii") for label in _BEGIN.findall(pem)]
    if not labels:
        raise failure(f"is not a {half} key in PEM", where=where)
    if len(labels) > 1:
        raise failure(f"holds {len(labels)} PEM blocks; one is expected", where=where)
    if labels[0] not in wanted:
        hints = {
            "PUBLIC KEY": "the private key is needed here",
            "OPENSSH PRIVATE KEY": f"OpenSSH's own format is not supported; {_MAKE_ONE}",
            "CERTIFICATE": "give the public key: openssl x509 -pubkey -noout -in FILE",
        }
        if half == "public" and labels[0].endswith("PRIVATE KEY"):
            hint = "keep it secret; give its public half: openssl pkey -pubout -in FILE"
        else:
            hint = hints.get(labels[0], _MAKE_ONE if half == "private" else "")
        raise failure(f"holds a {labels[0]}, not a {half} key", where=where, hint=hint)
