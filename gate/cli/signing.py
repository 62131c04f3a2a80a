"""Keys on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gate.cli.places import key_file
from gate.errors import EvidenceError
from gate.run.environment import read_actor, read_ci
from gate.run.recording import Recorder

PASSPHRASE = "PATCHGATE_KEY_PASSPHRASE"  # noqa: S105 - the name of the variable


def make_recorder(
    key_path: str | None, evidence: Path, sights: Path, environment: Mapping[str, str]
) -> tuple[Recorder, tuple[str, ...]]:
    """Return a recorder with its signing key, and what is unsafe about the key.

    Raises EvidenceError where there is no key, or it cannot be opened.
    """
    from gate.evidence.keyfiles import read_private  # noqa: PLC0415 - 16 ms of cryptography
    from gate.evidence.sightings import SightingLedger  # noqa: PLC0415
    from gate.evidence.store import FolderStore  # noqa: PLC0415

    path = key_file(key_path)
    if not path.exists():
        raise EvidenceError(
            "there is no signing key",
            where=str(path),
            hint="make one with `patchgate evidence keygen`, or give one with --key",
        )
    passphrase = environment.get(PASSPHRASE)
    key = read_private(path, passphrase.encode() if passphrase else None)
    recorder = Recorder(
        signer=key.signer,
        store=FolderStore(evidence),
        actor=read_actor(environment),
        ci=read_ci(environment),
        ledger=SightingLedger(sights, key.signer.verifying_key),
    )
    return recorder, key.warnings
