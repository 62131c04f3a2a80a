"""`patchgate db show`: what the store knows of one flaw, and which severity counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from gate.advisories.model import StoredRecord
from gate.advisories.osv import Record
from gate.advisories.severity import Statement, statements
from gate.advisories.store import Store
from gate.cli import exits
from gate.cli.options import store_option
from gate.cli.places import store_folder
from gate.errors import AdvisoryError
from gate.matching.rating import rate
from gate.report.encoding import visible

_PACKAGES = 12


@click.command("show")
@click.argument("identifier", metavar="ID")
@store_option
def command(*, identifier: str, store: str | None) -> int:
    """Show the records that go by ID, and which severity counts and why.

    ID is that of an advisory or one of its aliases. The severities of the
    record itself rank before those of others that name the same flaw.
    """
    with Store.open(store_folder(store)) as opened:
        records = opened.known_as(identifier)
    if not records:
        raise AdvisoryError(
            f"no record goes by '{identifier}'",
            hint="check the spelling, and which sources there are: patchgate db status",
        )
    for line in _lines(identifier, records):
        click.echo(visible(line))
    return exits.PASS


def _lines(identifier: str, records: Sequence[StoredRecord]) -> Iterator[str]:
    for stored in records:
        yield from _of_record(stored.source, stored.record)
    own: list[Statement] = []
    borrowed: list[Statement] = []
    for stored in records:
        if stored.record.withdrawn is None:
            said = statements(stored.record, ())
            (own if stored.record.id == identifier else borrowed).extend(said)
    rating = rate(own, borrowed)
    yield f"severity: {rating.severity.value}"
    if not rating.candidates:
        yield "  no record says anything of it; the policy's severity.unknown counts"
    for statement in rating.candidates:
        mark = "taken    " if statement == rating.taken else "not taken"
        yield f"  {mark}  {_of_statement(statement)}"


def _of_record(source: str, record: Record) -> Iterator[str]:
    state = f", withdrawn {record.withdrawn:%Y-%m-%d}" if record.withdrawn else ""
    published = f"published {record.published:%Y-%m-%d}, " if record.published else ""
    yield f"{record.id} ({source}): {published}modified {record.modified:%Y-%m-%d}{state}"
    if record.summary:
        yield f"  {record.summary}"
    for word, names in (
        ("aliases", record.aliases),
        ("upstream", record.upstream),
        ("related", record.related),
    ):
        if names:
            yield f"  {word}: {', '.join(names)}"
    packages = sorted(
        {
            f"{entry.package.ecosystem} {entry.package.name}"
            for entry in record.affected or ()
            if entry.package is not None
        }
    )
    for package in packages[:_PACKAGES]:
        yield f"  affects {package}"
    if len(packages) > _PACKAGES:
        yield f"  and {len(packages) - _PACKAGES} more packages"


def _of_statement(statement: Statement) -> str:
    score = f" {statement.score:g}" if statement.score is not None else ""
    said = statement.vector or statement.word
    return (
        f"{statement.severity.value}{score} by {statement.advisory}, "
        f"{statement.method} ({statement.basis.value}): {said}"
    )
