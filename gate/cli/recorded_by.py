"""Who records a run, in whose name, and after which earlier ones."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from gate.cli.loudness import Loudness, loudness
from gate.cli.places import sights_file
from gate.cli.signing import make_recorder
from gate.errors import EvidenceError
from gate.evidence.extension import Actor
from gate.evidence.stores import UnavailableStore
from gate.report.encoding import visible
from gate.run.clock import read_clock
from gate.run.history import History
from gate.run.identity import Identified, identify
from gate.run.recording import Recorder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gate.evidence.keys import VerifyingKey
    from gate.evidence.stores import EvidenceStore
    from gate.policy.model import ActorPolicy

_LINE = 500


def open_recorder(
    no_evidence: bool,
    key_path: str | None,
    evidence_path: str | None,
    sights_path: str | None,
    ticket: str,
    *,
    former: Sequence[VerifyingKey],
    identified: Identified,
) -> Recorder | EvidenceError | None:
    """Return what records the run: None where nothing is to be, the reason where it cannot be."""
    if no_evidence:
        return None
    try:
        sights = sights_file(sights_path, evidence_path)
        recorder, warnings = make_recorder(
            key_path,
            evidence_path,
            sights,
            os.environ,
            ticket=ticket,
            former=former,
            identified=identified,
        )
    except EvidenceError as error:
        return error
    for warning in warnings if loudness() > Loudness.QUIET else ():
        click.echo(f"patchgate: {visible(warning)}", err=True)
    return recorder


def identify_actor(asked: ActorPolicy, token_keys: str | None, *, no_evidence: bool) -> Identified:
    """Return who started the run; what is wrong with a token is told in any case."""
    if no_evidence:
        return Identified(actor=Actor(), fault="nothing is recorded")
    keys = Path(token_keys) if token_keys else None
    found = identify(os.environ, read_clock(None).now, asked.issuers, keys)
    if found.fault and found.has_token and loudness() > Loudness.QUIET:
        click.echo(f"patchgate: the actor is only claimed: {visible(found.fault, _LINE)}", err=True)
    return found


def former_keys(trusted: tuple[str, ...]) -> Sequence[VerifyingKey]:
    """Return the keys of those who signed earlier runs."""
    if not trusted:
        return ()
    from gate.cli.evidence_options import read_trusted  # noqa: PLC0415 - only where keys are given

    return tuple(read_trusted(trusted))


def history_of(
    recorder: Recorder | EvidenceError | None, former: Sequence[VerifyingKey]
) -> History | None:
    """Return where earlier runs are looked up; None where there is no such place."""
    if not isinstance(recorder, Recorder) or isinstance(recorder.store, UnavailableStore):
        return None
    place = cast("EvidenceStore", recorder.store)
    return History(place=place, keys=(recorder.signer.verifying_key, *former))
