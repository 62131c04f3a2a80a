"""DSSE v1.0.2: the official vector, and every way to be a wrong envelope."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from gate.errors import EvidenceError, UsageError, VerificationError
from gate.evidence import dsse
from gate.evidence.keys import Ed25519Signer, VerifyingKey

TYPE = "application/vnd.in-toto+json"


class P256Key:
    """ECDSA P-256 with raw r||s, as the official vector signs: proves that the seam is enough."""

    def __init__(self, key: ec.EllipticCurvePublicKey) -> None:
        self._key = key

    @property
    def keyid(self) -> str:
        der = self._key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(der).hexdigest()

    def verify(self, message: bytes, signature: bytes) -> bool:
        if len(signature) != 64:
            return False
        r, s = (int.from_bytes(half) for half in (signature[:32], signature[32:]))
        try:
            self._key.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True


class P256Signer:
    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key

    @property
    def verifying_key(self) -> P256Key:
        return P256Key(self._key.public_key())

    def sign(self, message: bytes) -> bytes:
        algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        r, s = decode_dss_signature(self._key.sign(message, algorithm))
        return r.to_bytes(32) + s.to_bytes(32)


@pytest.fixture(scope="session")
def vector(data: Path) -> dict[str, Any]:
    content = (data / "vectors" / "dsse" / "vectors.json").read_bytes()
    loaded: dict[str, Any] = json.loads(content)
    return loaded


@pytest.fixture(scope="session")
def vector_signer(vector: dict[str, Any]) -> P256Signer:
    signer = P256Signer(ec.derive_private_key(int(vector["key"]["d"]), ec.SECP256R1()))
    numbers = signer._key.public_key().public_numbers()
    assert (str(numbers.x), str(numbers.y)) == (vector["key"]["x"], vector["key"]["y"])
    return signer


def test_pae_of_the_official_vector(vector: dict[str, Any]) -> None:
    assert dsse.pae(vector["payloadType"], vector["body"].encode()) == vector["pae"].encode()


def test_pae_counts_bytes_not_characters() -> None:
    assert dsse.pae("é", "€".encode()) == "DSSEv1 2 é 3 €".encode()


def test_verifies_the_official_vector(vector: dict[str, Any], vector_signer: P256Signer) -> None:
    envelope = json.dumps(vector["envelope"]).encode()
    verified = dsse.verify(envelope, [vector_signer.verifying_key])
    assert verified.payload == vector["body"].encode()
    assert verified.payload_type == vector["payloadType"]
    assert verified.keyids == (vector_signer.verifying_key.keyid,)


def test_signs_the_official_vector(vector: dict[str, Any], vector_signer: P256Signer) -> None:
    signed = json.loads(dsse.sign(vector["body"].encode(), vector["payloadType"], [vector_signer]))
    assert signed["signatures"][0].pop("keyid") == vector_signer.verifying_key.keyid
    assert signed == vector["envelope"]


def test_signing_is_deterministic_and_canonical(signer: Ed25519Signer) -> None:
    envelope = dsse.sign(b"hello", TYPE, [signer])
    assert envelope == dsse.sign(b"hello", TYPE, [signer])
    assert dsse.encode(dsse.decode(envelope)) == envelope


def parts(signer: Ed25519Signer, payload: bytes = b"hello") -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(dsse.sign(payload, TYPE, [signer]))
    return loaded


def verify(envelope: object, *trusted: VerifyingKey, threshold: int = 1) -> dsse.VerifiedPayload:
    return dsse.verify(json.dumps(envelope).encode(), trusted, threshold)


def test_reads_either_base64_alphabet_but_not_a_mixture(signer: Ed25519Signer) -> None:
    payload = b"\xfb\xff\xfe" * 3  # "+//+" in the standard alphabet
    envelope = parts(signer, payload)
    assert "+" in envelope["payload"]
    assert "/" in envelope["payload"]
    url_safe = envelope["payload"].replace("+", "-").replace("/", "_")
    mixed = envelope["payload"].replace("+", "-")
    assert verify({**envelope, "payload": url_safe}, signer.verifying_key).payload == payload
    with pytest.raises(VerificationError, match="base64"):
        verify({**envelope, "payload": mixed}, signer.verifying_key)


@pytest.mark.parametrize(
    "spelling",
    ["aGVsbG8", "aGVsbG9=", "aGVsbG8=\n", " aGVsbG8=", "aGVs\nbG8=", "aGVsbG8==", "====", "é", "a"],
)
def test_refuses_base64_that_is_not_canonical(signer: Ed25519Signer, spelling: str) -> None:
    envelope = parts(signer)
    assert envelope["payload"] == "aGVsbG8="
    with pytest.raises(VerificationError, match="base64"):
        verify({**envelope, "payload": spelling}, signer.verifying_key)


def _without(envelope: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in envelope.items() if key != name}


def test_refuses_what_is_not_exactly_an_envelope(signer: Ed25519Signer) -> None:
    good = parts(signer)
    signature = good["signatures"][0]
    wrong: list[object] = [
        [],
        "text",
        None,
        *(_without(good, name) for name in good),
        {**good, "extra": ""},
        {**good, "payloadtype": TYPE},
        {**good, "payload": None},
        {**good, "payload": [104]},
        {**good, "payloadType": 1},
        {**good, "payloadType": f"{TYPE}\n"},
        {**good, "payloadType": "\ud800"},
        {**good, "signatures": {}},
        {**good, "signatures": "x"},
        {**good, "signatures": []},
        {**good, "signatures": [None]},
        {**good, "signatures": [{"keyid": signature["keyid"]}]},
        {**good, "signatures": [{**signature, "cert": ""}]},
        {**good, "signatures": [{**signature, "keyid": None}]},
        {**good, "signatures": [{**signature, "sig": "!"}]},
        {**good, "signatures": [signature] * 17},
        {**good, "signatures": [signature] * 100_000},
    ]
    for envelope in wrong:
        with pytest.raises(VerificationError):
            verify(envelope, signer.verifying_key)
    assert verify(good, signer.verifying_key).payload == b"hello"


def test_refuses_duplicate_names_and_trailing_bytes(signer: Ed25519Signer) -> None:
    envelope = dsse.sign(b"hello", TYPE, [signer])
    doubled = envelope.replace(b'{"payload"', b'{"payload":"","payload"', 1)
    for data in (doubled, envelope + b"x", envelope + envelope, b"", b"\n"):
        with pytest.raises(VerificationError):
            dsse.verify(data, [signer.verifying_key])


def test_refuses_an_envelope_beyond_the_cap(
    signer: Ed25519Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    envelope = dsse.sign(b"hello", TYPE, [signer])
    monkeypatch.setattr(dsse, "MAX_BYTES", len(envelope))
    assert dsse.sign(b"hello", TYPE, [signer]) == envelope
    dsse.verify(envelope, [signer.verifying_key])
    monkeypatch.setattr(dsse, "MAX_BYTES", len(envelope) - 1)
    with pytest.raises(VerificationError, match="larger"):
        dsse.verify(envelope, [signer.verifying_key])
    with pytest.raises(EvidenceError, match="larger"):
        dsse.sign(b"hello", TYPE, [signer])


def test_the_type_is_signed(signer: Ed25519Signer) -> None:
    with pytest.raises(VerificationError, match="no valid signature"):
        verify({**parts(signer), "payloadType": "text/plain"}, signer.verifying_key)


def test_the_keyid_is_only_a_hint(signer: Ed25519Signer, stranger: Ed25519Signer) -> None:
    envelope = parts(signer)
    for keyid in ("", "another", stranger.verifying_key.keyid):
        envelope["signatures"][0]["keyid"] = keyid
        verified = verify(envelope, stranger.verifying_key, signer.verifying_key)
        assert verified.keyids == (signer.verifying_key.keyid,)
        with pytest.raises(VerificationError, match="no valid signature"):
            verify(envelope, stranger.verifying_key)
    del envelope["signatures"][0]["keyid"]
    assert verify(envelope, signer.verifying_key).payload == b"hello"


def test_nobody_trusted_means_nothing_verified(signer: Ed25519Signer) -> None:
    with pytest.raises(VerificationError, match="no trusted key was given"):
        verify(parts(signer))


def test_the_threshold_counts_distinct_trusted_keys(
    signer: Ed25519Signer, stranger: Ed25519Signer
) -> None:
    one, two = signer.verifying_key, stranger.verifying_key
    both = json.loads(dsse.sign(b"hello", TYPE, [signer, stranger]))
    first, second = both["signatures"]
    verified = verify(both, one, two, threshold=2)
    assert verified.keyids == tuple(sorted([one.keyid, two.keyid]))
    assert verified.signers == (one.keyid, two.keyid)
    assert verify(both, one).signers == (one.keyid, "")

    renamed = {**first, "keyid": two.keyid}
    for signatures in ([first], [first, first], [first, renamed]):
        with pytest.raises(VerificationError, match="1 of 2"):
            verify({**both, "signatures": signatures}, one, two, one, threshold=2)
    with pytest.raises(VerificationError, match="1 of 2"):
        verify({**both, "signatures": [first, second]}, one, one, threshold=2)


@pytest.mark.parametrize("threshold", [0, -1])
def test_no_threshold_accepts_anything(signer: Ed25519Signer, threshold: int) -> None:
    with pytest.raises(UsageError):
        verify(parts(signer), signer.verifying_key, threshold=threshold)


def test_signs_with_one_to_sixteen_different_keys(signer: Ed25519Signer) -> None:
    many = [Ed25519Signer(Ed25519PrivateKey.from_private_bytes(bytes([n] * 32))) for n in range(17)]
    trusted = [key.verifying_key for key in many]
    envelope = dsse.sign(b"hello", TYPE, many[:16])
    assert len(dsse.verify(envelope, trusted, 16).keyids) == 16
    for signers in ([], [signer, signer], many):
        with pytest.raises(EvidenceError, match="different keys"):
            dsse.sign(b"hello", TYPE, signers)


def test_a_faulty_key_is_found_before_its_signature_is_used(signer: Ed25519Signer) -> None:
    class Faulty(Ed25519Signer):
        def sign(self, message: bytes) -> bytes:
            return bytes(64)

    with pytest.raises(EvidenceError, match="does not verify"):
        dsse.sign(b"hello", TYPE, [Faulty(signer._key)])


@given(
    payload=st.binary(max_size=200), kind=st.text(st.characters(categories=["L", "N", "P", "S"]))
)
def test_every_payload_and_type_come_back(signer: Ed25519Signer, payload: bytes, kind: str) -> None:
    envelope = dsse.sign(payload, kind, [signer])
    verified = dsse.verify(envelope, [signer.verifying_key])
    assert (verified.payload, verified.payload_type) == (payload, kind)
    assert json.loads(envelope)["payload"] == base64.b64encode(payload).decode()


@given(data=st.binary(max_size=200))
def test_any_bytes_are_an_envelope_or_refused(signer: Ed25519Signer, data: bytes) -> None:
    with pytest.raises(VerificationError):
        dsse.verify(data, [signer.verifying_key])


@given(kind=st.text(st.characters(exclude_categories=["Cs"])), payload=st.binary())
def test_pae_can_be_taken_apart_in_one_way_only(kind: str, payload: bytes) -> None:
    version, length, rest = dsse.pae(kind, payload).split(b" ", 2)
    encoded_kind, rest = rest[: int(length)], rest[int(length) :]
    space, length, body = rest.split(b" ", 2)
    assert (version, space, encoded_kind) == (b"DSSEv1", b"", kind.encode())
    assert (int(length), body) == (len(payload), payload)
