"""`patchgate evidence`: signing keys, and verification by anybody, offline."""

from __future__ import annotations

import os
from pathlib import Path

import click

from gate.cli import exits
from gate.cli.places import key_file, public_key_file
from gate.cli.signing import PASSPHRASE
from gate.errors import UsageError
from gate.evidence.keyfiles import read_public, write_key_pair
from gate.evidence.keys import generate
from gate.evidence.verify import Report, verify_file
from gate.report.encoding import visible


@click.group(name="evidence")
def command() -> None:
    """Make signing keys and verify evidence."""


@command.command()
@click.option("--key", "path", metavar="FILE", envvar="PATCHGATE_KEY", help="Private key to write.")
@click.option(
    "--encrypt", is_flag=True, help=f"Encrypt it with the passphrase in {PASSPHRASE}, or ask."
)
def keygen(*, path: str | None, encrypt: bool) -> None:
    """Make an Ed25519 key pair that signs evidence.

    The public half is what others verify with: give it to whoever audits.
    """
    private = key_file(path)
    public = public_key_file(private)
    passphrase = _passphrase() if encrypt else None
    private.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pair = generate(passphrase)
    write_key_pair(pair, private, public)
    click.echo(f"private key  {private}", err=True)
    click.echo(f"public key   {public}", err=True)
    click.echo(f"key id       {pair.keyid}", err=True)


def _passphrase() -> bytes:
    phrase = os.environ.get(PASSPHRASE) or click.prompt(
        "Passphrase", hide_input=True, confirmation_prompt=True, err=True
    )
    if not phrase:
        raise UsageError("an empty passphrase encrypts nothing", where=PASSPHRASE)
    return str(phrase).encode()


@command.command()
@click.argument("files", nargs=-1, required=True)
@click.option(
    "--trust",
    "trusted",
    metavar="PUBLIC-KEY",
    multiple=True,
    help="A public key you trust; else the one beside your own signing key.",
)
@click.option(
    "--without-attachments",
    is_flag=True,
    help="Do not ask for the attached documents (they lie in blobs/ beside the record).",
)
def verify(*, files: tuple[str, ...], trusted: tuple[str, ...], without_attachments: bool) -> int:
    """Verify recorded runs offline. Exit 6 if anything is altered, missing or not trusted."""
    paths = [Path(name) for name in trusted] or [public_key_file(key_file(None))]
    keys = [read_public(path) for path in paths]
    reports = [verify_file(Path(name), keys, blobs=not without_attachments) for name in files]
    for report in reports:
        _show(report)
    return exits.PASS if all(report.ok for report in reports) else exits.VERIFICATION


def _show(report: Report) -> None:
    verdict = "verified" if report.ok else "NOT VERIFIED"
    click.echo(f"{visible(report.name)}: {verdict}")
    run = report.run
    if run is not None:
        subject = ", ".join(visible(entry.name) for entry in run.subject)
        click.echo(f"  {run.verdict.value} {subject}, decided {run.decided_at:%Y-%m-%d %H:%M} UTC")
        click.echo(f"  signed by {', '.join(key[:16] for key in run.keyids)}")
        checked = report.blobs_checked
        click.echo(
            f"  {checked} attachments unaltered"
            if checked is not None and report.ok
            else "  attachments not checked"
        )
    for problem in report.problems:
        place = f" {problem.where}:" if problem.where else ""
        click.echo(f"  {problem.code.value}{visible(place)} {visible(problem.message)}")
