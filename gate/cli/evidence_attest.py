"""`patchgate evidence witness`, `timestamp` and `rotate`: who else vouches for a ledger."""

from __future__ import annotations

import os
from pathlib import Path

import click

from gate.cli.evidence_options import folder_option, read_trusted, trust_option, tsa_option
from gate.cli.options import PATH, now_option
from gate.cli.places import evidence_folder, key_reference
from gate.errors import UsageError
from gate.evidence import timestamp
from gate.evidence.rotation import rotate as rotate_key
from gate.evidence.signers import open_signer
from gate.evidence.witnessing import stamp
from gate.evidence.witnessing import witness as cosign_ledger
from gate.report.encoding import visible
from gate.run.clock import read_clock

_KEY = "A file, ssh-agent:NAME or a pkcs11: URI."


@click.command(name="witness")
@folder_option
@trust_option
@click.option("--key", "reference", metavar="KEY", type=PATH, required=True, help=_KEY)
@click.option(
    "--name",
    required=True,
    metavar="NAME",
    help="Name of this witness, as trust files give it: compliance.example/w1.",
)
@click.option(
    "--seen",
    metavar="FILE",
    type=PATH,
    required=True,
    help="Where the witness keeps what it signed last, out of reach of the gate.",
)
@now_option
def witness(
    *,
    evidence_path: str | None,
    trusted: tuple[str, ...],
    reference: str,
    name: str,
    seen: str,
    now: str | None,
) -> None:
    """Cosign the ledger as a second party (C2SP tlog-cosignature).

    The ledger is verified first, and must go on from what this witness signed last:
    so nobody can rewrite it, or show different histories, without the witness.
    """
    folder = evidence_folder(evidence_path)
    signer = open_signer(reference, os.environ).signer
    done = cosign_ledger(
        folder,
        read_trusted(trusted),
        signer,
        name=name,
        seen=Path(seen),
        now=read_clock(now).now,
    )
    since = f"it had seen {done.before:,} before" if done.before else "the first time"
    click.echo(f"{visible(name)} cosigned {done.size:,} entries ({since})", err=True)
    click.echo(f"kept in {visible(str(done.path))}", err=True)


@click.command(name="timestamp")
@folder_option
@trust_option
@tsa_option
@click.option("--tsa", "url", metavar="URL", required=True, help="The time stamp authority.")
def timestamp_command(
    *, evidence_path: str | None, trusted: tuple[str, ...], tsa_roots: tuple[str, ...], url: str
) -> None:
    """Have the ledger stamped by a time stamp authority (RFC 3161).

    The ledger is verified before, the token after; both are kept with it. One token
    covers all entries: stamp after the last run of a day, and once a year again.
    """
    trust = read_trusted(trusted, tsa_roots)
    if not trust.authorities:
        raise UsageError(
            "which authority to trust is not said",
            where="--tsa-ca",
            hint="give its root certificate, or a trust file with time_stamp_authorities",
        )
    done = stamp(
        evidence_folder(evidence_path),
        trust,
        lambda text: timestamp.request(text, url, trust.authorities),
    )
    click.echo(f"stamped {done.size:,} entries at {done.time:%Y-%m-%d %H:%M:%S} UTC", err=True)
    click.echo(f"kept in {visible(str(done.path))}", err=True)


@click.command(name="rotate")
@folder_option
@trust_option
@tsa_option
@click.option("--key", "reference", metavar="KEY", type=PATH, help=f"The new key. {_KEY}")
def rotate(
    *,
    evidence_path: str | None,
    trusted: tuple[str, ...],
    tsa_roots: tuple[str, ...],
    reference: str | None,
) -> None:
    """Go on with a new signing key, which vouches for the ledger as it stands.

    Everything is verified first with --trust, the keys until now. Then add the new
    key to the trust file, with the time from which it is valid.
    """
    signer = open_signer(key_reference(reference), os.environ).signer
    size = rotate_key(evidence_folder(evidence_path), signer, read_trusted(trusted, tsa_roots))
    click.echo(f"key {signer.verifying_key.keyid} vouches for {size:,} entries", err=True)
