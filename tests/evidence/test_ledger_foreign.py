"""Others can read the ledger: Go's sumdb and transparency-dev's merkle verify it."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from gate.evidence import checkpoint as checkpoints
from gate.evidence.keys import Ed25519Signer
from gate.evidence.ledger import CHECKPOINT
from gate.evidence.merkle import consistency_proof, inclusion_proof, leaf_hash, subtree_hash
from gate.evidence.note import verifier_key
from tests.evidence.ledgers import entry, grown

SOURCE = Path(__file__).with_name("foreign")


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program in `foreign/`, built from what its go.sum names."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("needs the go command")
    folder = tmp_path_factory.mktemp("foreign")
    fetched = subprocess.run(
        [go, "mod", "download"], cwd=SOURCE, capture_output=True, text=True, check=False
    )
    if fetched.returncode != 0:
        pytest.skip(f"needs Go modules that cannot be downloaded here: {fetched.stderr[-200:]}")
    program = folder / "verify"
    environment = {**os.environ, "CGO_ENABLED": "0"}
    subprocess.run([go, "build", "-o", str(program), "."], cwd=SOURCE, check=True, env=environment)
    return program


def proofs(leaves: list[bytes]) -> bytes:
    def hashes(level: int, number: int) -> bytes:
        return subtree_hash(leaves[number << level : (number + 1) << level])

    def spelt(proof: list[bytes]) -> list[str]:
        return [base64.b64encode(node).decode() for node in proof]

    size = len(leaves)
    return json.dumps(
        {
            "Inclusion": [spelt(inclusion_proof(n, size, hashes)) for n in range(size)],
            "Consistency": [spelt(consistency_proof(n + 1, size, hashes)) for n in range(size)],
        }
    ).encode()


@pytest.mark.parametrize("size", [1, 7, 256, 300])
def test_go_verifies_our_ledger_and_our_proofs(
    foreign: Path, quick_path: Path, signer: Ed25519Signer, size: int
) -> None:
    ledger = grown(quick_path, signer, size)
    content = (ledger / CHECKPOINT).read_bytes()
    origin = checkpoints.verify(content, [signer.verifying_key]).checkpoint.origin
    (quick_path / "proofs.json").write_bytes(proofs([leaf_hash(entry(n)) for n in range(size)]))
    arguments = [
        str(foreign), str(ledger),
        verifier_key(origin, signer.verifying_key), str(quick_path / "proofs.json"),
    ]  # fmt: skip
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"{origin} {size}\n"), done.stderr
    (ledger / CHECKPOINT).write_bytes(content.replace(f"\n{size}\n".encode(), b"\n9\n"))
    assert subprocess.run(arguments, capture_output=True, check=False).returncode != 0
