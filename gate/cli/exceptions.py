"""`patchgate exceptions`: request, approve, list and check what is accepted for a while."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import click

from gate.cli.exceptions_fetch import command as fetch
from gate.cli.exceptions_place import find_exception, listed_exceptions, open_signer
from gate.cli.options import PATH, now_option
from gate.cli.output import write_file
from gate.cli.places import key_reference
from gate.cli.rules_in_force import exceptions_option, policy_option
from gate.errors import UsageError
from gate.policy.durations import parse_duration, write_duration
from gate.policy.exceptions.document import read_exceptions
from gate.policy.exceptions.model import PolicyException, Presented, json_schema
from gate.policy.exceptions.roster import approver_of
from gate.policy.exceptions.validity import standing
from gate.policy.model import Policy
from gate.report.encoding import visible
from gate.run.clock import read_clock
from gate.run.exceptions import APPROVAL_SUFFIX
from gate.run.requests import Wish, requester, written

_INVALID = 1


@click.group(name="exceptions")
def command() -> None:
    """Request, approve, list and check exceptions (docs/exceptions.md)."""


@command.command()
@click.argument("name", metavar="ID")
@click.option("--vulnerability", "vulnerabilities", metavar="CVE", multiple=True)
@click.option("--rule", "rules", metavar="RULE", multiple=True, help="A rule instead of a flaw.")
@click.option("--package", "packages", metavar="PURL-PATTERN", multiple=True)
@click.option("--system", "systems", metavar="PATTERN", multiple=True, required=True)
@click.option("--reason", required=True, help="Why the business needs it.")
@click.option("--risk", required=True, help="Assessment of the risk that remains.")
@click.option("--control", "controls", multiple=True, required=True, help="Compensating control.")
@click.option("--requester", "by", metavar="NAME", help="Else the author that Git is set up for.")
@click.option("--remediation", metavar="DAY", required=True, help="When it is planned to be gone.")
@click.option("--expires", metavar="DAY", required=True, help="Last day on which it counts.")
@click.option("--ticket", default="")
@click.option(
    "--folder", metavar="DIR", type=PATH, default="patchgate-exceptions", show_default=True
)
@now_option
def request(
    *,
    name: str,
    vulnerabilities: tuple[str, ...],
    rules: tuple[str, ...],
    packages: tuple[str, ...],
    systems: tuple[str, ...],
    reason: str,
    risk: str,
    controls: tuple[str, ...],
    by: str | None,
    remediation: str,
    expires: str,
    ticket: str,
    folder: str,
    now: str | None,
) -> None:
    """Write the request for an exception ID; it counts once a risk owner approves it."""
    path = Path(folder) / f"{name}.yaml"
    if path.exists():
        raise UsageError("exists already", where=str(path), hint="choose another id")
    text = written(
        Wish(
            id=name,
            vulnerabilities=vulnerabilities,
            rules=rules,
            packages=packages,
            systems=systems,
            reason=reason,
            risk=risk,
            controls=controls,
            requester=by or requester(),
            requested=f"{read_clock(now).now:%Y-%m-%d}",
            remediation=remediation,
            expires=expires,
            ticket=ticket,
        )
    )
    (asked,) = read_exceptions(text, path.name)
    write_file(path, text.encode())
    click.echo(
        f"wrote {visible(str(path))}; next: a risk owner runs `patchgate exceptions "
        f"approve {visible(name)}`, or approves a ticket whose description holds {asked.digest}",
        err=True,
    )


@command.command()
@click.argument("name", metavar="ID")
@click.option(
    "--key",
    "key_path",
    metavar="FILE",
    type=PATH,
    help="Private key of the approver: PEM, or an OpenSSH Ed25519 key; else the signing key.",
)
@click.option("--comment", default="", help="Travels with the approval.")
@policy_option
@exceptions_option
@now_option
def approve(
    *,
    name: str,
    key_path: str | None,
    comment: str,
    policy_path: str | None,
    exceptions_given: str | None,
    now: str | None,
) -> None:
    """Approve the exception ID as it stands, with the key of a risk owner of the policy."""
    from gate.evidence.approval import approve as sign  # noqa: PLC0415 - cryptography

    policy, folder, found = find_exception(name, policy_path, exceptions_given)
    at = read_clock(now).now
    key = key_reference(key_path)
    signer = open_signer(key)
    approver = approver_of(signer.verifying_key.keyid, policy.exceptions.approvers)
    if approver is None:
        raise UsageError(
            "this key belongs to nobody in the policy's roster, so its approval would not count",
            where=key,
            hint="exceptions.approvers in the policy lists who may accept risks",
        )
    envelope = sign(found.exception, signer, at, comment)
    fault = _fault_with(found.exception, envelope, policy, at)
    if fault:
        raise UsageError(f"the approval would not count: {fault}", where=visible(name))
    target = folder / f"{name}{APPROVAL_SUFFIX}"
    write_file(target, envelope)
    _show(found.exception)
    click.echo(f"approved by {visible(approver.name)}: wrote {visible(str(target))}", err=True)


@command.command(name="list")
@click.option("--expiring", metavar="TIME", help="Only those that end within this time: 14d.")
@click.option("--digests", is_flag=True, help="Show what an approval signs, or a ticket names.")
@policy_option
@exceptions_option
@now_option
def list_(
    *,
    expiring: str | None,
    digests: bool,
    policy_path: str | None,
    exceptions_given: str | None,
    now: str | None,
) -> None:
    """List exceptions: whether they count, until when, and who approved them."""
    policy, _, listed = listed_exceptions(policy_path, exceptions_given)
    at = read_clock(now).now
    within = _span(expiring)
    for one in sorted(listed, key=lambda one: (one.exception.expires, one.exception.id)):
        left = one.exception.ends - at
        if within is not None and left > within:
            continue
        state = standing(one, policy.exceptions, at)
        word = "counts " if not state.fault else "invalid"
        until = f"until {one.exception.expires}"
        if not state.fault:
            until += f" ({write_duration(left)} left)"
        who = state.approver.name if state.approver is not None else "nobody"
        what = ", ".join((*one.exception.vulnerabilities, *one.exception.rules))
        line = f"{word}  {one.exception.id}  {until}  approved by {who}  {what}"
        click.echo(visible(f"{line}  {state.fault}".rstrip()))
        if digests:
            click.echo(f"         {one.exception.digest}")


@command.command()
@policy_option
@exceptions_option
@now_option
def check(*, policy_path: str | None, exceptions_given: str | None, now: str | None) -> int:
    """Check every exception; exit 1 if one does not count, 2 if a file is not valid."""
    policy, path, listed = listed_exceptions(policy_path, exceptions_given)
    at = read_clock(now).now
    faults = [
        (one, fault) for one in listed if (fault := standing(one, policy.exceptions, at).fault)
    ]
    for one, fault in faults:
        click.echo(visible(f"{one.where}: {one.exception.id} does not count: {fault}"), err=True)
    if faults:
        return _INVALID
    click.echo(f"{visible(str(path))}: {len(listed)} exceptions, all of them count", err=True)
    return 0


@command.command()
def schema() -> None:
    """Print the JSON Schema of a file of exceptions."""
    click.echo(json_schema(), nl=False)


def _fault_with(exception: PolicyException, envelope: bytes, policy: Policy, at: datetime) -> str:
    from gate.evidence.approval import read_approval, roster_keys  # noqa: PLC0415 - cryptography

    approval = read_approval(envelope, roster_keys(policy.exceptions.approvers))
    presented = Presented(exception=exception, where="", approvals=(approval,))
    return standing(presented, policy.exceptions, at).fault


def _span(written: str | None) -> timedelta | None:
    try:
        return parse_duration(written) if written else None
    except ValueError as error:
        raise UsageError(str(error), where="--expiring") from error


def _show(exception: PolicyException) -> None:
    """Print what is approved, so that the approver has seen it."""
    lines = {
        "accepts": ", ".join((*exception.vulnerabilities, *exception.rules)),
        "in": ", ".join(exception.packages) or "any package",
        "on": ", ".join(exception.systems),
        "reason": exception.reason,
        "risk": exception.risk,
        "controls": "; ".join(exception.controls),
        "requester": exception.requester,
        "remediation": exception.remediation,
        "expires": exception.expires,
    }
    for name, text in lines.items():
        click.echo(f"  {name:<12} {visible(text, 500)}", err=True)


command.add_command(fetch)
