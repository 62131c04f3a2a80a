"""`patchgate evidence show`: what one record says, as far as it verifies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
import msgspec

from gate.cli import exits
from gate.cli.evidence_options import (
    find_record,
    folder_option,
    has_ledger,
    read_trusted,
    show_problems,
    trust_option,
)
from gate.cli.evidence_question import question_options, search
from gate.cli.output import emit
from gate.cli.places import evidence_place
from gate.errors import VerificationError
from gate.evidence.place import Place
from gate.evidence.verify import VerifiedRun
from gate.evidence.verify_folder import Logged, read_snapshot, verify_record_at
from gate.report.encoding import visible, visible_json
from gate.run.history import read_earlier


@click.command(name="show")
@click.argument("run", required=False)
@folder_option
@trust_option
@question_options
@click.option("--json", "as_json", is_flag=True, help="Print the signed summary as JSON.")
def command(
    *,
    run: str | None,
    evidence_path: str | None,
    trusted: tuple[str, ...],
    as_json: bool,
    **filters: Any,
) -> int:
    """Show one recorded run. RUN is its id or its file; else the last run that is wanted.

    With --cve, what it found of the flaw. Nothing is shown that no trusted key has
    signed; exit 6 if anything is wrong.
    """
    keys = read_trusted(trusted)
    if run is None:
        run = _last(evidence_path, trusted, filters)
    place, name = find_record(run, evidence_path)
    snapshot = read_snapshot(place, keys) if has_ledger(place) else None
    logged = verify_record_at(place, name, snapshot, keys, blobs=True)
    ledger = snapshot.ledger.problems if snapshot is not None else ()
    found = logged.report.run if logged.report is not None else None
    if found is not None and as_json:
        emit(
            visible_json(msgspec.json.format(msgspec.json.encode(found.summary), indent=2)) + b"\n"
        )
    elif found is not None:
        _show(found, logged)
        if logged.ok:
            _show_flaws(found, place, filters["flaws"])
    if logged.problems or ledger:
        click.echo(f"{visible(name)}: NOT VERIFIED", err=as_json)
        show_problems((*logged.problems, *ledger), err=as_json)
        return exits.VERIFICATION
    return exits.PASS


def _last(evidence_path: str | None, trusted: Sequence[str], filters: dict[str, Any]) -> str:
    """Return the id of the last run, by the time of its decision, that the filters want."""
    _, listed, _ = search(evidence_place(evidence_path), trusted, **filters)
    lines = [one.line for one in listed if one.line is not None]
    if not lines:
        raise VerificationError(
            "there is no such run", hint="patchgate evidence list shows those that are recorded"
        )
    return max(lines, key=lambda line: (line.decided_at, line.run_id)).run_id


def _show_flaws(run: VerifiedRun, place: Place, flaws: Sequence[str]) -> None:
    earlier = read_earlier(run, place) if flaws else None
    for decision in earlier.verdict.decisions if earlier is not None else ():
        if earlier is None or decision.id not in flaws:
            continue
        component = earlier.installed.get(decision.ref)
        package = f"{component.name} {component.version}" if component else decision.ref
        due = f", due {decision.due:%Y-%m-%d}" if decision.due else ""
        by = f" by {decision.exception}" if decision.exception else ""
        text = f"{decision.id} {decision.severity.value} in {package}: {decision.state.value}{by}"
        click.echo(f"{'flaw':<11} {visible(text + due)}")


def _show(run: VerifiedRun, logged: Logged) -> None:
    extension = run.summary.run
    coverage = extension.coverage
    place = f"{logged.number} of the ledger" if logged.number is not None else "in no ledger"
    rows = [
        ("run", run.run_id),
        ("verdict", run.verdict.value),
        *(("reason", f"{reason.code}: {reason.message}") for reason in extension.reasons),
        ("decided", f"{run.decided_at:%Y-%m-%d %H:%M:%S} UTC ({extension.clock.basis.value})"),
        *(("subject", f"{entry.name} sha256:{entry.sha256}") for entry in run.subject),
        ("actor", f"{extension.actor.claimed or 'not known'} (claimed)"),
        *((("actor", f"{extension.actor.subject} of {extension.actor.issuer} (verified)"),)
          if extension.actor.verified else ()),
        *((("ticket", extension.ticket),) if extension.ticket else ()),
        *(("exception", f"{one.id} until {one.expires:%Y-%m-%d}, approved by {one.approver}")
          for one in extension.exceptions),
        *((("ci", _ci(extension.ci.system, extension.ci.repository, extension.ci.url)),)
          if extension.ci is not None else ()),
        ("policy", run.policy_digest),
        ("advisories", extension.advisories.snapshot),
        ("coverage", f"{coverage.components} components in {coverage.readings} readings"),
        *(("attachment", f"{item.name} sha256:{item.sha256}")
          for item in run.summary.attachments),
        *(("statement", f"{item.name} sha256:{item.sha256}") for item in run.summary.statements),
        ("tool", f"patchgate {extension.tool.version}"),
        *(("signed by", keyid) for keyid in run.keyids),
        ("entry", place),
    ]  # fmt: skip
    for name, value in rows:
        click.echo(f"{name:<11} {visible(value)}")


def _ci(*parts: str) -> str:
    return " ".join(part for part in parts if part)
