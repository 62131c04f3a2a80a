"""`patchgate evidence push` and `schema`: other stores than a folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from gate.cli import exits
from gate.cli.evidence_options import read_trusted, show_problems, trust_option
from gate.cli.places import evidence_place, key_reference, open_evidence_store
from gate.errors import UsageError
from gate.evidence.push import push
from gate.evidence.signers import open_signer
from gate.report.encoding import visible

if TYPE_CHECKING:
    from gate.evidence.place import Place
    from gate.evidence.push import Pushed
    from gate.evidence.trust import Trust


@click.command(name="push")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@trust_option
@click.option(
    "--key",
    "key_path",
    metavar="FILE",
    envvar="PATCHGATE_KEY",
    help="Private key that signs the ledger of TO.",
)
def push_command(
    *, source: str, target: str, trusted: tuple[str, ...], key_path: str | None
) -> int:
    """Carry recorded runs from one place to another, each once.

    For runs that were offline, and to move evidence: FROM and TO are folders or URLs.
    Every record is verified, and carried as it is, in the order of the ledger of
    FROM; what TO has already is left alone. FROM is not changed. Exit 6 if a record
    does not verify (it is not carried), 5 if TO does not take one.

    In a registry (oci://registry/repository) records and ledger are published as they are, each
    record as a referrer of its image where that is in the same repository.
    """
    if source == target:
        raise UsageError("are the same place", where="FROM and TO")
    keys = read_trusted(trusted)
    place = evidence_place(source)
    if target.lower().startswith("oci://"):
        return _publish(place, target, keys)
    key = open_signer(key_reference(key_path), os.environ)
    for warning in key.warnings:
        click.echo(f"patchgate: {visible(warning)}", err=True)
    store = open_evidence_store(target)
    pushed = push(place, store, key.signer, keys)
    return _shown(place.name, store.name, pushed)


def _publish(place: Place, target: str, keys: Trust) -> int:
    """Publish in a registry, whose ledger is that of the place."""
    from gate.evidence.stores.oci import OciPlace, publish, reference_of  # noqa: PLC0415 - only here

    published = OciPlace(reference_of(target))
    return _shown(place.name, published.name, publish(place, published, keys))


def _shown(source: str, target: str, pushed: Pushed) -> int:
    if not pushed.snapshot.ledger.ok:
        click.echo(f"{visible(source)}: NOT VERIFIED, so nothing is pushed")
        show_problems(pushed.snapshot.ledger.problems)
    for logged in pushed.refused:
        click.echo(f"{visible(logged.name)}: NOT VERIFIED, so it is not pushed")
        show_problems(logged.problems)
    click.echo(
        f"{pushed.new} records pushed to {visible(target)}, {pushed.there} were there already"
    )
    return exits.PASS if pushed.ok else exits.VERIFICATION


@click.command(name="schema")
@click.option("--role", default="patchgate", help="Role that gates record with.")
def schema_command(*, role: str) -> None:
    """Print the SQL for evidence in PostgreSQL: tables, and the rights of one role.

    The role can insert and read, and neither update nor delete. The owner of the
    database runs it once: patchgate evidence schema --role gate | psql DATABASE
    """
    from gate.evidence.stores.schema import schema_for  # noqa: PLC0415 - only here

    click.echo(schema_for(role), nl=False)
