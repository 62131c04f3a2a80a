"""`patchgate evidence replay`: the same verdict again, from the evidence alone."""

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
from gate.cli.inputs import read_policy
from gate.evidence.ledger import FOLDER
from gate.evidence.verify import FolderBlobs
from gate.evidence.verify_folder import read_snapshot, verify_record
from gate.report.encoding import visible
from gate.run.replay import AS_RECORDED, Instead, Replay, replay

_SHOWN = 50


@click.command(name="replay")
@click.argument("run")
@folder_option
@trust_option
@click.option("--with-policy", "policy_path", metavar="FILE", help="What if this policy had ruled?")
@click.option(
    "--with-advisories", "store", metavar="DIR", help="What if this advisory store had been asked?"
)
def command(
    *,
    run: str,
    evidence_path: str | None,
    trusted: tuple[str, ...],
    policy_path: str | None,
    store: str | None,
) -> int:
    """Decide a recorded run again and compare the verdicts byte for byte.

    RUN is its id or its file. Neither the advisory store nor a network is needed.
    Exit 0 if the verdict is the recorded one (whatever it is), 6 if it is not, or
    if the record does not verify. A question "what if" ends with the exit code that
    a check would have had, and records nothing.
    """
    instead = Instead(
        policy=read_policy(policy_path).policy if policy_path else None,
        store=Path(store) if store else None,
    )
    keys = read_trusted(trusted)
    path = record_file(run, evidence_path)
    has_ledger = (path.parent / FOLDER).exists()
    snapshot = read_snapshot(path.parent, keys) if has_ledger else None
    logged = verify_record(path, snapshot, keys, blobs=True)
    found = logged.report.run if logged.report is not None else None
    problems = (*logged.problems, *(snapshot.ledger.problems if snapshot is not None else ()))
    if problems or found is None:
        click.echo(f"{visible(path.name)}: NOT VERIFIED, so it is not replayed")
        show_problems(problems)
        return exits.VERIFICATION
    result = replay(found, FolderBlobs(path.parent), instead)
    if instead != AS_RECORDED:
        decided, recorded = result.decided.outcome.value, result.recorded.outcome.value
        click.echo(f"{found.run_id}: would have been {decided}, was {recorded}")
        _show_differences(result)
        return exits.code_of_reasons(result.decided.reasons)
    _show(found.run_id, result)
    return exits.VERIFICATION if result.differences else exits.PASS


def _show(run_id: str, result: Replay) -> None:
    if not result.differences:
        outcome, count = result.decided.outcome.value, len(result.decided.decisions)
        click.echo(f"{run_id}: {outcome} again, byte for byte; findings: {count}")
        return
    click.echo(f"{run_id}: NOT THE SAME VERDICT")
    _show_differences(result)


def _show_differences(result: Replay) -> None:
    for difference in result.differences[:_SHOWN]:
        click.echo(f"  {visible(difference)}")
    if len(result.differences) > _SHOWN:
        click.echo(f"  and {len(result.differences) - _SHOWN} more")
