"""P-256 keys: files, openssl on the other side, and signatures in one spelling."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from gate.evidence import dsse, keys
from gate.evidence.facts import RunFacts
from gate.evidence.p256 import _ORDER, P256Signer
from gate.evidence.problems import Code
from gate.evidence.record import record
from gate.evidence.store import FolderStore
from gate.evidence.verify import verify_file
from gate.evidence.verify_folder import verify_folder

# RFC 6979, A.2.5: the key and its signature of "sample" with SHA-256.
SECRET = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
R = 0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716
S = 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8


@pytest.fixture(scope="module")
def p256() -> P256Signer:
    return P256Signer(ec.derive_private_key(SECRET, ec.SECP256R1()))


def test_signs_the_vector_of_rfc_6979_with_the_lower_s(p256: P256Signer) -> None:
    assert decode_dss_signature(p256.sign(b"sample")) == (R, _ORDER - S)
    high = encode_dss_signature(R, S)
    assert p256.verifying_key.verify(b"sample", high), "others write it so"
    assert not p256.verifying_key.is_canonical(high)


def test_only_strict_der_verifies(p256: P256Signer) -> None:
    key, good = p256.verifying_key, p256.sign(b"m")
    assert key.verify(b"m", good)
    long_length = b"\x30\x81" + good[1:]
    padded = b"\x30" + bytes([good[1] + 1]) + b"\x02" + bytes([good[3] + 1]) + b"\x00" + good[4:]
    for wrong in (
        b"", good + b"\x00", good[:-1], long_length, padded, good[2:], b"\x31" + good[1:],
        encode_dss_signature(0, 0), encode_dss_signature(R, 0), encode_dss_signature(_ORDER, 1),
        encode_dss_signature(R, S), R.to_bytes(32, "big") + S.to_bytes(32, "big"),
    ):  # fmt: skip
        assert not key.verify(b"m", wrong)


@pytest.mark.parametrize("passphrase", [None, b"correct horse"])
def test_a_generated_pair_comes_back(passphrase: bytes | None) -> None:
    pair = keys.generate(passphrase, "p256")
    signer = keys.load_private(pair.private_pem, passphrase)
    public = keys.load_public(pair.public_pem)
    assert isinstance(signer, P256Signer)
    assert signer.verifying_key.keyid == public.keyid == pair.keyid
    assert public.verify(b"m", signer.sign(b"m"))


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl as the other side")
def test_openssl_and_we_verify_each_other(tmp_path: Path, p256: P256Signer) -> None:
    def openssl(*arguments: str) -> bytes:
        done = subprocess.run(
            ["openssl", *arguments], cwd=tmp_path, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    (tmp_path / "m").write_bytes(b"message")
    (tmp_path / "pub").write_bytes(p256.verifying_key.pem)
    (tmp_path / "sig").write_bytes(p256.sign(b"message"))
    assert b"Verified OK" in openssl("dgst", "-sha256", "-verify", "pub", "-signature", "sig", "m")
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "key")
    theirs = keys.load_private((tmp_path / "key").read_bytes(), None)
    signature = openssl("dgst", "-sha256", "-sign", "key", "m")
    assert theirs.verifying_key.verify(b"message", signature)


def test_other_curves_are_refused() -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    with pytest.raises(Exception, match="neither an Ed25519 nor a P-256"):
        keys.verifying_key(key.public_key())


def test_records_and_ledger_with_a_p256_key(
    facts: RunFacts, p256: P256Signer, tmp_path: Path
) -> None:
    done = record(facts, p256, FolderStore(tmp_path))
    assert verify_folder(tmp_path, [p256.verifying_key]).ok
    assert record(facts, p256, FolderStore(tmp_path)).repeated
    path = Path(done.place)
    first, _, rest = path.read_bytes().partition(b"\n")
    envelope = dsse.decode(first)
    (signature,) = envelope.signatures
    r, s = decode_dss_signature(signature.sig)
    respelt = dsse.Signature(keyid=signature.keyid, sig=encode_dss_signature(r, _ORDER - s))
    changed = dsse.Envelope(
        payload=envelope.payload, payload_type=envelope.payload_type, signatures=(respelt,)
    )
    path.write_bytes(dsse.encode(changed) + b"\n" + rest)
    report = verify_file(path, [p256.verifying_key])
    assert [problem.code for problem in report.problems] == [Code.KEYID_MISLEADS]
