"""The state of a ticket, as Jira, GitHub and GitLab tell it over their REST APIs.

Only what an approval needs is taken out of an answer: its state, who brought it
there and when, who opened it, and the digest that its description names.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import msgspec

from gate.errors import InputError, UsageError
from gate.policy.exceptions.model import TicketState
from gate.policy.model import Tracker
from gate.run.fetching import fetch

TOKEN = "PATCHGATE_TICKET_TOKEN"  # noqa: S105 - the name of the variable
_LARGEST = 4 * 1024 * 1024
_TICKET = {
    "jira": re.compile(r"[A-Z][A-Z0-9_]{0,30}-[1-9][0-9]{0,9}"),
    "github": re.compile(r"[1-9][0-9]{0,9}"),
    "gitlab": re.compile(r"[1-9][0-9]{0,9}"),
}
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket, and the digests that its description names."""

    state: TicketState
    digests: tuple[str, ...]


class _Told(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer tells, whichever tracker it is of."""

    state: str
    description: str
    labels: tuple[str, ...] = ()
    opened_by: str = ""
    approved_by: str = ""
    approved_at: datetime | None = None
    edited_after: bool = False


def read_ticket(tracker: Tracker, ticket: str, token: str, now: datetime) -> Read:
    """Ask `tracker` for a ticket, at `now` (UTC).

    UsageError for a name that no ticket has, UnreachableError where the
    tracker does not answer, InputError for an answer that is no ticket.
    """
    if not _TICKET[tracker.kind].fullmatch(ticket):
        hint = "RISK-12" if tracker.kind == "jira" else "12, its number"
        raise UsageError(
            f"'{ticket}' is no ticket of {tracker.kind}", where="--ticket", hint=f"write {hint}"
        )
    url = _address(tracker, ticket)
    content = fetch(url, limit=_LARGEST, headers=_headers(tracker, token))
    told = _told(tracker, content, url)
    state = TicketState(
        tracker=tracker.name,
        ticket=ticket,
        url=url,
        state=told.state,
        labels=told.labels,
        opened_by=told.opened_by,
        approved_by=told.approved_by,
        approved_at=told.approved_at,
        edited_after=told.edited_after,
        fetched_at=now,
        response=f"sha256:{hashlib.sha256(content).hexdigest()}",
    )
    return Read(state=state, digests=tuple(sorted(set(_DIGEST.findall(told.description)))))


def _address(tracker: Tracker, ticket: str) -> str:
    base = tracker.url.rstrip("/")
    if tracker.kind == "jira":
        fields = "status,description,reporter,labels"
        return f"{base}/rest/api/2/issue/{quote(ticket)}?expand=changelog&fields={fields}"
    return f"{base}/issues/{quote(ticket)}"


def _headers(tracker: Tracker, token: str) -> dict[str, str]:
    accept = "application/vnd.github+json" if tracker.kind == "github" else "application/json"
    headers = {"Accept": accept}
    if token and tracker.kind == "gitlab":
        headers["PRIVATE-TOKEN"] = token
    elif token and tracker.kind == "jira" and ":" in token:
        # Jira Cloud: an account's mail address and its API token.
        headers["Authorization"] = f"Basic {base64.b64encode(token.encode()).decode()}"
    elif token:
        headers["Authorization"] = f"Bearer {token}"
    return headers


def _told(tracker: Tracker, content: bytes, url: str) -> _Told:
    try:
        issue = json.loads(content)
        return _READERS[tracker.kind](issue)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"does not answer with a ticket of {tracker.kind} ({type(error).__name__}: {error})",
            where=url,
            hint="check the tracker's url and kind in the policy, and the token",
        ) from error


def _jira(issue: Mapping[str, Any]) -> _Told:
    """Read Jira's issue (REST API 2) with its change log: who made the last move to its state."""
    fields = issue["fields"]
    state = _word(fields["status"]["name"])
    moved: tuple[datetime, str] | None = None
    edits = []
    for change in (issue.get("changelog") or {}).get("histories") or ():
        at = _time(change["created"])
        for item in change["items"]:
            if item["field"] == "status" and item.get("toString") == state:
                moved = max(moved or (at, ""), (at, _account(change.get("author"))))
            elif item["field"] == "description":
                edits.append(at)
    description = fields.get("description") or ""
    return _Told(
        state=state,
        # API 2 has text; an installation that answers in API 3's form has a document.
        description=description if isinstance(description, str) else json.dumps(description),
        labels=tuple(map(str, fields.get("labels") or ())),
        opened_by=_account(fields.get("reporter")),
        approved_by=moved[1] if moved else "",
        approved_at=moved[0] if moved else None,
        edited_after=moved is not None and any(at > moved[0] for at in edits),
    )


def _account(person: Mapping[str, Any] | None) -> str:
    """Return the name of an account on a server, or its id in the cloud."""
    found = person or {}
    return str(found.get("name") or found.get("accountId") or "")


def _github(issue: Mapping[str, Any]) -> _Told:
    """Read GitHub's issue: a closed one is what it was closed as."""
    state = _word(issue["state"])
    closed = state == "closed"
    return _Told(
        state=str(issue.get("state_reason") or state) if closed else state,
        description=str(issue.get("body") or ""),
        labels=tuple(str(one["name"]) for one in issue.get("labels") or ()),
        opened_by=str((issue.get("user") or {}).get("login") or ""),
        approved_by=str((issue.get("closed_by") or {}).get("login") or "") if closed else "",
        approved_at=_time(issue["closed_at"]) if closed else None,
    )


def _gitlab(issue: Mapping[str, Any]) -> _Told:
    closed = issue["state"] == "closed"
    return _Told(
        state=_word(issue["state"]),
        description=str(issue.get("description") or ""),
        labels=tuple(map(str, issue.get("labels") or ())),
        opened_by=str((issue.get("author") or {}).get("username") or ""),
        approved_by=str((issue.get("closed_by") or {}).get("username") or "") if closed else "",
        approved_at=_time(issue["closed_at"]) if closed else None,
    )


_READERS: Mapping[str, Callable[[Mapping[str, Any]], _Told]] = {
    "jira": _jira,
    "github": _github,
    "gitlab": _gitlab,
}


def _word(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("the state is no word")
    return value


def _time(written: str) -> datetime:
    """Return a time with its zone as UTC, in whole seconds; ValueError for anything else."""
    moment = datetime.fromisoformat(written)
    if moment.tzinfo is None:
        raise ValueError(f"'{written}' has no zone")
    return moment.astimezone(UTC).replace(microsecond=0)
