"""The result of verifying evidence, on a terminal."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import click

from gate.cli.evidence_options import show_problems
from gate.evidence.problems import Problem
from gate.evidence.verify_folder import FolderReport, Logged
from gate.evidence.verify_ledger import LedgerReport
from gate.report.encoding import visible


def show_folder(
    name: str, report: FolderReport, gaps: Sequence[Problem], assets: int | None
) -> None:
    """Print what was found out about a folder or a store."""
    sound = report.ok and not gaps
    click.echo(f"{visible(name)}: {'verified' if sound else 'NOT VERIFIED'}")
    show_ledger(report.ledger)
    counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(report.verdicts.items()))
    records = sum(report.verdicts.values())
    click.echo(f"{records} records verified{f': {counts}' if counts else ''}")
    if report.elsewhere:
        click.echo(f"{report.elsewhere} entries outside of the period have no record here")
    if report.redacted:
        click.echo(f"{len(report.redacted)} records were redacted, in part or whole")
    if assets is not None:
        click.echo(f"{assets - len(gaps)} of {assets} assets were checked")
        show_problems(gaps)
    for logged in (*report.failed, *report.redacted):
        show_record(logged)


def show_ledger(report: LedgerReport) -> None:
    """Print what was found out about a ledger."""
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


def show_record(logged: Logged) -> None:
    """Print what was found out about one record."""
    place = f"entry {logged.number}" if logged.number is not None else "a record"
    state = "verified" if logged.ok else "redacted" if logged.redacted else "NOT VERIFIED"
    click.echo(f"{visible(logged.name or place)}: {state}")
    run = logged.report.run if logged.report is not None else None
    if logged.report is not None and run is not None:
        subject = ", ".join(visible(entry.name) for entry in run.subject)
        click.echo(f"  {run.verdict.value} {subject}, decided {run.decided_at:%Y-%m-%d %H:%M} UTC")
        click.echo(f"  signed by {', '.join(key[:16] for key in run.keyids)}")
        checked = logged.report.blobs_checked
        click.echo(
            f"  {checked} attachments unaltered"
            if checked is not None and logged.ok
            else "  attachments not checked"
        )
    if logged.number is not None and logged.name:
        click.echo(f"  {place} of the ledger")
    show_problems(logged.problems)
