"""Keys on the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gate.cli.places import key_reference, open_evidence_store, spool_folder
from gate.errors import EvidenceError
from gate.evidence.record import Store
from gate.evidence.stores import UnavailableStore, folder_store
from gate.run.environment import read_ci
from gate.run.identity import Identified
from gate.run.recording import Recorder

if TYPE_CHECKING:
    from gate.evidence.keys import VerifyingKey

PASSPHRASE = "PATCHGATE_KEY_PASSPHRASE"  # noqa: S105 - the name of the variable


def make_recorder(
    key_path: str | None,
    evidence_path: str | None,
    sights: Path | None,
    environment: Mapping[str, str],
    *,
    identified: Identified,
    ticket: str = "",
    former: Sequence[VerifyingKey] = (),
) -> tuple[Recorder, tuple[str, ...]]:
    """Return a recorder with its signing key, and what is unsafe about the key.

    What `former` keys saw first counts as well.

    Raises EvidenceError where there is no key, or it cannot be opened.  A store that
    cannot be used is no error here: its records will go to the spool.
    """
    from gate.evidence.sightings import SightingLedger  # noqa: PLC0415 - 16 ms of cryptography
    from gate.evidence.signers import open_signer  # noqa: PLC0415

    key = open_signer(key_reference(key_path), environment)
    store, name = _store(evidence_path)
    spool = spool_folder(environment.get("PATCHGATE_SPOOL"))
    recorder = Recorder(
        signer=key.signer,
        store=store,
        name=name,
        spool=folder_store(spool) if str(spool) != name else None,
        spool_name=str(spool),
        actor=identified.actor,
        identity_fault=identified.fault,
        ci=read_ci(environment),
        ledger=SightingLedger(sights, (key.signer.verifying_key, *former)),
        ticket=ticket,
    )
    return recorder, key.warnings


def _store(evidence_path: str | None) -> tuple[Store, str]:
    """Return the store to record in, and its name for messages."""
    try:
        store = open_evidence_store(evidence_path)
    except EvidenceError as error:
        return UnavailableStore(error), error.where
    return store, store.name
