"""DSSE v1.0.2: a payload, its type, and signatures over both.

What is signed is ``PAE(type, payload)`` (protocol.md, "Signature Definition").
Verifying follows protocol.md, "Multi-signature Verification": every signature
is tried with every trusted key, and the threshold counts distinct keys.  The
keyid only says which key to try first.

Where the specification leaves room, this reader takes the narrow way
(docs/decisions/0003-evidence-format.md):

* either base64 alphabet is read, as protocol.md demands, but one alphabet per
  field, with padding, and in its only canonical spelling;
* names it does not know are refused.  envelope.md would have them ignored, but
  nothing signs them, and evidence carries no unsigned words.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

import msgspec

from gate.errors import EvidenceError, UsageError, VerificationError
from gate.evidence import canonical
from gate.evidence.keys import Signer, VerifyingKey

MAX_BYTES = 128 * 1024 * 1024
"""Largest envelope that is written or read, in bytes."""
MAX_SIGNATURES = 16


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """One signature of an envelope."""

    keyid: str = ""
    """Hint at the key that made it; not authenticated.  Empty where there is none."""
    sig: bytes


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """A decoded envelope.  Nothing about it has been verified."""

    payload: bytes
    payload_type: str
    signatures: tuple[Signature, ...]


class VerifiedPayload(msgspec.Struct, frozen=True, kw_only=True):
    """A payload that enough trusted keys have signed."""

    payload: bytes
    """The very bytes that were verified; nothing else of the envelope is to be read."""
    payload_type: str
    keyids: tuple[str, ...]
    """The distinct trusted keys that signed, sorted."""
    signers: tuple[str, ...]
    """For each signature of the envelope, in its order, the keyid of the trusted
    key that made it; empty where no trusted key did."""


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the pre-authentication encoding: the bytes that are signed."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign(payload: bytes, payload_type: str, signers: Sequence[Signer]) -> bytes:
    """Return the envelope of `payload`, signed by each of `signers`, as canonical JSON.

    Each signature is checked before it is used: a key that signs wrongly is
    found now, not when the evidence is needed.  EvidenceError where that, or
    signing, fails.
    """
    keyids = [signer.verifying_key.keyid for signer in signers]
    if not 1 <= len(signers) <= MAX_SIGNATURES or len(set(keyids)) != len(keyids):
        raise EvidenceError(
            f"an envelope takes 1 to {MAX_SIGNATURES} different keys, not {len(signers)} "
            f"of which {len(set(keyids))} differ"
        )
    message = pae(payload_type, payload)
    signatures = []
    for signer, keyid in zip(signers, keyids, strict=True):
        signature = signer.sign(message)
        if not signer.verifying_key.verify(message, signature):
            raise EvidenceError(
                "the signature that was just made does not verify",
                where=f"key {keyid}",
                hint="the key or the device that holds it is faulty; use another",
            )
        signatures.append(Signature(keyid=keyid, sig=signature))
    envelope = Envelope(payload=payload, payload_type=payload_type, signatures=tuple(signatures))
    content = encode(envelope)
    if len(content) > MAX_BYTES:
        raise EvidenceError(f"the envelope is larger than {MAX_BYTES:,} bytes")
    return content


def verify(
    envelope_bytes: bytes, trusted: Sequence[VerifyingKey], threshold: int = 1
) -> VerifiedPayload:
    """Return the payload of an envelope that `threshold` of the `trusted` keys have signed.

    VerificationError otherwise.  The caller still has to check the payload type.
    """
    return verify_envelope(decode(envelope_bytes), trusted, threshold)


def verify_envelope(
    envelope: Envelope, trusted: Sequence[VerifyingKey], threshold: int = 1
) -> VerifiedPayload:
    """Like `verify`, for an envelope that `decode` returned."""
    if threshold < 1:
        raise UsageError(f"a threshold of {threshold} signatures would accept anything")
    keys = {key.keyid: key for key in trusted}
    message = pae(envelope.payload_type, envelope.payload)
    signers = tuple(_signer(signature, message, keys) for signature in envelope.signatures)
    accepted = sorted({keyid for keyid in signers if keyid})
    if len(accepted) < threshold:
        raise VerificationError(_too_few(envelope, keys, accepted, threshold))
    return VerifiedPayload(
        payload=envelope.payload,
        payload_type=envelope.payload_type,
        keyids=tuple(accepted),
        signers=signers,
    )


def _signer(signature: Signature, message: bytes, keys: dict[str, VerifyingKey]) -> str:
    """Return the keyid of the key that made `signature`, or nothing."""
    for keyid in sorted(keys, key=lambda keyid: (keyid != signature.keyid, keyid)):
        if keys[keyid].verify(message, signature.sig):
            return keyid
    return ""


def _too_few(
    envelope: Envelope, keys: dict[str, VerifyingKey], accepted: list[str], threshold: int
) -> str:
    if not keys:
        return "no trusted key was given, so nothing can be verified"
    seen = ", ".join(signature.keyid[:80] or "unnamed" for signature in envelope.signatures)
    if threshold == 1:
        return f"no valid signature from a trusted key (keys seen: {seen})"
    return f"{len(accepted)} of {threshold} trusted keys have signed (keys seen: {seen})"


def encode(envelope: Envelope) -> bytes:
    """Return the one canonical spelling of `envelope`: standard base64, canonical JSON."""
    return canonical.encode(
        {
            "payload": _base64(envelope.payload),
            "payloadType": envelope.payload_type,
            "signatures": [
                {"keyid": signature.keyid, "sig": _base64(signature.sig)}
                for signature in envelope.signatures
            ],
        }
    )


def decode(data: bytes) -> Envelope:
    """Return the envelope in `data`; VerificationError where it is not exactly one."""
    if len(data) > MAX_BYTES:
        raise VerificationError(f"the envelope is larger than {MAX_BYTES:,} bytes")
    fields = _object(canonical.decode(data), {"payload", "payloadType", "signatures"}, "envelope")
    signatures = fields["signatures"]
    if not isinstance(signatures, list):
        raise VerificationError("'signatures' is not an array")
    if not 1 <= len(signatures) <= MAX_SIGNATURES:
        raise VerificationError(
            f"has {len(signatures)} signatures; 1 to {MAX_SIGNATURES} are expected"
        )
    return Envelope(
        payload=_bytes(fields["payload"], "payload"),
        payload_type=_text(fields["payloadType"], "payloadType"),
        signatures=tuple(_signature(signature) for signature in signatures),
    )


def _signature(value: object) -> Signature:
    if isinstance(value, dict):
        # envelope.md, "Parsing rules": unset is the same as empty.
        value = {"keyid": "", **value}
    fields = _object(value, {"keyid", "sig"}, "signature")
    return Signature(keyid=_text(fields["keyid"], "keyid"), sig=_bytes(fields["sig"], "sig"))


def _object(value: object, names: set[str], what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise VerificationError(f"the {what} is not an object")
    if value.keys() != names:
        wrong = ", ".join(sorted(repr(name)[:80] for name in value.keys() ^ names))
        raise VerificationError(f"the {what} has names that are missing or unknown: {wrong}")
    return value


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not value.isprintable():
        # Unprintable also covers lone surrogates, which have no UTF-8 to sign.
        raise VerificationError(f"'{name}' is not printable text")
    return value


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(value: object, name: str) -> bytes:
    if not isinstance(value, str):
        raise VerificationError(f"'{name}' is not text")
    url_safe = "-" in value or "_" in value
    try:
        data = base64.b64decode(value, altchars=b"-_" if url_safe else None, validate=True)
    except (binascii.Error, ValueError) as error:
        raise VerificationError(f"'{name}' is not base64 ({error})") from error
    spelling = base64.urlsafe_b64encode(data) if url_safe else base64.b64encode(data)
    if spelling != value.encode("utf-8"):
        raise VerificationError(f"'{name}' is base64 in a spelling that is not canonical")
    return data
