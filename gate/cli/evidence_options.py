"""What the commands that read evidence have in common: the folder, the keys, the failures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from gate.cli.options import PATH
from gate.cli.places import evidence_place, key_file, public_key_file
from gate.errors import EvidenceError, VerificationError
from gate.evidence.bundle import MAX_BUNDLE
from gate.evidence.durable import read_file
from gate.evidence.growth import CHECKPOINT
from gate.evidence.layout import SUFFIX, bundle_name
from gate.evidence.ledger import FOLDER as LEDGER
from gate.evidence.note import MAX_BYTES
from gate.evidence.place import FolderPlace, Place, below, read_part
from gate.evidence.problems import Problem
from gate.evidence.trust import Trust, read_trust
from gate.evidence.verify_ledger import KeptCheckpoint
from gate.report.encoding import visible

F = TypeVar("F", bound=Callable[..., Any])

trust_option = click.option(
    "--trust",
    "trusted",
    metavar="FILE",
    multiple=True,
    help="A public key you trust, or a trust file (.yaml, .json) with keys, roles and times; "
    "else the key beside your own signing key.",
)
tsa_option = click.option(
    "--tsa-ca",
    "tsa_roots",
    metavar="FILE",
    type=PATH,
    multiple=True,
    help="Root certificate (PEM) of a time stamp authority you trust.",
)
folder_option = click.option(
    "--evidence",
    "evidence_path",
    metavar="DIR|URL",
    type=PATH,
    envvar="PATCHGATE_EVIDENCE",
    help="Where the evidence is: a folder, s3://, postgresql:// or oci://.",
)


def read_trusted(given: Sequence[str], tsa_roots: Sequence[str] = ()) -> Trust:
    """Return whom to trust; VerificationError or UsageError where that cannot be read."""
    paths = [Path(name) for name in given] or [public_key_file(key_file(None))]
    return read_trust(paths, [Path(name) for name in tsa_roots])


def trust_files(given: Sequence[str]) -> list[bytes]:
    """Return the content of the files that say who is trusted; one that is not there is empty."""
    paths = [Path(name) for name in given] or [public_key_file(key_file(None))]
    return [path.read_bytes() if path.is_file() else b"" for path in paths]


def read_kept(given: Sequence[str]) -> list[KeptCheckpoint]:
    """Return the checkpoints in files; VerificationError where one cannot be read."""
    return [KeptCheckpoint(name=name, content=read_small(Path(name))) for name in given]


def read_small(path: Path) -> bytes:
    """Return a checkpoint or proof as it is; VerificationError where it cannot be read."""
    try:
        content = read_file(path, MAX_BYTES)
    except EvidenceError as error:
        raise VerificationError(error.what, where=error.where, hint="check the path") from error
    if content is None:
        raise VerificationError("does not exist", where=str(path), hint="check the path")
    return content


def find_record(run: str, evidence_path: str | None) -> tuple[Place, str]:
    """Return where the record of a run is, and its name; RUN is its id, or a file.

    VerificationError where there is none.
    """
    if run.endswith(SUFFIX):
        place: Place = FolderPlace(Path(run).parent)
        name = Path(run).name
    else:
        place, name = evidence_place(evidence_path), bundle_name(run)
    if read_part(place, name, MAX_BUNDLE) is None:
        raise VerificationError(
            "there is no record of this run",
            where=f"{place.name}/{name}",
            hint="patchgate evidence list shows the runs that are recorded (--evidence)",
        )
    return place, name


def has_ledger(place: Place) -> bool:
    """Return whether there is a ledger, or what is left of one, beside the records."""
    return read_part(below(place, LEDGER), CHECKPOINT, MAX_BYTES) is not None or any(
        place.names(LEDGER)
    )


def show_problems(problems: Sequence[Problem], *, err: bool = False) -> None:
    """Print one line for each problem."""
    for problem in problems:
        place = f" {visible(problem.where)}:" if problem.where else ""
        click.echo(f"  {problem.code.value}{place} {visible(problem.message)}", err=err)
