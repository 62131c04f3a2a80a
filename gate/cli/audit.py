"""`patchgate audit`: the evidence of a period, for those who audit."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import click

from gate.cli import exits
from gate.cli.evidence_options import (
    folder_option,
    read_trusted,
    trust_files,
    trust_option,
)
from gate.cli.options import cache_option, now_option
from gate.cli.places import cache_folder, evidence_place
from gate.errors import UsageError
from gate.estate.archive import write_archive
from gate.estate.assets import read_assets
from gate.estate.audit import Audit
from gate.estate.controls import FRAMEWORKS, Framework
from gate.estate.extract import extract
from gate.estate.figures import breaches, never_checked, share
from gate.estate.index import IndexFile
from gate.estate.period import read_period
from gate.estate.reading import read_audit
from gate.policy.durations import parse_duration
from gate.report import audit_csv, audit_page, audit_readme, oscal
from gate.report.encoding import visible
from gate.run.clock import read_clock

_DAY = timedelta(days=1)


@click.group(name="audit")
def command() -> None:
    """Export the evidence of a period for an audit (docs/audit.md)."""


@command.command()
@click.option(
    "--framework", type=click.Choice([*FRAMEWORKS]), required=True, help="Whose controls to name."
)
@click.option(
    "--period", "written", metavar="FIRST..LAST", required=True, help="2026-01-01..2026-06-30, UTC."
)
@click.option(
    "--assets",
    "assets_path",
    metavar="FILE",
    help="CSV of what is in scope: asset, owner, from, until. Shows what was never checked.",
)
@click.option(
    "--every",
    metavar="TIME",
    default="7d",
    show_default=True,
    help="How far apart the checks of a system may be.",
)
@click.option(
    "--ref",
    "refs",
    metavar="REF",
    multiple=True,
    help="Count only runs of this branch or tag (refs/heads/main), and those outside of CI.",
)
@click.option(
    "-o",
    "--output",
    metavar="FOLDER|ARCHIVE",
    required=True,
    help="A new folder, or a .tar, .tar.gz or .zip.",
)
@folder_option
@trust_option
@cache_option
@now_option
def export(
    *,
    framework: str,
    written: str,
    assets_path: str | None,
    every: str,
    refs: tuple[str, ...],
    output: str,
    evidence_path: str | None,
    trusted: tuple[str, ...],
    cache: str | None,
    now: str | None,
) -> int:
    """Write what the evidence says of a period, with the evidence, into one archive.

    A page to read and print, a CSV for each control, OSCAL assessment results, and the
    records with their proofs, which verify by themselves. The same records give the same
    bytes. Exit 6 if some of the evidence does not verify: it is exported, and says so.
    """
    period = read_period(written)
    as_of = min(period.end, read_clock(now).now)
    if as_of <= period.begin:
        raise UsageError("has not begun yet", where=f"--period {period.written}")
    span = _span(every)
    assets = read_assets(Path(assets_path)) if assets_path else None
    place = evidence_place(evidence_path)
    keys = read_trusted(trusted)
    known = cache_folder(cache)
    file = IndexFile(known.parent / "runs" if known else None, place.name, trust_files(trusted))
    index = file.read()
    audit = read_audit(
        place, keys, index, period, as_of=as_of, every=span, assets=assets, refs=refs
    )
    file.keep(index)
    chosen = FRAMEWORKS[framework]
    root = f"patch-evidence-{framework}-{period.written.replace('..', '-to-')}"
    files = _files(audit, chosen, trusted, assets_path, extract(place, keys, audit))
    count = write_archive(Path(output), root, files, as_of)
    _say(audit, output, count)
    return exits.PASS if audit.verified else exits.VERIFICATION


def _span(written: str) -> timedelta:
    try:
        span = parse_duration(written)
    except ValueError as error:
        raise UsageError(str(error), where="--every") from error
    if not span.days or span % _DAY:
        raise UsageError(f"'{written}' is not whole days", where="--every", hint="write 7d")
    return span


def _files(
    audit: Audit,
    framework: Framework,
    trusted: tuple[str, ...],
    assets_path: str | None,
    evidence: Iterator[tuple[str, bytes]],
) -> Iterator[tuple[str, bytes]]:
    """Yield every file of the archive, what a person opens first."""
    yield "README.md", audit_readme.render(audit, framework)
    yield "report.html", audit_page.render(audit, framework)
    yield "oscal-assessment-results.json", oscal.render(audit, framework)
    for name, content in audit_csv.render_all(audit, framework).items():
        yield f"controls/{name}", content
    if assets_path:
        yield "assets.csv", Path(assets_path).read_bytes()
    for content in trust_files(trusted):
        yield f"keys/{hashlib.sha256(content).hexdigest()[:16]}{_ending(content)}", content
    yield from evidence


def _ending(content: bytes) -> str:
    if content.startswith(b"-----BEGIN"):
        return ".pem"
    return ".json" if content.lstrip().startswith(b"{") else ".yaml"


def _say(audit: Audit, output: str, count: int) -> None:
    total = share(audit.lives, audit.as_of)
    percent = f"{total.percent:.1f}%" if total.percent is not None else "no flaw"
    gaps = sum(bool(system.gaps) for system in audit.systems)
    kept = f"{percent} fixed in time ({total.kept} of {total.total})"
    never = len(never_checked(audit))
    lines = [
        f"{kept}, {total.excepted} accepted, {len(breaches(audit))} breaches",
        f"{len(audit.systems)} systems, {never} never checked, {gaps} with gaps",
        f"wrote {visible(output)}: {count} files",
    ]
    if not audit.verified:
        lines.append(f"NOT VERIFIED: {len(audit.problems)} problems; the page lists them")
    for line in lines:
        click.echo(f"patchgate: {line}", err=True)
