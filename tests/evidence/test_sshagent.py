"""A real ssh-agent signs evidence, and everything that it may answer instead is an error."""

from __future__ import annotations

import os
import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.errors import EvidenceError
from gate.evidence import sshagent
from gate.evidence.facts import RunFacts
from gate.evidence.keys import load_ssh_public
from gate.evidence.record import record
from gate.evidence.signers import open_signer
from gate.evidence.store import FolderStore
from gate.evidence.verify_folder import verify_folder

Environment = dict[str, str]


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Environment, Path]]:
    """An agent with an Ed25519, a P-256 and an RSA key, and the folder of their public halves."""
    if not all(map(shutil.which, ("ssh-agent", "ssh-add", "ssh-keygen"))):
        pytest.skip("signing by an SSH agent: no OpenSSH here")
    folder = tmp_path_factory.mktemp("ssh")
    path = folder / "socket"
    with subprocess.Popen(
        ["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        environment = {"SSH_AUTH_SOCK": str(path)}
        for kind, bits in (("ed25519", "256"), ("ecdsa", "256"), ("rsa", "2048")):
            key = folder / kind
            arguments = ["ssh-keygen", "-q", "-t", kind, "-b", bits, "-N", "", "-C", f"my {kind}"]
            subprocess.run([*arguments, "-f", str(key)], check=True)
            subprocess.run(
                ["ssh-add", "-q", str(key)], check=True, env={**os.environ, **environment}
            )
        yield environment, folder
        process.terminate()


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
def test_the_agent_signs_a_record_and_its_ledger(
    agent: tuple[Environment, Path], kind: str, facts: RunFacts, tmp_path: Path
) -> None:
    environment, folder = agent
    public = load_ssh_public((folder / f"{kind}.pub").read_bytes())
    listed = subprocess.run(
        ["ssh-keygen", "-lf", str(folder / f"{kind}.pub")], capture_output=True, check=True
    )
    fingerprint = listed.stdout.decode().split()[1]
    for name in (fingerprint, f"my {kind}", str(folder / f"{kind}.pub")):
        signer = open_signer(f"ssh-agent:{name}", environment).signer
        assert signer.verifying_key.keyid == public.keyid
    record(facts, signer, FolderStore(tmp_path))
    assert verify_folder(tmp_path, [public]).ok
    for _ in range(20):  # numbers of ECDSA have leading zeros now and then
        assert public.verify(b"m", signer.sign(b"m"))
        assert public.is_canonical(signer.sign(b"m"))


@pytest.mark.parametrize("selector", ["", "unknown", "my rsa", "/nowhere.pub"])
def test_a_key_must_be_named_clearly(agent: tuple[Environment, Path], selector: str) -> None:
    with pytest.raises(EvidenceError, match="my ed25519") as raised:
        open_signer(f"ssh-agent:{selector}", agent[0])
    assert "my rsa)" not in str(raised.value), "RSA keys do not sign evidence"


def test_no_agent_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="SSH_AUTH_SOCK"):
        open_signer("ssh-agent:", {})
    with pytest.raises(EvidenceError, match="does not answer"):
        open_signer("ssh-agent:", {"SSH_AUTH_SOCK": str(tmp_path / "none")})


def test_a_key_that_was_taken_out_does_not_sign(
    agent: tuple[Environment, Path], tmp_path: Path
) -> None:
    environment, _ = agent
    key = tmp_path / "short"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    every = {**os.environ, **environment}
    subprocess.run(["ssh-add", "-q", str(key)], check=True, env=every)
    signer = open_signer(f"ssh-agent:{key}.pub", environment).signer
    subprocess.run(["ssh-add", "-q", "-d", f"{key}.pub"], check=True, env=every)
    with pytest.raises(EvidenceError, match="refuses"):
        signer.sign(b"m")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x00",
        struct.pack(">I", 0),
        struct.pack(">I", 2**31) + b"\x0c",
        struct.pack(">I", 5) + b"\x05\x00\x00\x00\x00",
        struct.pack(">I", 5) + b"\x0c\x00\x00\x00\x01",
        struct.pack(">I", 5) + b"\x0c\xff\xff\xff\xff",
        struct.pack(">I", 13) + b"\x0c\x00\x00\x00\x01\x00\x00\x00\x04abcd",
    ],
)
def test_nonsense_is_an_error(tmp_path: Path, answer: bytes) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen(1)

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(100)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(EvidenceError):
            sshagent.identities(str(path))
        thread.join()
