"""`patchgate evidence`: signing keys, and what was recorded with them."""

from __future__ import annotations

import os

import click

from gate.cli import (
    evidence_attest,
    evidence_diff,
    evidence_list,
    evidence_prove,
    evidence_push,
    evidence_redact,
    evidence_replay,
    evidence_show,
    evidence_verify,
)
from gate.cli.output import emit
from gate.cli.places import key_file, key_reference, public_key_file
from gate.cli.signing import PASSPHRASE
from gate.errors import UsageError
from gate.evidence.keyfiles import write_key_pair
from gate.evidence.keys import generate
from gate.evidence.signers import open_signer


@click.group(name="evidence")
def command() -> None:
    """Make signing keys; verify, list, show and replay recorded runs."""


@command.command()
@click.option("--key", "path", metavar="FILE", envvar="PATCHGATE_KEY", help="Private key to write.")
@click.option(
    "--type",
    "kind",
    type=click.Choice(["ed25519", "p256"]),
    default="ed25519",
    show_default=True,
    help="p256 where a reader cannot verify Ed25519.",
)
@click.option(
    "--encrypt", is_flag=True, help=f"Encrypt it with the passphrase in {PASSPHRASE}, or ask."
)
def keygen(*, path: str | None, kind: str, encrypt: bool) -> None:
    """Make a key pair that signs evidence.

    The public half is what others verify with: give it to whoever audits. Keys in an
    SSH agent or an HSM are made with their own tools; `evidence public-key` prints
    their public half.
    """
    private = key_file(path)
    public = public_key_file(private)
    passphrase = _passphrase() if encrypt else None
    private.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pair = generate(passphrase, kind)
    write_key_pair(pair, private, public)
    click.echo(f"private key  {private}", err=True)
    click.echo(f"public key   {public}", err=True)
    click.echo(f"key id       {pair.keyid}", err=True)


@command.command(name="public-key")
@click.option(
    "--key",
    "reference",
    metavar="KEY",
    envvar="PATCHGATE_KEY",
    help="A file, ssh-agent:NAME or a pkcs11: URI.",
)
def public_key(*, reference: str | None) -> None:
    """Print the public half of a signing key as PEM: what others verify with."""
    key = open_signer(key_reference(reference), os.environ).signer.verifying_key
    emit(key.pem)
    click.echo(f"key id       {key.keyid}", err=True)


def _passphrase() -> bytes:
    phrase = os.environ.get(PASSPHRASE) or click.prompt(
        "Passphrase", hide_input=True, confirmation_prompt=True, err=True
    )
    if not phrase:
        raise UsageError("an empty passphrase encrypts nothing", where=PASSPHRASE)
    return str(phrase).encode()


command.add_command(evidence_attest.witness)
command.add_command(evidence_attest.timestamp_command)
command.add_command(evidence_attest.rotate)
command.add_command(evidence_verify.command)
command.add_command(evidence_list.list_command)
command.add_command(evidence_show.command)
command.add_command(evidence_diff.command)
command.add_command(evidence_replay.command)
command.add_command(evidence_prove.command)
command.add_command(evidence_push.push_command)
command.add_command(evidence_push.schema_command)
command.add_command(evidence_redact.redact_command)
command.add_command(evidence_redact.prune_command)
