"""`patchgate db`: import, download and inspect advisories."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import click
import msgspec

from gate.advisories.ecosystems import base_of
from gate.advisories.feeds import passed_over
from gate.advisories.ingest import ImportOptions, ImportReport, Origin, import_paths
from gate.advisories.lookup import lookup
from gate.advisories.model import SourceInfo
from gate.advisories.store import Store
from gate.advisories.transfer import export_snapshot, import_snapshot, is_snapshot
from gate.advisories.update import Feeds, update
from gate.cli import exits
from gate.cli.db_exploitation import epss_command, kev_command
from gate.cli.db_show import command as show_command
from gate.cli.db_test import command as test_command
from gate.cli.db_verify import command as verify_command
from gate.cli.inputs import read_budget
from gate.cli.options import base_urls_option, limit_option, now_option, store_option
from gate.cli.places import store_folder
from gate.errors import UsageError
from gate.policy.durations import write_duration
from gate.report.encoding import visible
from gate.run.clock import read_clock, read_time
from gate.run.reading import read_bom
from gate.sources.request import Choice


@click.group("db", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Import, download and inspect advisories."""


command.add_command(epss_command)
command.add_command(kev_command)
command.add_command(show_command)
command.add_command(test_command)
command.add_command(verify_command)

_FILES_SHOWN = 3
_shrink_option = click.option(
    "--allow-shrink", is_flag=True, help="Accept a source that lost more than 5 % of its records."
)


@command.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@store_option
@now_option
@click.option(
    "--as-of",
    metavar="TIME",
    help="Vouch that the data is current as of this time; without it the newest record counts.",
)
@click.option(
    "--skip-unreadable",
    is_flag=True,
    help="Leave out records that cannot be decoded; what needs their source is then no PASS.",
)
@click.option("--sha256", metavar="HEX", help="Digest that an exported snapshot must have.")
@_shrink_option
def import_command(
    *,
    paths: tuple[Path, ...],
    store: str | None,
    now: str | None,
    as_of: str | None,
    skip_unreadable: bool,
    sha256: str | None,
    allow_shrink: bool,
) -> int:
    """Import OSV records from PATHS.

    A path is an all.zip as osv.dev publishes it, a folder with
    <Ecosystem>/all.zip in it, a folder of *.json records, or one record.
    A source with the same name is replaced; the others stay.  All or nothing.
    A snapshot of `db export` is imported by itself.
    """
    if len(paths) == 1 and is_snapshot(paths[0]):
        return _import_snapshot(store_folder(store), paths[0], sha256 or "", allow_shrink)
    if sha256:
        raise UsageError("goes with one exported snapshot", where="--sha256")
    clock = read_clock(now)
    vouched = read_time(as_of, "--as-of") if as_of else None
    if vouched is not None and vouched > clock.now:
        raise UsageError(
            f"{as_of} lies in the future", where="--as-of", hint="nobody can vouch for that"
        )
    report = import_paths(
        store_folder(store),
        paths,
        now=clock.now,
        origin=Origin(as_of=vouched) if vouched is not None else None,
        options=ImportOptions(skip_unreadable=skip_unreadable, allow_shrink=allow_shrink),
        progress=_progress(),
    )
    _print_report(report)
    _say_passed_over(passed_over(paths))
    return exits.PASS


@command.command("export")
@click.argument("path", type=click.Path(path_type=Path))
@store_option
def export_command(*, path: Path, store: str | None) -> int:
    """Write the store to the file PATH, for where there is no network.

    Import it there with the digest that is printed:
    patchgate db import PATH --sha256 HEX
    """
    sent = export_snapshot(store_folder(store), path)
    click.echo(f"{visible(str(path))}: {len(sent.snapshot.shards)} sources, {sent.size:,} bytes")
    click.echo(f"snapshot {sent.snapshot.digest}")
    click.echo(f"sha256 {sent.sha256}")
    return exits.PASS


