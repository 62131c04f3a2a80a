"""Keys in a token: SoftHSM stands for the real ones."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.errors import EvidenceError
from gate.evidence.facts import RunFacts
from gate.evidence.pkcs11 import MODULE, PIN, parse_uri
from gate.evidence.record import record
from gate.evidence.signers import open_signer
from gate.evidence.store import FolderStore
from gate.evidence.verify_folder import verify_folder

MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
)
Environment = dict[str, str]


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """A token called "gate" with an Ed25519 and a P-256 key pair."""
    pkcs11 = pytest.importorskip("pkcs11", reason="keys in a token: no python-pkcs11 here")
    module = next((path for path in MODULES if Path(path).exists()), None)
    if module is None or not shutil.which("softhsm2-util"):
        pytest.skip("keys in a token: no softhsm2 here")
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(folder / "conf")
    arguments = ["--init-token", "--free", "--label", "gate", "--pin", "1234", "--so-pin", "0000"]
    subprocess.run(["softhsm2-util", *arguments], check=True, capture_output=True)
    curve = pkcs11.util.ec.encode_named_curve_parameters
    with pkcs11.lib(module).get_token(token_label="gate").open(rw=True, user_pin="1234") as session:
        for kind, name, number in (
            (pkcs11.KeyType.EC, "secp256r1", 1),
            (pkcs11.KeyType.EC_EDWARDS, "1.3.101.112", 2),
        ):
            parameters = session.create_domain_parameters(
                kind, {pkcs11.Attribute.EC_PARAMS: curve(name)}, local=True
            )
            mechanism = (
                pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN
                if kind is pkcs11.KeyType.EC_EDWARDS
                else pkcs11.Mechanism.EC_KEY_PAIR_GEN
            )
            parameters.generate_keypair(
                mechanism=mechanism, store=True, label=f"key {number}", id=bytes([number])
            )
    yield {MODULE: module, PIN: "1234"}
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before


@pytest.mark.parametrize("name", ["object=key%201", "object=key%202", "id=%01", "id=%02"])
def test_a_token_signs_a_record_and_its_ledger(
    token: Environment, name: str, facts: RunFacts, tmp_path: Path
) -> None:
    signer = open_signer(f"pkcs11:token=gate;{name};type=private", token).signer
    record(facts, signer, FolderStore(tmp_path))
    assert verify_folder(tmp_path, [signer.verifying_key]).ok


def test_the_uri_may_say_everything(token: Environment, tmp_path: Path) -> None:
    (tmp_path / "pin").write_text("1234\n")
    for pin in ("pin-value=1234", f"pin-source=file:{tmp_path / 'pin'}"):
        uri = f"pkcs11:token=gate;object=key%201?module-path={token[MODULE]}&{pin}"
        signer = open_signer(uri, {}).signer
        assert signer.verifying_key.verify(b"m", signer.sign(b"m"))


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("pkcs11:token=gate;object=none", "no public keys"),
        ("pkcs11:token=gate", "2 public keys"),
        ("pkcs11:token=other;object=key%201", "no such token"),
        ("pkcs11:token=gate;object=key%201?pin-value=9999", "PIN is wrong"),
        ("pkcs11:token=gate;object=key%201?module-path=/nowhere.so", "cannot be used"),
        ("pkcs11:token=gate;object=key%201?pin-source=file:/nowhere", "PIN cannot be read"),
    ],
)
def test_what_cannot_be_used_says_why(token: Environment, uri: str, message: str) -> None:
    with pytest.raises(EvidenceError, match=message) as raised:
        open_signer(uri, token)
    assert "9999" not in str(raised.value)


@pytest.mark.parametrize("uri", ["pkcs11:x=1", "pkcs11:token=a;token=b", "pkcs11:token"])
def test_other_uris_are_refused(uri: str) -> None:
    with pytest.raises(EvidenceError, match="unknown or given twice"):
        parse_uri(uri)


def test_a_module_must_be_named() -> None:
    pytest.importorskip("pkcs11", reason="keys in a token: no python-pkcs11 here")
    with pytest.raises(EvidenceError, match="which PKCS #11 module"):
        open_signer("pkcs11:token=gate", {})
