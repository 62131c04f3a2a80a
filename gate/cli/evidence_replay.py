"""`patchgate evidence replay`: the same verdict again, from the evidence alone."""

from __future__ import annotations

from pathlib import Path

import click

from gate.cli import exits
from gate.cli.evidence_options import (
    find_record,
    folder_option,
    has_ledger,
    read_trusted,
    show_problems,
    trust_option,
)
from gate.cli.inputs import read_policy
from gate.cli.output import emit
from gate.errors import UsageError
from gate.evidence.verify import FolderBlobs
from gate.evidence.verify_folder import read_snapshot, verify_record_at
from gate.report import whatif
from gate.report.encoding import visible
from gate.run.clock import read_clock
from gate.run.replay import Instead, Replay, replay
from gate.run.stores import advisories_at
from gate.run.whatif import what_if

_SHOWN = 50


@click.command(name="replay")
@click.argument("run")
@folder_option
@trust_option
@click.option("--with-policy", "policy_path", metavar="FILE", help="What if this policy had ruled?")
@click.option(
    "--with-advisories",
    "advisories",
    metavar="STORE|FILE",
    help="What if these had been asked: a store, a snapshot (db export), or OSV records?",
)
@click.option("--json", "as_json", is_flag=True, help="Print the answer to a what-if as JSON.")
def command(
    *,
    run: str,
    evidence_path: str | None,
    trusted: tuple[str, ...],
    policy_path: str | None,
    advisories: str | None,
    as_json: bool,
) -> int:
    """Decide a recorded run again and compare the verdicts byte for byte.

    RUN is its id or its file. Neither the advisory store nor a network is needed.
    Exit 0 if the verdict is the recorded one (whatever it is), 6 if it is not, or
    if the record does not verify. A question "what if" ends with the exit code that
    a check would have had, and records nothing.
    """
    policy = read_policy(policy_path).policy if policy_path else None
    if as_json and policy is None and advisories is None:
        raise UsageError("goes with --with-policy or --with-advisories", where="--json")
    keys = read_trusted(trusted)
    place, name = find_record(run, evidence_path)
    snapshot = read_snapshot(place, keys) if has_ledger(place) else None
    logged = verify_record_at(place, name, snapshot, keys, blobs=True)
    found = logged.report.run if logged.report is not None else None
    problems = (*logged.problems, *(snapshot.ledger.problems if snapshot is not None else ()))
    if problems or found is None:
        click.echo(f"{visible(name)}: NOT VERIFIED, so it is not replayed", err=as_json)
        show_problems(problems, err=as_json)
        return exits.VERIFICATION
    blobs = FolderBlobs(place)
    if advisories is not None:
        with advisories_at(Path(advisories), read_clock(None).now) as store:
            result = replay(found, blobs, Instead(policy=policy, store=store))
    else:
        result = replay(found, blobs, Instead(policy=policy))
    if policy is None and advisories is None:
        _show(found.run_id, result)
        return exits.VERIFICATION if result.differences else exits.PASS
    answer = what_if(found.run_id, result)
    if as_json:
        emit(whatif.render_json(answer))
    else:
        click.echo(whatif.render_text(answer), nl=False)
    return exits.code_of_reasons(result.decided.reasons)


def _show(run_id: str, result: Replay) -> None:
    if not result.differences:
        outcome, count = result.decided.outcome.value, len(result.decided.decisions)
        click.echo(f"{run_id}: {outcome} again, byte for byte; findings: {count}")
        return
    click.echo(f"{run_id}: NOT THE SAME VERDICT")
    for difference in result.differences[:_SHOWN]:
        click.echo(f"  {visible(difference)}")
    if len(result.differences) > _SHOWN:
        click.echo(f"  and {len(result.differences) - _SHOWN} more")
