"""`patchgate evidence verify`: a whole folder, or single records."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path

import click

from gate.cli import exits
from gate.cli.evidence_options import (
    read_kept,
    read_small,
    read_trusted,
    show_problems,
    trust_option,
)
from gate.cli.options import PATH
from gate.cli.places import evidence_place
from gate.errors import UsageError
from gate.estate.period import read_period
from gate.evidence.keys import VerifyingKey
from gate.evidence.ledger import FOLDER
from gate.evidence.stores import is_url
from gate.evidence.verify_folder import (
    FolderReport,
    Logged,
    read_snapshot,
    verify_folder,
    verify_record,
    verify_with_proof,
)
from gate.evidence.verify_ledger import KeptCheckpoint, LedgerReport
from gate.report.encoding import visible


@click.command(name="verify")
@click.argument("paths", metavar="FOLDER|FILE|URL...", nargs=-1, required=True)
@trust_option
@click.option(
    "--checkpoint",
    "kept",
    metavar="FILE",
    type=PATH,
    multiple=True,
    help="A checkpoint of this ledger that you kept: nothing may have been cut or rewritten since.",
)
@click.option(
    "--proof",
    "proof",
    metavar="FILE",
    type=PATH,
    help="A proof (evidence prove) that a ledger has the record; takes the place of its ledger.",
)
@click.option(
    "--period",
    "written",
    metavar="FIRST..LAST",
    help="An extract (audit export): records of other times than 2026-01-01..2026-06-30 "
    "may be missing.",
)
@click.option(
    "--without-attachments",
    is_flag=True,
    help="Do not ask for the attached documents (they lie in blobs/ beside the record).",
)
def command(
    *,
    paths: tuple[str, ...],
    trusted: tuple[str, ...],
    kept: tuple[str, ...],
    proof: str | None,
    written: str | None,
    without_attachments: bool,
) -> int:
    """Verify evidence offline. Exit 6 if anything is altered, missing or not trusted.

    A FOLDER, or the store of a URL, is verified whole: its ledger, every record
    in it, and that there is none beside it. A FILE is one record; a ledger beside
    it must know it.
    """
    keys = read_trusted(trusted)
    checkpoints = read_kept(kept)
    period = read_period(written) if written else None
    if proof is not None:
        if kept or len(paths) > 1 or is_url(paths[0]) or Path(paths[0]).is_dir():
            raise UsageError("belongs to one record, without a checkpoint", where="--proof")
        proven = verify_with_proof(
            Path(paths[0]), read_small(Path(proof)), proof, keys, blobs=not without_attachments
        )
        _show_record(proven)
        return exits.PASS if proven.ok else exits.VERIFICATION
    sound = []
    for name in paths:
        path = Path(name)
        if is_url(name) or path.is_dir():
            place = evidence_place(name)
            report = verify_folder(
                place,
                keys,
                checkpoints,
                blobs=not without_attachments,
                needed=period.has_run if period is not None else None,
            )
            _show_folder(place.name, report)
            sound.append(report.ok)
        else:
            sound.append(_verify_file(path, keys, checkpoints, blobs=not without_attachments))
    return exits.PASS if all(sound) else exits.VERIFICATION


def _verify_file(
    path: Path, keys: Sequence[VerifyingKey], kept: Sequence[KeptCheckpoint], *, blobs: bool
) -> bool:
    """Verify and show one record; return whether all is well."""
    snapshot = None
    if (path.parent / FOLDER).exists():
        snapshot = read_snapshot(path.parent, keys, kept)
    elif kept:
        raise UsageError(
            "there is no ledger beside this record to hold a checkpoint against",
            where=str(path),
            hint="give the evidence folder",
        )
    logged = verify_record(path, snapshot, keys, blobs=blobs)
    _show_record(logged)
    if snapshot is None:
        click.echo("  not held against a ledger: there is none beside it")
        return logged.ok
    if not snapshot.ledger.ok:
        _show_ledger(snapshot.ledger)
    return logged.ok and snapshot.ledger.ok


def _show_folder(name: str, report: FolderReport) -> None:
    click.echo(f"{visible(name)}: {'verified' if report.ok else 'NOT VERIFIED'}")
    _show_ledger(report.ledger)
    counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(report.verdicts.items()))
    records = sum(report.verdicts.values())
    click.echo(f"{records} records verified{f': {counts}' if counts else ''}")
    if report.elsewhere:
        click.echo(f"{report.elsewhere} entries outside of the period have no record here")
    for logged in report.failed:
        _show_record(logged)


def _show_ledger(report: LedgerReport) -> None:
    if report.signed is not None:
        checkpoint = report.signed.checkpoint
        state = "verified" if report.ok else "NOT VERIFIED"
        click.echo(f"ledger {visible(checkpoint.origin)}: {state}")
        root = base64.b64encode(checkpoint.root).decode("ascii")
        click.echo(f"  {checkpoint.size} entries, root {root}")
        click.echo(f"  signed by {', '.join(key[:16] for key in report.signed.keyids)}")
    else:
        click.echo("ledger: NOT VERIFIED")
    show_problems(report.problems)


def _show_record(logged: Logged) -> None:
    place = f"entry {logged.number}" if logged.number is not None else "a record"
    click.echo(f"{visible(logged.name or place)}: {'verified' if logged.ok else 'NOT VERIFIED'}")
    run = logged.report.run if logged.report is not None else None
    if logged.report is not None and run is not None:
        subject = ", ".join(visible(entry.name) for entry in run.subject)
        click.echo(f"  {run.verdict.value} {subject}, decided {run.decided_at:%Y-%m-%d %H:%M} UTC")
        click.echo(f"  signed by {', '.join(key[:16] for key in run.keyids)}")
        checked = logged.report.blobs_checked
        click.echo(
            f"  {checked} attachments unaltered"
            if checked is not None and logged.report.ok
            else "  attachments not checked"
        )
    if logged.number is not None and logged.name:
        click.echo(f"  {place} of the ledger")
    show_problems(logged.problems)
