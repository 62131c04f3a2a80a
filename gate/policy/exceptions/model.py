"""An exception, as it is written down; and what is at hand when a subject is judged.

docs/exceptions.md explains every field.  Field descriptions below end up in the
JSON Schema that editors show.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

import msgspec

from gate.policy.kinds import Day, RuleName
from gate.policy.settings import Settings

_DAY = timedelta(days=1)
_LAST_DAY = date(9999, 12, 31)

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=10_000)]
Identifier = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9:._-]{2,99}$")]
ExceptionId = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class PolicyException(Settings, frozen=True, kw_only=True, omit_defaults=True):
    """What is accepted for a while, on which systems, and why."""

    id: ExceptionId
    vulnerabilities: Annotated[
        tuple[Identifier, ...],
        msgspec.Meta(description="identifiers of flaws; any identifier of a finding counts"),
    ] = ()
    rules: Annotated[
        tuple[RuleName, ...], msgspec.Meta(description="rules that the whole subject may break")
    ] = ()
    packages: Annotated[
        tuple[str, ...],
        msgspec.Meta(description="purl patterns the flaws are accepted in; empty: in any package"),
    ] = ()
    systems: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            min_length=1,
            description="names of images, tags or hosts; * stands for anything, a bare * is "
            "refused",
        ),
    ]
    reason: Annotated[Text, msgspec.Meta(description="why the business needs it")]
    risk: Annotated[Text, msgspec.Meta(description="assessment of the risk that remains")]
    controls: Annotated[
        tuple[Text, ...],
        msgspec.Meta(min_length=1, description="compensating controls; 'none' has to be said"),
    ]
    requester: Text
    requested: Annotated[Day, msgspec.Meta(description="of the first term; renewals keep it")]
    remediation: Annotated[Day, msgspec.Meta(description="day the flaw is planned to be gone")]
    expires: Annotated[Day, msgspec.Meta(description="last day on which it counts, in UTC")]
    earlier_terms: Annotated[
        tuple[Day, ...], msgspec.Meta(description="last days of the terms before this one")
    ] = ()
    ticket: Annotated[str, msgspec.Meta(max_length=500)] = ""

    @property
    def digest(self) -> str:
        """``sha256:…`` of the canonical form: what an approver signs."""
        return f"sha256:{hashlib.sha256(self.canonical).hexdigest()}"

    @property
    def canonical(self) -> bytes:
        """The canonical form: JSON with sorted keys, without the fields that say nothing.

        Layout, comments and order of keys in the file do not matter; every word does.
        """
        return msgspec.json.encode(self, order="sorted")

    @property
    def ends(self) -> datetime:
        """UTC: the midnight after its last day."""
        return end_of_day(self.expires)


def end_of_day(day: str) -> datetime:
    """Return the midnight in UTC after a day; ValueError for one that is in no calendar."""
    parsed = date.fromisoformat(day)
    if parsed == _LAST_DAY:
        return datetime.max.replace(tzinfo=UTC)
    return datetime(parsed.year, parsed.month, parsed.day, tzinfo=UTC) + _DAY


class ExceptionList(Settings, frozen=True, kw_only=True):
    """A file of exceptions."""

    version: Annotated[Literal[1], msgspec.Meta(description="version of this format")]
    exceptions: tuple[PolicyException, ...]


class TicketState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A ticket as it was when somebody fetched it."""

    tracker: str
    """Name of the policy's tracker."""
    ticket: str
    """As the tracker names it: RISK-12, 12."""
    url: str
    """Where it was read."""
    state: str
    labels: tuple[str, ...] = ()
    opened_by: str = ""
    """Account."""
    approved_by: str = ""
    """Account of whoever brought it into this state; empty where the tracker does not say."""
    approved_at: datetime | None = None
    """UTC."""
    edited_after: bool = False
    """Its description was edited after that, as far as the tracker says."""
    fetched_at: datetime
    """UTC."""
    response: str
    """``sha256:…`` of the tracker's answer."""


class Approval(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A signature that was checked, and what it signs."""

    exception: str
    digest: str
    """``sha256:…`` of the canonical form that was signed."""
    approved_at: datetime
    """UTC, as the approver says."""
    keyid: str = ""
    """The key that signed, if the roster (or the tracker) has it; else empty."""
    comment: str = ""
    ticket: TicketState | None = None
    """The ticket that approves it; then whoever fetched it has signed."""


class Presented(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One exception with the approvals that were found for it."""

    exception: PolicyException
    where: str
    """Name of its file, for a person."""
    approvals: tuple[Approval, ...] = ()


class Exceptions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that was presented, and what could not be read."""

    presented: tuple[Presented, ...] = ()
    problems: tuple[str, ...] = ()
    """What could not be read, and why: none of it counts."""


NO_EXCEPTIONS = Exceptions()


def json_schema() -> bytes:
    """Return the JSON Schema (draft 2020-12) of a file of exceptions."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://patchgate.dev/schema/exceptions-1.json",
        "title": "patchgate exceptions",
        **msgspec.json.schema(ExceptionList),
    }
    return msgspec.json.format(msgspec.json.encode(schema), indent=2) + b"\n"
