"""`patchgate evidence verify`: a whole folder, or single records."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from gate.cli import exits
from gate.cli.evidence_options import read_kept, read_small, read_trusted, trust_option
from gate.cli.evidence_shown import show_folder, show_ledger, show_record
from gate.cli.options import PATH, now_option
from gate.cli.output import emit, write_file
from gate.cli.places import evidence_place
from gate.errors import UsageError
from gate.estate.assets import Asset, read_assets
from gate.estate.checked import AssetWatch
from gate.estate.period import Period, read_period
from gate.evidence.ledger import FOLDER
from gate.evidence.place import place_of
from gate.evidence.stores import is_url
from gate.evidence.trust import Trust
from gate.evidence.verify_folder import (
    Logged,
    held_against,
    read_snapshot,
    verify_folder,
    verify_record,
    verify_with_proof,
)
from gate.evidence.verify_ledger import KeptCheckpoint, LedgerReport
from gate.report import verification, verification_page
from gate.report.verification import PlaceNote
from gate.run.accepted_again import check_exceptions
from gate.run.clock import read_clock


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
    "--assets",
    metavar="FILE",
    type=PATH,
    help="A CSV of what has to be checked (docs/audit.md): each must have a record, in --period.",
)
@click.option(
    "--without-attachments",
    is_flag=True,
    help="Do not ask for the attached documents (they lie in blobs/ beside the record).",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("--html", metavar="FILE", type=PATH, help="Write the result as a page to FILE.")
@now_option
def command(
    *,
    paths: tuple[str, ...],
    trusted: tuple[str, ...],
    kept: tuple[str, ...],
    proof: str | None,
    written: str | None,
    assets: str | None,
    without_attachments: bool,
    as_json: bool,
    html: str | None,
    now: str | None,
) -> int:
    """Verify evidence offline. Exit 6 if anything is altered, missing or not trusted.

    A FOLDER, or the store of a URL, is verified whole: its ledger, every record
    in it, and that there is none beside it. A FILE is one record; a ledger beside
    it must know it.
    """
    asked = _Asked(
        trust=read_trusted(trusted),
        kept=tuple(read_kept(kept)),
        period=read_period(written) if written else None,
        assets=read_assets(Path(assets)) if assets else None,
        blobs=not without_attachments,
        silent=as_json,
    )
    if proof is not None:
        notes = [_verify_proof(paths, proof, asked)]
    else:
        notes = [_verify(name, asked) for name in paths]
    document = verification.verification(notes, asked.trust, read_clock(now).now)
    if as_json:
        emit(verification.encode(document))
    if html is not None:
        write_file(Path(html), verification_page.render(document))
    return exits.PASS if document.verified else exits.VERIFICATION


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be verified against."""

    trust: Trust
    kept: tuple[KeptCheckpoint, ...]
    period: Period | None
    assets: Sequence[Asset] | None
    blobs: bool
    silent: bool
    """Whether the result is not told as text."""


def _verify(name: str, asked: _Asked) -> PlaceNote:
    """Verify and show a folder, a store or a record."""
    path = Path(name)
    if not is_url(name) and not path.is_dir():
        return _verify_file(path, asked)
    place = evidence_place(name)
    watch = AssetWatch(asked.assets, asked.period) if asked.assets is not None else None
    report = verify_folder(
        place,
        asked.trust,
        asked.kept,
        blobs=asked.blobs,
        needed=asked.period.has_run if asked.period is not None else None,
        further=check_exceptions if asked.blobs else None,
        seen=watch.see if watch is not None else None,
    )
    gaps = watch.gaps() if watch is not None else ()
    if not asked.silent:
        show_folder(place.name, report, gaps, watch.count if watch is not None else None)
    assets = watch.count if watch is not None else None
    return verification.of_folder(place.name, report, gaps, assets)


def _verify_file(path: Path, asked: _Asked) -> PlaceNote:
    """Verify and show one record."""
    if asked.assets is not None:
        raise UsageError("is a question to a whole folder", where="--assets")
    snapshot = None
    if (path.parent / FOLDER).exists():
        snapshot = read_snapshot(path.parent, asked.trust, asked.kept)
    elif asked.kept:
        raise UsageError(
            "there is no ledger beside this record to hold a checkpoint against",
            where=str(path),
            hint="give the evidence folder",
        )
    found = verify_record(path, snapshot, asked.trust, blobs=asked.blobs)
    return _single(found, path, snapshot.ledger if snapshot is not None else None, asked)


def _verify_proof(paths: Sequence[str], proof: str, asked: _Asked) -> PlaceNote:
    """Verify and show one record by the proof that a ledger has it."""
    if asked.kept or len(paths) > 1 or is_url(paths[0]) or Path(paths[0]).is_dir():
        raise UsageError("belongs to one record, without a checkpoint", where="--proof")
    path, given = Path(paths[0]), read_small(Path(proof))
    found = verify_with_proof(path, given, proof, asked.trust, blobs=asked.blobs)
    return _single(found, path, None, asked, proven=True)


def _single(
    found: Logged,
    path: Path,
    ledger: LedgerReport | None,
    asked: _Asked,
    *,
    proven: bool = False,
) -> PlaceNote:
    further = check_exceptions if asked.blobs else None
    logged = held_against(found, place_of(path.parent), further)
    if not asked.silent:
        show_record(logged)
        if ledger is None and not proven:
            click.echo("  not held against a ledger: there is none beside it")
        elif ledger is not None and not ledger.ok:
            show_ledger(ledger)
    return verification.of_single(logged, ledger)
