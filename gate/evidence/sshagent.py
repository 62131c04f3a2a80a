"""Keys that an SSH agent holds: it signs, and nobody sees the private half.

The protocol of draft-ietf-sshm-ssh-agent, as OpenSSH speaks it: over the socket in
SSH_AUTH_SOCK each message is a length (uint32), a type (byte) and a body.  An
Ed25519 signature of SSH is the one of RFC 8032, an ECDSA one r and s (RFC 5656,
3.1.2), each over the data itself, so that nothing of SSH is left in evidence.
"""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gate.errors import EvidenceError, VerificationError
from gate.evidence.keys import VerifyingKey, load_ssh_public
from gate.evidence.p256 import der

SCHEME = "ssh-agent:"

_REQUEST_IDENTITIES, _IDENTITIES = 11, 12
_SIGN_REQUEST, _SIGN_RESPONSE = 13, 14
_LARGEST = 256 * 1024
_SECONDS = 60.0
"""An agent may ask its user before it signs."""
_KINDS = (b"ssh-ed25519", b"ecdsa-sha2-nistp256")


@dataclass(frozen=True, slots=True)
class Identity:
    """A key that the agent offers and evidence can be signed with."""

    blob: bytes
    """The public key as SSH writes it."""
    comment: str
    key: VerifyingKey

    @property
    def fingerprint(self) -> str:
        """As `ssh-add -l` prints it."""
        digest = base64.b64encode(hashlib.sha256(self.blob).digest()).decode("ascii")
        return f"SHA256:{digest.rstrip('=')}"


class AgentSigner:
    """A key in an SSH agent.  Implements `gate.evidence.keys.Signer`."""

    def __init__(self, path: str, identity: Identity) -> None:
        self._path = path
        self._identity = identity

    @property
    def verifying_key(self) -> VerifyingKey:
        """The public half."""
        return self._identity.key

    def sign(self, message: bytes) -> bytes:
        """Return the signature of `message`; EvidenceError where the agent refuses."""
        body = _string(self._identity.blob) + _string(message) + struct.pack(">I", 0)
        answer = _ask(self._path, _SIGN_REQUEST, body, _SIGN_RESPONSE)
        try:
            return _signature(_Reader(answer).string())
        except ValueError as error:
            raise EvidenceError(
                f"the SSH agent gave no usable signature: {error}", where=self._path
            ) from error


def open_agent(selector: str, environment: Mapping[str, str]) -> AgentSigner:
    """Return the signer of a key in the SSH agent.

    `selector` is a fingerprint (``SHA256:…``), a comment, the path of the public
    half, or empty where the agent has only one usable key.  EvidenceError otherwise.
    """
    path = environment.get("SSH_AUTH_SOCK", "")
    if not path:
        raise EvidenceError(
            "there is no SSH agent: SSH_AUTH_SOCK is not set",
            hint="start one (eval $(ssh-agent)) and add a key (ssh-add)",
        )
    offered = identities(path)
    found = [one for one in offered if _is_meant(one, selector)]
    if len(found) == 1:
        return AgentSigner(path, found[0])
    listed = ", ".join(f"{one.fingerprint} ({one.comment})" for one in offered) or "none"
    what = f"{len(found)} keys" if found else "no key"
    raise EvidenceError(
        f"the SSH agent has {what} that '{selector}' names; usable ones: {listed}",
        where=path,
        hint=f"write {SCHEME} and a fingerprint, or add an Ed25519 or P-256 key (ssh-add)",
    )


def identities(path: str) -> list[Identity]:
    """Return the usable keys of the agent at `path`; EvidenceError where it does not answer."""
    reader = _Reader(_ask(path, _REQUEST_IDENTITIES, b"", _IDENTITIES))
    found = []
    try:
        for _ in range(reader.number()):
            blob, comment = reader.string(), reader.string()
            kind = _Reader(blob).string()
            if kind in _KINDS:
                line = kind + b" " + base64.b64encode(blob)
                text = comment.decode("utf-8", "replace")
                found.append(Identity(blob=blob, comment=text, key=load_ssh_public(line)))
    except (ValueError, VerificationError) as error:
        raise EvidenceError(f"the SSH agent lists no readable keys: {error}", where=path) from error
    return found


def _is_meant(identity: Identity, selector: str) -> bool:
    if not selector or selector in (identity.fingerprint, identity.comment):
        return True
    try:
        words = Path(selector).read_bytes()[:_LARGEST].split()
        return len(words) > 1 and base64.b64decode(words[1]) == identity.blob
    except (OSError, ValueError):
        return False


def _signature(blob: bytes) -> bytes:
    """Return what SSH calls a signature in the form that evidence has it."""
    reader = _Reader(blob)
    kind, value = reader.string(), reader.string()
    if kind == b"ssh-ed25519":
        return value
    if kind != b"ecdsa-sha2-nistp256":
        raise ValueError(f"it is of kind {kind[:40]!r}")
    numbers = _Reader(value)
    r, s = (int.from_bytes(numbers.string(), "big") for _ in range(2))
    return der(r, s)


def _ask(path: str, kind: int, body: bytes, expected: int) -> bytes:
    """Return the body of the agent's answer."""
    message = bytes([kind]) + body
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_SECONDS)
            connection.connect(os.fsencode(path))
            connection.sendall(_string(message))
            (length,) = struct.unpack(">I", _receive(connection, 4))
            if not 1 <= length <= _LARGEST:
                raise EvidenceError("the SSH agent answers nonsense", where=path)
            answer = _receive(connection, length)
    except OSError as error:
        raise EvidenceError(
            f"the SSH agent does not answer ({error.strerror or error})",
            where=path,
            hint="check SSH_AUTH_SOCK: ssh-add -l should list the key",
        ) from error
    if answer[0] != expected:
        raise EvidenceError(
            "the SSH agent refuses",
            where=path,
            hint="it is locked, its user declined, or the key was removed: ssh-add -l",
        )
    return answer[1:]


def _receive(connection: socket.socket, count: int) -> bytes:
    content = b""
    while len(content) < count:
        part = connection.recv(count - len(content))
        if not part:
            raise ConnectionResetError("it closed the connection")
        content += part
    return content


def _string(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


class _Reader:
    """Reads the types of RFC 4251, section 5; ValueError past the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def number(self) -> int:
        return int.from_bytes(self._take(4), "big")

    def string(self) -> bytes:
        return self._take(self.number())

    def _take(self, count: int) -> bytes:
        part = self._data[self._position : self._position + count]
        if len(part) != count:
            raise ValueError("it ends too early")
        self._position += count
        return part
