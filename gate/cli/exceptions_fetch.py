"""`patchgate exceptions fetch`: take an approval from a ticket."""

from __future__ import annotations

import os

import click

from gate.cli.exceptions_place import find_exception, open_signer
from gate.cli.options import now_option
from gate.cli.output import write_file
from gate.cli.places import key_reference
from gate.cli.rules_in_force import exceptions_option, policy_option
from gate.errors import UsageError
from gate.policy.exceptions.model import Presented
from gate.policy.exceptions.validity import standing
from gate.policy.model import Tracker
from gate.report.encoding import visible
from gate.run.clock import read_clock
from gate.run.exceptions import TICKET_SUFFIX
from gate.run.tickets import TOKEN, read_ticket


@click.command(name="fetch")
@click.argument("name", metavar="ID")
@click.option("--ticket", metavar="TICKET", help="RISK-12, or a number; else the exception's own.")
@click.option("--tracker", "tracker_name", metavar="NAME", help="One of the policy's trackers.")
@click.option(
    "--key",
    "key_path",
    metavar="FILE",
    help="Private key that signs what was read: one of the tracker's keys; else the signing key.",
)
@policy_option
@exceptions_option
@now_option
def command(
    *,
    name: str,
    ticket: str | None,
    tracker_name: str | None,
    key_path: str | None,
    policy_path: str | None,
    exceptions_given: str | None,
    now: str | None,
) -> int:
    """Read the ticket that approves the exception ID, and keep its state beside it.

    The ticket's description has to hold the digest that `exceptions list --digests`
    shows. PATCHGATE_TICKET_TOKEN logs in. Exit 1 where the exception does not count by it.
    """
    from gate.evidence.approval import read_ticket as reread  # noqa: PLC0415 - cryptography
    from gate.evidence.approval import state_ticket, tracker_keys  # noqa: PLC0415

    policy, folder, found = find_exception(name, policy_path, exceptions_given)
    tracker = _tracker(policy.exceptions.trackers, tracker_name)
    wanted = ticket or found.exception.ticket
    if not wanted:
        raise UsageError("the exception names no ticket", where=name, hint="give --ticket")
    at = read_clock(now).now
    signer = open_signer(key_reference(key_path))
    read = read_ticket(tracker, wanted, os.environ.get(TOKEN, ""), at)
    named = found.exception.digest if found.exception.digest in read.digests else ""
    digest = named or (read.digests[0] if read.digests else "")
    envelope = state_ticket(name, digest, read.state, signer)
    target = folder / f"{name}{TICKET_SUFFIX}"
    write_file(target, envelope)
    approval = reread(envelope, tracker_keys((tracker,)))
    alone = Presented(exception=found.exception, where="", approvals=(approval,))
    state = standing(alone, policy.exceptions, at)
    click.echo(
        f"{visible(wanted)} is '{visible(read.state.state)}': wrote {visible(str(target))}",
        err=True,
    )
    if state.fault:
        click.echo(f"{visible(name)} does not count by it: {visible(state.fault)}", err=True)
        return 1
    who = state.approver.name if state.approver is not None else ""
    click.echo(f"{visible(name)} counts: approved by {visible(who)}", err=True)
    return 0


def _tracker(trackers: tuple[Tracker, ...], name: str | None) -> Tracker:
    known = ", ".join(one.name for one in trackers) or "it has none (exceptions.trackers)"
    if name is None and len(trackers) == 1:
        return trackers[0]
    for one in trackers:
        if one.name == name:
            return one
    what = f"the policy has no tracker '{name}'" if name else "which tracker is meant is not said"
    raise UsageError(what, where="--tracker", hint=f"the policy's trackers: {known}")
