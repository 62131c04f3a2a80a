"""Whether a ticket approves, and who did: pure, from its state as it was fetched and signed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from gate.policy.exceptions.model import Approval, TicketState
from gate.policy.exceptions.roster import approver_by_account, keyid_of
from gate.policy.model import Approver, ExceptionPolicy, Tracker


def approver_by_ticket(
    approval: Approval, ticket: TicketState, rules: ExceptionPolicy, now: datetime
) -> tuple[Approver | None, str]:
    """Return who approved by `ticket`, and what is wrong with it; "" where nothing is.

    None where nobody who may has approved; then the text says why.
    """
    name = f"ticket {ticket.ticket}"
    tracker = next((one for one in rules.trackers if one.name == ticket.tracker), None)
    if tracker is None:
        return None, f"{name} is of the tracker '{ticket.tracker}', which the policy does not have"
    fault = next(_faults(name, approval, ticket, tracker), "")
    account = f"{tracker.name}:{ticket.approved_by}"
    approver = approver_by_account(account, rules.approvers) if ticket.approved_by else None
    if approver is None or fault:
        who = ticket.approved_by or "somebody whom the tracker does not name"
        return None, fault or f"{name} was approved by {who}, who is not in the roster"
    if f"{tracker.name}:{ticket.opened_by}" in approver.accounts:
        return approver, f"{approver.name} opened {name} and cannot approve it"
    if ticket.fetched_at > now:
        when = f"{ticket.fetched_at:%Y-%m-%d %H:%M} UTC"
        return approver, f"{name} was read in the future ({when})"
    if not approval.digest:
        return approver, f"{name} does not name the digest of the exception"
    return approver, ""


def _faults(name: str, approval: Approval, ticket: TicketState, tracker: Tracker) -> Iterator[str]:
    if approval.keyid not in {keyid_of(key) for key in tracker.keys}:
        yield f"the state of {name} is not signed by a key of the tracker {tracker.name}"
    if not ticket.url.startswith(f"{tracker.url.rstrip('/')}/"):
        yield f"{name} was not read from {tracker.url}"
    if ticket.state not in tracker.approved:
        yield f"{name} is '{ticket.state}', not approved"
    if tracker.label and tracker.label not in ticket.labels:
        yield f"{name} is without the label '{tracker.label}'"
    if ticket.edited_after:
        yield f"the description of {name} was edited after its approval"
