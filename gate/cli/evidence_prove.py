"""`patchgate evidence prove`: a small file that shows that the ledger has a record."""

from __future__ import annotations

from pathlib import Path

import click

from gate.cli import exits
from gate.cli.evidence_options import (
    folder_option,
    read_trusted,
    record_file,
    show_problems,
    trust_option,
)
from gate.cli.output import emit, write_file
from gate.evidence.ledger import FOLDER
from gate.evidence.proof import encode, prove
from gate.evidence.verify_folder import read_snapshot, verify_record
from gate.report.encoding import visible


@click.command(name="prove")
@click.argument("run")
@folder_option
@trust_option
@click.option("--output", metavar="FILE", help="Write the proof there, not to standard output.")
def command(
    *, run: str, evidence_path: str | None, trusted: tuple[str, ...], output: str | None
) -> int:
    """Write a proof (C2SP tlog-proof) that the ledger has a recorded run.

    With it, the record and a trusted key, `patchgate evidence verify FILE --proof
    PROOF` needs nothing else of the folder. RUN is its id or its file.
    """
    keys = read_trusted(trusted)
    path = record_file(run, evidence_path)
    snapshot = read_snapshot(path.parent, keys)
    logged = verify_record(path, snapshot, keys, blobs=False)
    problems = (*logged.problems, *snapshot.ledger.problems)
    if problems or logged.number is None:
        click.echo(f"{visible(path.name)}: NOT VERIFIED, so nothing is proven", err=True)
        show_problems(problems, err=True)
        return exits.VERIFICATION
    content = encode(prove(path.parent / FOLDER, logged.number, keys))
    if output is None:
        emit(content)
    else:
        write_file(Path(output), content)
    return exits.PASS