@command.command("status")
@store_option
@now_option
@click.option("--check", is_flag=True, help="Read every record, and check every digest.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def status_command(*, store: str | None, now: str | None, check: bool, as_json: bool) -> int:
    """Print what the store holds: records, newest change, digest and age of each source."""
    clock = read_clock(now)
    with Store.open(store_folder(store)) as opened:
        if check:
            opened.verify()
        sources, digest = opened.sources, opened.digest
    if as_json:
        content = msgspec.json.encode({"snapshot": digest, "sources": sources})
        click.echo(msgspec.json.format(content, indent=2))
        return exits.PASS
    _print_sources(sources, clock.now)
    click.echo(f"snapshot {digest}")
    if check:
        click.echo("every record and digest was checked")
    return exits.PASS


@command.command("update")
@click.argument("ecosystems", nargs=-1)
@store_option
@click.option(
    "--for",
    "targets",
    metavar="TARGET",
    multiple=True,
    help="Update what this image, host or SBOM needs (may be repeated).",
)
@base_urls_option
@click.option(
    "--timeout", metavar="SECONDS", type=click.IntRange(min=1), default=1800, show_default=True
)
@_shrink_option
@limit_option
def update_command(
    *,
    ecosystems: tuple[str, ...],
    store: str | None,
    targets: tuple[str, ...],
    base_urls: tuple[str, ...],
    timeout: int,
    allow_shrink: bool,
    limits: tuple[str, ...],
) -> int:
    """Download ECOSYSTEMS (Debian, AlmaLinux, PyPI, …) where they have changed.

    Without any, and without --for, everything that the store holds is brought
    up to date. An interrupted download goes on where it stopped.
    """
    folder = store_folder(store)
    names = [*ecosystems]
    for target in targets:
        asked = lookup(read_bom(target, Choice(), read_budget(limits)))
        names.extend(sorted({base_of(query.ecosystem) for query in asked.queries}))
    if not names:
        with Store.open(folder) as opened:
            names = [source.name for source in opened.sources]
    report = update(
        folder,
        Feeds(ecosystems=tuple(names), base_urls=base_urls, seconds=timeout),
        now=read_clock(None).now,
        options=ImportOptions(allow_shrink=allow_shrink),
        progress=_progress(),
    )
    _print_report(report)
    return exits.PASS


def _say_passed_over(files: Sequence[Path]) -> None:
    """Name what lay beside the records and was not imported, on standard error."""
    if files:
        shown = ", ".join(file.name for file in files[:_FILES_SHOWN])
        more = f" and {len(files) - _FILES_SHOWN} more" if len(files) > _FILES_SHOWN else ""
        click.echo(f"patchgate: not imported: {visible(shown)}{more}", err=True)


def _import_snapshot(folder: Path, path: Path, sha256: str, allow_shrink: bool) -> int:
    came = import_snapshot(folder, path, sha256=sha256, allow_shrink=allow_shrink)
    for source in came.snapshot.sources:
        click.echo(f"{visible(source.name)}: {source.records:,} records, {source.as_of_basis}")
    click.echo(f"snapshot {came.snapshot.digest}")
    click.echo(f"sha256 {came.sha256}{' as given' if sha256 else ', compared with nothing'}")
    return exits.PASS


def _progress() -> Callable[[str], None] | None:
    """Return how to tell a person at a terminal what has been done."""
    if not sys.stderr.isatty():
        return None
    return lambda name: click.echo(f"  {visible(name)}", err=True)


def _print_report(report: ImportReport) -> None:
    for item in report.imported:
        source = item.source
        state = "unchanged" if item.unchanged else f"{source.records:,} records"
        newest = f", newest {source.newest_modified:%Y-%m-%d}" if source.newest_modified else ""
        left_out = f", {source.unreadable} unreadable left out" if source.unreadable else ""
        click.echo(f"{visible(source.name)}: {state}{newest}{left_out}")
    click.echo(f"snapshot {report.digest}")


def _print_sources(sources: Sequence[SourceInfo], now: datetime) -> None:
    rows = [("SOURCE", "RECORDS", "NEWEST", "AS OF", "AGE", "DIGEST")]
    for source in sources:
        newest = f"{source.newest_modified:%Y-%m-%d}" if source.newest_modified else "-"
        rows.append(
            (
                visible(source.name),
                f"{source.records:,}",
                newest,
                f"{source.as_of:%Y-%m-%d %H:%M}Z {source.as_of_basis}",
                write_duration(max(now - source.as_of, timedelta(0))),
                source.digest[:19],
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [text.ljust(width) for text, width in zip(row, widths, strict=True)]
        cells[1] = row[1].rjust(widths[1])
        click.echo("  ".join(cells).rstrip())
