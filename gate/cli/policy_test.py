"""`patchgate policy test`: what a policy would have made of the runs that are recorded."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from gate.cli import exits
from gate.cli.evidence_options import folder_option, read_trusted, trust_option
from gate.cli.inputs import read_policy_file
from gate.cli.places import evidence_place
from gate.report.encoding import visible
from gate.run.clock import read_time
from gate.run.trial import try_policy


@click.command(name="test")
@click.argument("path", default="patchgate.yaml")
@folder_option
@trust_option
@click.option("--since", metavar="TIME", help="Only runs decided then or later (ISO 8601, UTC).")
@click.option("--exit-code", is_flag=True, help="Exit 1 where a verdict would be another.")
def command(
    *,
    path: str,
    evidence_path: str | None,
    trusted: tuple[str, ...],
    since: str | None,
    exit_code: bool,
) -> int:
    """Judge the recorded runs of a folder again, by the policy PATH.

    Tells which would have passed or failed that did not. Nothing is recorded. Exit 6
    if a record does not verify: it is not judged.
    """
    policy = read_policy_file(Path(path)).in_use.policy
    earliest = read_time(since, "--since") if since else None
    place = evidence_place(evidence_path)
    counts: Counter[str] = Counter()
    for trial in try_policy(policy, place, read_trusted(trusted), earliest):
        if trial.recorded is None or trial.decided is None:
            counts["not judged"] += 1
            click.echo(f"{visible(trial.run_id)}  NOT JUDGED: {visible(trial.problem)}")
            continue
        same = trial.recorded is trial.decided
        counts["the same" if same else "another"] += 1
        arrow = trial.recorded.value if same else f"{trial.recorded.value} → {trial.decided.value}"
        click.echo(f"{trial.run_id}  {arrow:<30}  {visible(trial.subject)}")
    click.echo(
        f"{counts['the same']} the same, {counts['another']} another, "
        f"{counts['not judged']} not judged",
        err=True,
    )
    if counts["not judged"]:
        return exits.VERIFICATION
    return exits.FAIL if exit_code and counts["another"] else exits.PASS
