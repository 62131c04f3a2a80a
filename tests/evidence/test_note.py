"""Signed notes: the vectors of Go's sumdb/note and of C2SP, and every bit of a note."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gate.errors import EvidenceError, VerificationError
from gate.evidence import note
from gate.evidence.keys import Ed25519Signer, Ed25519VerifyingKey

VECTORS = Path(__file__).resolve().parent.parent / "data" / "vectors" / "signed-note"
CASES: list[dict[str, Any]] = json.loads((VECTORS / "vectors.json").read_bytes())["vectors"]


def read_vkey(vkey: str) -> tuple[str, Ed25519VerifyingKey]:
    name, _, encoded = vkey.split("+", 2)
    material = base64.b64decode(encoded)
    assert material[0] == 1
    key = Ed25519VerifyingKey(Ed25519PublicKey.from_public_bytes(material[1:]))
    assert note.verifier_key(name, key) == vkey
    return name, key


def accepts(content: bytes, keys: list[tuple[str, Ed25519VerifyingKey]]) -> bool:
    """Whether each of `keys` has signed; the signed-note rules, one name after the other."""
    try:
        read = note.decode(content)
        return bool(keys) and all(note.signers(read, name, [key]) for name, key in keys)
    except VerificationError:
        return False


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_vectors(case: dict[str, Any]) -> None:
    keys = [read_vkey(vkey) for vkey in case["vkeys"]]
    assert accepts(case["note"].encode(), keys) == (case["want"] == "accept"), case["detail"]


def test_a_note_that_is_not_utf8() -> None:
    with pytest.raises(VerificationError, match="UTF-8"):
        note.decode((VECTORS / "bad-utf8.note").read_bytes())


def test_signing_gives_the_bytes_that_go_gives() -> None:
    vector = json.loads((VECTORS / "sign-vector.json").read_bytes())
    name, _, encoded = vector["skey"].removeprefix("PRIVATE+KEY+").split("+", 2)
    seed = base64.b64decode(encoded)[1:]
    signer = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(seed))
    assert note.sign(vector["text"], name, signer).decode() == vector["expect"]


def test_every_bit_of_a_note_counts(signer: Ed25519Signer) -> None:
    content = note.sign("example.test/log\n7\nroot\n", "example.test/log", signer)
    keys = [("example.test/log", signer.verifying_key)]
    assert accepts(content, keys)
    for position in range(len(content)):
        for bit in range(8):
            flipped = bytearray(content)
            flipped[position] ^= 1 << bit
            assert not accepts(bytes(flipped), keys), (position, bit)
        assert not accepts(content[:position], keys)


def test_a_key_that_signs_wrongly_is_found_at_once(
    signer: Ed25519Signer, stranger: Ed25519Signer
) -> None:
    class Faulty:
        verifying_key = signer.verifying_key

        def sign(self, message: bytes) -> bytes:
            return stranger.sign(message)

    with pytest.raises(EvidenceError, match="does not verify"):
        note.sign("text\n", "name", Faulty())


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u2003b", "a\nb"])
def test_names_that_are_none(name: str) -> None:
    assert not note.is_name(name)


def test_a_note_is_not_read_without_end() -> None:
    with pytest.raises(VerificationError, match="larger"):
        note.decode(b"a" * (note.MAX_BYTES + 1))
    line = b"\xe2\x80\x94 a " + base64.b64encode(bytes(68)) + b"\n"
    with pytest.raises(VerificationError, match="signatures"):
        note.decode(b"text\n\n" + line * (note.MAX_SIGNATURES + 1))
