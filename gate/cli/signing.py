"""Keys on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gate.cli.places import key_reference
from gate.run.environment import read_actor, read_ci
from gate.run.recording import Recorder

PASSPHRASE = "PATCHGATE_KEY_PASSPHRASE"  # noqa: S105 - the name of the variable


def make_recorder(
    key_path: str | None,
    evidence: Path,
    sights: Path,
    environment: Mapping[str, str],
    *,
    ticket: str = "",
) -> tuple[Recorder, tuple[str, ...]]:
    """Return a recorder with its signing key, and what is unsafe about the key.

    Raises EvidenceError where there is no key, or it cannot be opened.
    """
    from gate.evidence.sightings import SightingLedger  # noqa: PLC0415 - 16 ms of cryptography
    from gate.evidence.signers import open_signer  # noqa: PLC0415
    from gate.evidence.store import FolderStore  # noqa: PLC0415

    key = open_signer(key_reference(key_path), environment)
    recorder = Recorder(
        signer=key.signer,
        store=FolderStore(evidence),
        actor=read_actor(environment),
        ci=read_ci(environment),
        ledger=SightingLedger(sights, key.signer.verifying_key),
        ticket=ticket,
    )
    return recorder, key.warnings
