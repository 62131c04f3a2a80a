"""Whether an exception counts, at one time, for one subject and one finding.

Pure.  An exception counts where one of its approvals has no fault: it is signed
by somebody in the roster who is not the requester, over exactly these words, at
a time when that person was entitled, for no longer than the policy allows.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase

import msgspec

from gate.bom.model import Component, Subject, SubjectKind
from gate.matching.findings import Finding
from gate.policy.durations import parse_duration, write_duration
from gate.policy.exceptions.model import (
    Approval,
    PolicyException,
    Presented,
    end_of_day,
)
from gate.policy.exceptions.roster import approver_of
from gate.policy.exceptions.tickets import approver_by_ticket
from gate.policy.model import Approver, ExceptionPolicy
from gate.policy.verdict import Decision

_LEVELS = ("none", "low", "medium", "high", "critical")


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What one exception is worth at one time."""

    fault: str
    """Why it does not count; "" where it does."""
    approver: Approver | None = None
    """Who approved it, where that is sure."""
    approval: Approval | None = None


def standing(presented: Presented, rules: ExceptionPolicy, now: datetime) -> Standing:
    """Return whether an exception counts at `now` (UTC), and by whose approval."""
    exception = presented.exception
    if now >= exception.ends:
        return Standing(fault=f"it expired on {exception.expires}")
    if date.fromisoformat(exception.requested) > now.astimezone(UTC).date():
        return Standing(fault=f"it is requested in the future, on {exception.requested}")
    if len(exception.earlier_terms) > rules.max_renewals:
        count = len(exception.earlier_terms)
        fault = f"it is renewed {count} times, {rules.max_renewals} allowed"
        return Standing(fault=fault)
    if not presented.approvals:
        return Standing(fault="nobody has approved it")
    judged = [_approved(exception, approval, rules, now) for approval in presented.approvals]
    return next((one for one in judged if not one.fault), judged[-1])


def _approved(
    exception: PolicyException, approval: Approval, rules: ExceptionPolicy, now: datetime
) -> Standing:
    if approval.ticket is not None:
        approver, fault = approver_by_ticket(approval, approval.ticket, rules, now)
        if approver is None or fault:
            return Standing(fault=fault, approver=approver, approval=approval)
    else:
        approver = approver_of(approval.keyid, rules.approvers) if approval.keyid else None
    if approver is None:
        return Standing(fault="its approval is not signed by anybody in the roster")
    faults = _faults_of_approval(exception, approval, approver, rules, now)
    return Standing(fault=next(faults, ""), approver=approver, approval=approval)


def _faults_of_approval(
    exception: PolicyException,
    approval: Approval,
    approver: Approver,
    rules: ExceptionPolicy,
    now: datetime,
) -> Iterator[str]:
    if approval.digest != exception.digest:
        yield f"it was edited after {approver.name} approved it"
    if _same_person(approver.name, exception.requester):
        yield f"{approver.name} requested it and cannot approve it"
    if approval.approved_at > now:
        yield f"it was approved in the future ({approval.approved_at:%Y-%m-%d %H:%M} UTC)"
    day = f"{approval.approved_at:%Y-%m-%d}"
    if day < exception.requested:
        yield f"it was approved before it was requested, on {day}"
    if approver.since is not None and day < approver.since:
        yield f"{approver.name} could accept risks only since {approver.since}"
    if approver.until is not None and day > approver.until:
        yield f"{approver.name} could accept risks only until {approver.until}"
    term = end_of_day(exception.expires) - approval.approved_at
    # The last day counts whole, so a day is granted for the hours of the approval.
    if term.days > parse_duration(rules.max_term).days:
        yield f"its term is {write_duration(term)}, {rules.max_term} allowed"


def _same_person(one: str, other: str) -> bool:
    """Return whether two names mean one person: equal, or with the same mail address."""
    return bool(_names_of(one) & _names_of(other))


def _names_of(written: str) -> set[str]:
    """Return the parts of ``Ada Risk <ada@example.com>`` that name a person."""
    name, _, rest = " ".join(written.casefold().split()).partition("<")
    return {part for part in (name.strip(), rest.rstrip("> ")) if part}


def concerns_subject(exception: PolicyException, subject: Subject) -> bool:
    """Return whether the subject is one of the exception's systems."""
    return _fits(names_of(subject), exception.systems)


def names_of(subject: Subject) -> tuple[str, ...]:
    """Return every name of a subject that patterns are held against."""
    host = (f"host:{subject.name}",) if subject.kind is SubjectKind.HOST else ()
    return (subject.name, *subject.tags, *subject.repo_digests, *host)


def concerns_finding(exception: PolicyException, finding: Finding, component: Component) -> bool:
    """Return whether a finding is one of those that the exception names."""
    return not set(exception.vulnerabilities).isdisjoint(finding.identifiers) and (
        not exception.packages or _fits(_purls(component), exception.packages)
    )


def not_entitled(
    approver: Approver, decision: Decision, finding: Finding, component: Component, subject: Subject
) -> str:
    """Return why the approver may not accept this finding; "" where that is so."""
    if _LEVELS.index(decision.severity.value) > _LEVELS.index(approver.severity):
        return f"{approver.name} may accept up to {approver.severity}, this is {decision.severity}"
    if not approver.known_exploited:
        if decision.dates.kev_added is not None:
            return f"{approver.name} may not accept flaws that are known to be exploited"
        if any(name.startswith("MAL-") for name in finding.identifiers):
            return f"{approver.name} may not accept malware"
    if approver.packages and not _fits(_purls(component), approver.packages):
        return f"{approver.name} may not accept flaws in {component.name}"
    return not_entitled_to_system(approver, subject)


def not_entitled_to_rule(approver: Approver, rule: str, subject: Subject) -> str:
    """Return why the approver may not accept that a rule is broken; "" where that is so."""
    if rule not in approver.rules:
        return f"{approver.name} may not accept a breach of {rule}"
    return not_entitled_to_system(approver, subject)


def not_entitled_to_system(approver: Approver, subject: Subject) -> str:
    """Return why the approver may accept nothing of a subject; "" where that is so."""
    if approver.systems and not _fits(names_of(subject), approver.systems):
        return f"{approver.name} may not accept risks of {subject.name}"
    return ""


def _purls(component: Component) -> tuple[str, ...]:
    plain = component.purl.partition("?")[0]
    return (component.purl, plain, plain.rpartition("@")[0])


def _fits(names: tuple[str, ...], patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)
