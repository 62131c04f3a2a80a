"""`patchgate evidence prove`: a small file that shows that the ledger has a record."""

from __future__ import annotations

from pathlib import Path

import click

from gate.cli import exits
from gate.cli.evidence_options import (
    find_record,
    folder_option,
    read_trusted,
    show_problems,
    trust_option,
)
from gate.cli.output import emit, write_file
from gate.errors import VerificationError
from gate.evidence.ledger import FOLDER
from gate.evidence.place import below
from gate.evidence.proof import encode, leaf_of, prove_run, verify
from gate.evidence.verify import verify_at
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
    place, name = find_record(run, evidence_path)
    report = verify_at(place, name, keys, blobs=False)
    if report.problems or report.run is None:
        click.echo(f"{visible(name)}: NOT VERIFIED, so nothing is proven", err=True)
        show_problems(report.problems, err=True)
        return exits.VERIFICATION
    try:
        # The rest of the ledger is not needed: what is proven hangs on the signed root.
        proof = prove_run(below(place, FOLDER), report.run.run_id, keys)
        verify(proof, leaf_of(report.run, report.digest), keys)
    except VerificationError as error:
        click.echo(f"{visible(name)}: nothing is proven: {visible(str(error))}", err=True)
        return exits.VERIFICATION
    content = encode(proof)
    if output is None:
        emit(content)
    else:
        write_file(Path(output), content)
    return exits.PASS
