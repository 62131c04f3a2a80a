"""`patchgate evidence redact` and `prune`: remove evidence so that verification knows of it."""

from __future__ import annotations

import os
from datetime import datetime

import click

from gate.cli.evidence_options import folder_option, read_trusted, show_problems, trust_option
from gate.cli.options import PATH, now_option
from gate.cli.places import evidence_folder, key_reference
from gate.errors import UsageError, VerificationError
from gate.evidence.redaction import RECORD, Redaction
from gate.evidence.removal import Chosen, Plan, check_folder, plan, remove
from gate.evidence.signers import open_signer
from gate.evidence.stores import is_url
from gate.evidence.verify_folder import read_snapshot, verify_records
from gate.policy.durations import parse_duration
from gate.report.encoding import visible
from gate.run.clock import read_clock

_key_option = click.option(
    "--key",
    "reference",
    metavar="KEY",
    type=PATH,
    envvar="PATCHGATE_KEY",
    help="Key of who redacts: a file, ssh-agent:NAME or a pkcs11: URI.",
)
_by_option = click.option("--by", metavar="NAME", required=True, help="Who decided it.")
_reason_option = click.option(
    "--reason", metavar="TEXT", required=True, help="Why: stays readable for ever."
)
_dry_option = click.option("--dry-run", is_flag=True, help="Only say what would be removed.")


@click.command(name="redact")
@click.argument("run", metavar="RUN")
@folder_option
@trust_option
@click.option(
    "--attachment",
    "names",
    metavar="NAME",
    multiple=True,
    help="Remove only this attachment (sbom, context, …); else the record and all of them.",
)
@_by_option
@_reason_option
@_key_option
@_dry_option
@now_option
def redact_command(
    *,
    run: str,
    evidence_path: str | None,
    trusted: tuple[str, ...],
    names: tuple[str, ...],
    by: str,
    reason: str,
    reference: str | None,
    dry_run: bool,
    now: str | None,
) -> None:
    """Remove a run, or attachments of it, and leave a signed redaction in its place.

    Digests and the ledger stay, so that verification says what was removed, by whom and
    why (V13) instead of that something is missing. The SBOM is also restated in the
    record itself: to remove it, remove the record.
    """
    moment = read_clock(now).now
    found = _plan(evidence_path, trusted, lambda one: one.run_id == run, names or None)
    if not found.removed and not found.shared:
        raise UsageError(
            "there is nothing of that run to remove",
            where=run,
            hint="`patchgate evidence list` names the runs, `evidence show` their attachments",
        )
    _remove(
        evidence_path,
        found,
        by=by,
        reason=reason,
        reference=reference,
        now=moment,
        dry_run=dry_run,
    )


@click.command(name="prune")
@folder_option
@trust_option
@click.option(
    "--older-than",
    "age",
    metavar="DURATION",
    required=True,
    help="Records that were decided longer ago: 400d, 2555d.",
)
@_by_option
@_reason_option
@_key_option
@_dry_option
@now_option
def prune_command(
    *,
    evidence_path: str | None,
    trusted: tuple[str, ...],
    age: str,
    by: str,
    reason: str,
    reference: str | None,
    dry_run: bool,
    now: str | None,
) -> None:
    """Remove records that are past their retention, and leave a signed redaction.

    The ledger keeps its entries: run, subject, verdict and digest of each record. What
    younger records share with older ones is kept.
    """
    try:
        span = parse_duration(age)
    except ValueError as error:
        raise UsageError(str(error), where="--older-than") from error
    moment = read_clock(now).now
    found = _plan(evidence_path, trusted, lambda one: moment - one.decided_at > span)
    if not found.removed:
        click.echo(f"nothing is older than {age}", err=True)
        return
    _remove(
        evidence_path,
        found,
        by=by,
        reason=reason,
        reference=reference,
        now=moment,
        dry_run=dry_run,
    )


def _plan(
    evidence_path: str | None,
    trusted: tuple[str, ...],
    chosen: Chosen,
    names: tuple[str, ...] | None = None,
) -> Plan:
    if evidence_path and is_url(evidence_path):
        raise UsageError(
            "only a folder lets go of anything",
            where="--evidence",
            hint="buckets and databases have a retention of their own",
        )
    folder = evidence_folder(evidence_path)
    check_folder(folder)
    keys = read_trusted(trusted)
    snapshot = read_snapshot(folder, keys)
    if not snapshot.ledger.ok:
        show_problems(snapshot.ledger.problems, err=True)
        raise VerificationError("does not verify, so nothing is removed", where=str(folder))
    return plan(verify_records(folder, snapshot, keys, blobs=True), chosen, names)


def _remove(
    evidence_path: str | None,
    found: Plan,
    *,
    by: str,
    reason: str,
    reference: str | None,
    now: datetime,
    dry_run: bool,
) -> None:
    records = sum(part.name == RECORD for part in found.removed)
    attachments = len(found.removed) - records
    told = f"{records:,} records and {attachments:,} attachments"
    for part in found.shared:
        click.echo(
            f"kept: {visible(part.name)} of {part.run_id}, another record needs it", err=True
        )
    if dry_run or not found.removed:
        click.echo(f"would remove {told}", err=True)
        return
    signer = open_signer(key_reference(reference), os.environ).signer
    redaction = Redaction(redacted_at=now, by=by, reason=reason, removed=found.removed)
    kept = remove(evidence_folder(evidence_path), redaction, signer)
    click.echo(f"removed {told}", err=True)
    click.echo(f"redaction {visible(str(kept))}", err=True)
