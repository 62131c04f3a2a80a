"""Ed25519 keys: made here, made by openssl, and all that is not one."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from gate.errors import EvidenceError, VerificationError
from gate.evidence import keys
from gate.evidence.keys import Ed25519Signer

# RFC 8410, section 10.1 (public) and 10.3 (private): the same key pair.
RFC_8410_PUBLIC = b"""-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
"""
RFC_8410_PRIVATE = b"""-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
"""
# RFC 8032, section 7.1, test 3.
RFC_8032_SEED = "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"
RFC_8032_SIGNATURE = (
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
)

needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl here")


def openssl(*arguments: str, stdin: bytes = b"") -> bytes:
    done = subprocess.run(["openssl", *arguments], input=stdin, capture_output=True, check=True)
    return done.stdout


def test_reads_the_key_pair_of_rfc_8410() -> None:
    signer = keys.load_private(RFC_8410_PRIVATE, None)
    public = keys.load_public(RFC_8410_PUBLIC)
    assert signer.verifying_key.keyid == public.keyid
    assert public.pem == RFC_8410_PUBLIC
    assert public.verify(b"message", signer.sign(b"message"))


def test_signs_the_vector_of_rfc_8032() -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(RFC_8032_SEED))
    assert Ed25519Signer(key).sign(bytes.fromhex("af82")).hex() == RFC_8032_SIGNATURE


def test_the_keyid_is_the_digest_of_the_der_public_key() -> None:
    der = bytes.fromhex("302a300506032b6570032100") + bytes.fromhex(
        "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1"
    )
    assert keys.load_public(RFC_8410_PUBLIC).keyid == hashlib.sha256(der).hexdigest()


@pytest.mark.parametrize("passphrase", [None, b"correct horse"])
def test_a_generated_pair_comes_back(passphrase: bytes | None) -> None:
    pair = keys.generate(passphrase)
    signer = keys.load_private(pair.private_pem, passphrase)
    public = keys.load_public(pair.public_pem)
    assert signer.verifying_key.keyid == public.keyid == pair.keyid
    assert public.verify(b"m", signer.sign(b"m"))
    assert (b"ENCRYPTED" in pair.private_pem) == (passphrase is not None)


def test_every_pair_is_new() -> None:
    assert keys.generate(None).keyid != keys.generate(None).keyid


def test_a_private_key_is_not_shown() -> None:
    pair = keys.generate(None)
    secret = pair.private_pem.decode().splitlines()[1]
    assert secret not in repr(pair)


@pytest.mark.parametrize(
    "signature", [b"", bytes(63), bytes(64), bytes(65), b"\xff" * 64, bytes(100_000)]
)
def test_a_wrong_signature_is_false_and_no_exception(
    signer: Ed25519Signer, signature: bytes
) -> None:
    assert not signer.verifying_key.verify(b"m", signature)


def test_a_signature_has_one_spelling(signer: Ed25519Signer) -> None:
    # RFC 8032 5.1.7: S must be below the group order, or S + L would verify as well.
    order = 2**252 + 27742317777372353535851937790883648493
    signature = signer.sign(b"m")
    s = int.from_bytes(signature[32:], "little") + order
    assert signer.verifying_key.verify(b"m", signature)
    assert not signer.verifying_key.verify(b"m", signature[:32] + s.to_bytes(32, "little"))


def test_says_that_the_passphrase_is_wrong_missing_or_not_needed() -> None:
    encrypted = keys.generate(b"right").private_pem
    plain = keys.generate(None).private_pem
    for pem, passphrase, reason in (
        (encrypted, b"wrong", "wrong passphrase"),
        (encrypted, None, "is encrypted"),
        (encrypted, b"", "is encrypted"),
        (plain, b"right", "in the clear"),
    ):
        with pytest.raises(EvidenceError, match=reason) as caught:
            keys.load_private(pem, passphrase, where="gate.key")
        assert caught.value.where == "gate.key"
        assert caught.value.hint
        assert "right" not in str(caught.value).replace("right key", "")


def test_an_empty_passphrase_is_no_passphrase() -> None:
    with pytest.raises(EvidenceError, match="empty"):
        keys.generate(b"")


def other_kinds() -> dict[str, tuple[bytes, bytes]]:
    """PEM of keys that are well-formed and of another kind: private, public."""
    found = {}
    for name, key in (
        ("P-384", ec.generate_private_key(ec.SECP384R1())),
        ("RSA", rsa.generate_private_key(65537, 2048)),
    ):
        found[name] = (
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        )
    return found


def test_says_that_a_key_is_of_another_kind() -> None:
    for private, public in other_kinds().values():
        with pytest.raises(EvidenceError, match="neither an Ed25519 nor"):
            keys.load_private(private, None)
        with pytest.raises(VerificationError, match="neither an Ed25519 nor"):
            keys.load_public(public)


def test_says_what_was_given_in_place_of_a_private_key() -> None:
    pair = keys.generate(None)
    key = Ed25519PrivateKey.generate()
    openssh = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    for pem, what, hint in (
        (pair.public_pem, "holds a PUBLIC KEY", "private key is needed"),
        (openssh, "holds a OPENSSH PRIVATE KEY", "not supported"),
        (b"hello", "is not a private key", ""),
        (b"", "is not a private key", ""),
        (pair.private_pem * 2, "2 PEM blocks", ""),
        (pair.private_pem[:60], "damaged", ""),
        (pair.private_pem.replace(b"MC4C", b"MC4D"), "damaged", ""),
    ):
        with pytest.raises(EvidenceError, match=what) as caught:
            keys.load_private(pem, None)
        assert hint in caught.value.hint


def test_says_what_was_given_in_place_of_a_public_key() -> None:
    pair = keys.generate(None)
    certificate = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    for pem, what, hint in (
        (pair.private_pem, "holds a PRIVATE KEY", "keep it secret"),
        (keys.generate(b"x").private_pem, "holds a ENCRYPTED PRIVATE KEY", "keep it secret"),
        (certificate, "holds a CERTIFICATE", "openssl x509"),
        (b"ssh-ed25519 AAAA", "is not a public key", ""),
        (pair.public_pem + pair.public_pem, "2 PEM blocks", ""),
        (pair.public_pem[:70], "damaged", ""),
    ):
        with pytest.raises(VerificationError, match=what) as caught:
            keys.load_public(pem)
        assert hint in caught.value.hint


@needs_openssl
def test_openssl_reads_our_keys_and_finds_the_same_keyid(tmp_path: Path) -> None:
    pair = keys.generate(b"secret")
    (tmp_path / "gate.key").write_bytes(pair.private_pem)
    public = openssl("pkey", "-in", str(tmp_path / "gate.key"), "-passin", "pass:secret", "-pubout")
    assert public == pair.public_pem
    der = openssl("pkey", "-pubin", "-outform", "DER", stdin=public)
    assert hashlib.sha256(der).hexdigest() == pair.keyid


@needs_openssl
def test_reads_the_keys_openssl_makes(tmp_path: Path) -> None:
    plain = openssl("genpkey", "-algorithm", "ed25519")
    strong = openssl(
        "pkcs8", "-topk8", "-v2", "aes-256-cbc", "-iter", "600000", "-passout", "pass:x",
        stdin=plain,
    )  # fmt: skip
    public = keys.load_public(openssl("pkey", "-pubout", stdin=plain))
    assert keys.load_private(plain, None).verifying_key.keyid == public.keyid
    assert keys.load_private(strong, b"x").verifying_key.keyid == public.keyid
