"""ECDSA keys on P-256 with SHA-256 (FIPS 186-5), for devices that have no Ed25519.

A signature is the DER of RFC 3279 2.2.3, as openssl writes and reads it.  Of the
two values of s that verify, evidence has the lower one, so that nobody can respell
a signature without the key; verification takes both, as every verifier does.
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the group (SP 800-186, 3.2.1.3)."""


class P256VerifyingKey:
    """A public key on P-256.  Implements `gate.evidence.keys.VerifyingKey`."""

    def __init__(self, key: ec.EllipticCurvePublicKey) -> None:
        self._key = key
        self._der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def keyid(self) -> str:
        """SHA-256, in hex, of the DER SubjectPublicKeyInfo."""
        return hashlib.sha256(self._der).hexdigest()

    @property
    def note_material(self) -> bytes:
        """Signature type 0x02 and the DER SubjectPublicKeyInfo (C2SP signed-note)."""
        return b"\x02" + self._der

    @property
    def pem(self) -> bytes:
        """The key as PEM, SubjectPublicKeyInfo."""
        return self._key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Return whether `signature`, in strict DER, is this key's signature of `message`."""
        try:
            if encode_dss_signature(*decode_dss_signature(signature)) != signature:
                return False
            self._key.verify(signature, message, ec.ECDSA(SHA256()))
        except (InvalidSignature, ValueError):
            return False
        return True

    def is_canonical(self, signature: bytes) -> bool:
        """Return whether a valid signature has the lower s."""
        return decode_dss_signature(signature)[1] <= _ORDER // 2


class P256Signer:
    """A private key on P-256 in memory.  Implements `gate.evidence.keys.Signer`."""

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        self._verifying_key = P256VerifyingKey(key.public_key())

    @property
    def verifying_key(self) -> P256VerifyingKey:
        """The public half."""
        return self._verifying_key

    def sign(self, message: bytes) -> bytes:
        """Return the signature of `message`: always the same where OpenSSL can (RFC 6979)."""
        try:
            made = self._key.sign(message, ec.ECDSA(SHA256(), deterministic_signing=True))
        except UnsupportedAlgorithm:
            made = self._key.sign(message, ec.ECDSA(SHA256()))
        return der(*decode_dss_signature(made))


def der(r: int, s: int) -> bytes:
    """Return a signature as evidence has it."""
    return encode_dss_signature(r, min(s, _ORDER - s))
