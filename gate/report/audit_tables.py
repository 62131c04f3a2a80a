"""The tables of an audit's page; each with its controls and with what it does not prove."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from gate.estate import figures
from gate.estate.audit import Audit, Changed, ExceptionUse, System, Used
from gate.estate.controls import NOT_PROVEN, Framework, Rows
from gate.estate.coverage import Gap
from gate.estate.lives import BREACHES, Life, Standing
from gate.report.audit_charts import strip
from gate.report.facts import count
from gate.report.markup import Markup, tag

T = TypeVar("T")

_SHOWN = 12
_MOST = 500
_STANDINGS = {
    Standing.IN_TIME: "fixed in time",
    Standing.LATE: "fixed late",
    Standing.EXCEPTED: "accepted",
    Standing.OVERDUE: "overdue",
    Standing.OPEN: "open",
    Standing.NO_LIMIT: "no limit",
    Standing.SET_ASIDE: "set aside",
}


def past_their_time(audit: Audit, framework: Framework) -> Iterator[Markup]:
    """Yield every flaw past its time to patch, with its exception, or as a finding."""
    found = figures.breaches(audit)
    accepted = [life for life in audit.lives if life.standing(audit.as_of) is Standing.EXCEPTED]
    title = f"Past their time to patch: {count(len(found), 'finding')}, {len(accepted):,} accepted"
    yield from _title(title, framework, Rows.FLAWS)
    heads = ("Flaw", "System", "Package", "Due", "End", "Days late", "Exception", "Evidence")
    yield from _folded(heads, [*found, *accepted], lambda life: _breach(life, audit), 40)


def _breach(life: Life, audit: Audit) -> Markup:
    evidence = life.end_run or life.last_run
    ended = _day(life.ended) if life.ended else "still open"
    late = "breaks" if life.standing(audit.as_of) in BREACHES else ""
    return tag(
        "tr",
        tag("td", tag("code", life.id), " ", _chip(life)),
        tag("td", tag("code", life.system), data_label="system"),
        tag("td", tag("code", f"{life.package} {life.before}"), data_label="package"),
        tag("td", _day(life.due), class_="date", data_label="due"),
        tag("td", ended, class_="date", data_label="end"),
        tag(
            "td",
            tag("span", f"{life.days_late(audit.as_of):,}", class_=late),
            tag("small", f" of {life.allowed} allowed"),
            data_label="late",
        ),
        tag("td", _excuse(life, audit), data_label="exception"),
        tag("td", tag("small", tag("code", evidence.run_id)), data_label="evidence"),
    )


def _excuse(life: Life, audit: Audit) -> str:
    names = ", ".join(one.exception for one in life.accepted)
    if life.standing(audit.as_of) is Standing.EXCEPTED:
        return names
    return f"a finding: {names} did not cover all of it" if names else "none: a finding"


def exceptions(audit: Audit, framework: Framework) -> Iterator[Markup]:
    """Yield the exceptions that runs met, with their justification."""
    found = audit.exceptions
    if not found:
        return
    yield from _title(f"Exceptions: {len(found):,}", framework, Rows.EXCEPTIONS)
    heads = ("Exception", "For", "Reason, risk and controls", "Approved by", "Ends")
    yield from _folded(heads, found, _exception)


def _exception(use: ExceptionUse) -> Markup:
    one = use.result
    counted = "" if use.applied else f" did not count: {one.message}"
    approved = f" on {one.approved_at:%Y-%m-%d}" if one.approved_at else ""
    about = ", ".join((*use.flaws, *one.rules)) or "nothing was found"
    ticket = f" ({one.ticket})" if one.ticket else ""
    return tag(
        "tr",
        tag("td", tag("code", one.id), ticket, tag("small", counted)),
        tag("td", f"{about} in ", tag("code", ", ".join(use.systems)), data_label="for"),
        tag(
            "td",
            f"{one.reason}. Risk: {one.risk}. Controls: {', '.join(one.controls)}. "
            f"Gone by {one.remediation}.",
        ),
        tag(
            "td",
            f"{one.approver or 'nobody'}{approved}, asked by {one.requester}",
            data_label="approved by",
        ),
        tag("td", _last(one.expires), class_="date", data_label="ends"),
    )


def systems(audit: Audit, framework: Framework) -> Iterator[Markup]:
    """Yield every system in scope, with its weeks; those without checks first."""
    found = sorted(audit.systems, key=lambda one: (bool(one.checks), not one.gaps, one.name))
    yield from _title(f"Systems: {len(found):,}", framework, Rows.SYSTEMS)
    heads = ("System", "Owner", "Checks", "Weeks", "Last check", "Open", "Overdue")
    lives: dict[str, list[Life]] = {}
    for life in figures.open_flaws(audit):
        lives.setdefault(life.system, []).append(life)
    yield from _folded(heads, found, lambda one: _system(one, lives.get(one.name, []), audit), 40)


def _system(one: System, lives: Sequence[Life], audit: Audit) -> Markup:
    overdue = sum(life.standing(audit.as_of) is Standing.OVERDUE for life in lives)
    notes = []
    if not one.listed:
        notes.append("not in the list of assets")
    if one.scope.begin > audit.period.begin:
        notes.append(f"in scope from {one.scope.begin:%Y-%m-%d}")
    if one.scope.end < audit.as_of:
        notes.append(f"in scope until {_last(one.scope.end)}")
    checks = f"{len(one.checks):,}"
    last = one.last
    return tag(
        "tr",
        tag(
            "td",
            tag("code", one.name),
            tag("small", f" {'; '.join(notes)}") if notes else None,
        ),
        tag("td", one.owner, data_label="owner"),
        tag(
            "td",
            checks if one.checks else tag("span", "never checked", class_="breaks"),
            data_label="checks",
        ),
        tag("td", strip(one)),
        tag("td", _day(last.line.decided_at) if last else "", class_="date", data_label="last"),
        tag("td", f"{len(lives):,}" if last else "not known", data_label="open"),
        tag(
            "td",
            tag("span", f"{overdue:,}", class_="breaks" if overdue else "") if last else "",
            data_label="overdue",
        ),
    )


def gaps(audit: Audit, framework: Framework) -> Iterator[Markup]:
    """Yield the times in which a system was not checked often enough."""
    found = [(system, gap) for system in audit.systems for gap in system.gaps]
    every = count(audit.every.days, "day")
    title = f"Gaps longer than {every}: {len(found):,}" if found else f"No gaps longer than {every}"
    yield from _title(title, framework, Rows.GAPS)
    found.sort(key=lambda pair: (-pair[1].days, pair[0].name))
    yield from _folded(("System", "Kind", "From", "Until", "Days"), found, _gap)


def _gap(pair: tuple[System, Gap]) -> Markup:
    system, gap = pair
    return tag(
        "tr",
        tag("td", tag("code", system.name)),
        tag("td", gap.kind.value.replace("-", " "), data_label="kind"),
        tag("td", _day(gap.begin), class_="date", data_label="from"),
        tag("td", _last(gap.end), class_="date", data_label="until"),
        tag("td", f"{gap.days:,}", data_label="days"),
    )


def severities(audit: Audit) -> Iterator[Markup]:
    """Yield the shares by severity and by system."""
    by_severity = figures.share_by(audit.lives, audit.as_of, lambda life: life.severity.value)
    by_system = figures.share_by(audit.lives, audit.as_of, lambda life: life.system)
    order = [one.value for one in figures.SEVERITIES if one.value in by_severity]
    groups = [(name, by_severity[name]) for name in order] + list(by_system.items())
    found = [(name, one) for name, one in groups if one.total]
    if found:
        yield tag("h2", "Fixed in time, by severity and by system")
        yield from _folded(("", "Share", "In time", "Accepted", "Breached"), found, _share, 40)


def _share(pair: tuple[str, figures.Share]) -> Markup:
    name, one = pair
    return tag(
        "tr",
        tag("td", tag("code", name)),
        tag("td", f"{one.percent:.1f}%" if one.percent is not None else "", data_label="share"),
        tag("td", f"{one.kept:,}", data_label="in time"),
        tag("td", f"{one.excepted:,}", data_label="accepted"),
        tag("td", f"{one.breached:,}", data_label="breached"),
    )


def flaws(audit: Audit, framework: Framework) -> Iterator[Markup]:
    """Yield every flaw that was there in the period."""
    yield from _title(f"All flaws: {len(audit.lives):,}", framework, Rows.FLAWS)
    rank = {standing: number for number, standing in enumerate(_ORDER)}
    found = sorted(
        audit.lives, key=lambda life: (rank[life.standing(audit.as_of)], life.system, life.id)
    )
    heads = ("Flaw", "System", "Package", "First seen", "Due", "End", "Standing")
    yield from _folded(heads, found, lambda life: _flaw(life, audit))


_ORDER = (
    Standing.OVERDUE,
    Standing.LATE,
    Standing.EXCEPTED,
    Standing.OPEN,
    Standing.IN_TIME,
    Standing.NO_LIMIT,
    Standing.SET_ASIDE,
)


def _flaw(life: Life, audit: Audit) -> Markup:
    versions = " → ".join(part for part in (life.before, life.after) if part)
    how = f" ({life.end.value})" if life.end else ""
    return tag(
        "tr",
        tag("td", tag("code", life.id), " ", _chip(life)),
        tag("td", tag("code", life.system), data_label="system"),
        tag("td", tag("code", f"{life.package} {versions}"), data_label="package"),
        tag("td", _day(life.first_seen), class_="date", data_label="first seen"),
        tag("td", _day(life.due), class_="date", data_label="due"),
        tag("td", _day(life.ended), class_="date", data_label="end"),
        tag("td", f"{_STANDINGS[life.standing(audit.as_of)]}{how}", data_label="standing"),
    )


def changes(audit: Audit, framework: Framework) -> Iterator[Markup]:
    """Yield the packages that changed, the newest first."""
    found = audit.changes
    yield from _title(f"Changes of packages: {len(found):,}", framework, Rows.CHANGES)
    ordered = sorted(found, key=lambda one: one.run.decided_at, reverse=True)
    heads = ("Seen", "System", "Package", "Change", "Flaws closed", "By", "Evidence")
    yield from _folded(heads, ordered, _change)


def _change(one: Changed) -> Markup:
    found = one.difference
    versions = " → ".join(part for part in (found.before, found.after) if part)
    who = f"{one.run.actor or 'not known'}"
    ticket = f" {one.run.ticket}" if one.run.ticket else ""
    return tag(
        "tr",
        tag("td", _day(one.run.decided_at), class_="date"),
        tag("td", tag("code", one.system), data_label="system"),
        tag("td", tag("code", found.name), data_label="package"),
        tag("td", found.change.value, " ", tag("code", versions), data_label="change"),
        tag("td", ", ".join(one.closed), data_label="closed"),
        tag(
            "td",
            who,
            tag("small", f" ({'verified' if one.run.actor_verified else 'claimed'}){ticket}"),
            data_label="by",
        ),
        tag("td", tag("small", tag("code", one.run.run_id)), data_label="evidence"),
    )


def record(audit: Audit) -> Iterator[Markup]:
    """Yield who signed, by which policy, and what is odd about the order of the record."""
    yield tag("h2", "The record itself")
    rows = [
        *(("signing key", one) for one in audit.keys),
        *(("policy", one) for one in audit.policies),
        *(("actor", one) for one in audit.actors),
    ]
    yield from _folded(("", "Name", "Runs", "First", "Last"), rows, _used, 40)
    given = sum(check.given_time for system in audit.systems for check in system.checks)
    if given:
        yield tag(
            "p",
            f"{count(given, 'run')} took the time from an option or a variable instead of a clock.",
        )
    if audit.disorder:
        names = ", ".join(line.run_id for line in audit.disorder[:_SHOWN])
        more = len(audit.disorder) - _SHOWN
        yield tag(
            "p",
            f"{count(len(audit.disorder), 'run')} recorded more than a day after the time they "
            f"claim: {names}{f' and {more:,} more' if more > 0 else ''}.",
        )
    if audit.redacted:
        yield tag("p", f"{count(len(audit.redacted), 'part')} of it removed by signed redactions:")
        said = [
            tag("li", tag("code", name), f": {problem.message}")
            for name, problem in audit.redacted[:_MOST]
        ]
        yield tag("ul", *said)
    yield tag(
        "p",
        "Times are those that the signers claim; the order of the ledger is proven. "
        "That no record was taken away since a certain day, a checkpoint proves that somebody "
        "else kept on that day.",
        class_="not",
    )


def _used(pair: tuple[str, Used]) -> Markup:
    kind, one = pair
    return tag(
        "tr",
        tag("td", kind),
        tag("td", tag("code", one.name)),
        tag("td", f"{one.runs:,}", data_label="runs"),
        tag("td", _day(one.first), class_="date", data_label="first"),
        tag("td", _day(one.last), class_="date", data_label="last"),
    )


def _title(text: str, framework: Framework, rows: Rows) -> Iterator[Markup]:
    controls = ", ".join(framework.serves(rows))
    yield tag("h2", f"{text} ", tag("small", f"({controls})") if controls else None)
    yield tag("p", f"Does not prove {NOT_PROVEN[rows]}.", class_="not")


def _folded(
    heads: Sequence[str], found: Sequence[T], row: Callable[[T], Markup], first: int = _SHOWN
) -> Iterator[Markup]:
    """Yield a table of the first lines, and the others folded; the CSV has what is too much."""
    if not found:
        return
    lines = [row(one) for one in found[:_MOST]]
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in heads)))
    yield tag("table", head, tag("tbody", *lines[:first]), class_="stacks")
    if rest := lines[first:]:
        more = tag("table", head, tag("tbody", *rest), class_="stacks")
        yield tag("details", tag("summary", f"{len(rest):,} more"), more)
    if len(found) > _MOST:
        yield tag("p", f"and {len(found) - _MOST:,} more in the CSV")


def _chip(life: Life) -> Markup:
    severity = life.severity.value
    return tag("span", severity, class_=f"chip {severity}")


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment is not None else ""


def _last(end: datetime) -> str:
    """Return the last day before a moment: that before a midnight."""
    return _day(end - timedelta(seconds=1))
