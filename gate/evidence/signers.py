"""One way to name a signing key, wherever it lives.

==================  ======================================================
``FILE``            PEM, Ed25519 or P-256, in the clear or encrypted
``ssh-agent:NAME``  a key in an SSH agent (`gate.evidence.sshagent`)
``pkcs11:…``        a key in an HSM or smart card (`gate.evidence.pkcs11`)
==================  ======================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gate.errors import EvidenceError
from gate.evidence import pkcs11, sshagent
from gate.evidence.keyfiles import read_private
from gate.evidence.keys import Signer

PASSPHRASE = "PATCHGATE_KEY_PASSPHRASE"  # noqa: S105 - the name of the variable
_SIGSTORE = "sigstore:"


@dataclass(frozen=True, slots=True)
class OpenedSigner:
    """A key that is ready to sign."""

    signer: Signer
    warnings: tuple[str, ...] = ()
    """What is unsafe about it, for a person."""


def is_file(reference: str) -> bool:
    """Return whether `reference` names a file."""
    return not reference.startswith((sshagent.SCHEME, pkcs11.SCHEME, _SIGSTORE))


def open_signer(reference: str, environment: Mapping[str, str]) -> OpenedSigner:
    """Return the signer that `reference` names; EvidenceError where it cannot be used."""
    if reference.startswith(sshagent.SCHEME):
        selector = reference.removeprefix(sshagent.SCHEME)
        return OpenedSigner(sshagent.open_agent(selector, environment))
    if reference.startswith(pkcs11.SCHEME):
        return OpenedSigner(pkcs11.open_token(reference, environment))
    if reference.startswith(_SIGSTORE):
        raise EvidenceError(
            "a keyless signature has no key that a ledger could go on with",
            where="--key",
            hint="use a key file, ssh-agent: or pkcs11:",
        )
    path = Path(reference)
    if not path.exists():
        raise EvidenceError(
            "there is no signing key",
            where=str(path),
            hint="make one with `patchgate evidence keygen`, or give one with --key",
        )
    passphrase = environment.get(PASSPHRASE)
    key = read_private(path, passphrase.encode() if passphrase else None)
    return OpenedSigner(key.signer, key.warnings)
