"""An audit as CSV files, one for each control and kind of line.

Every line names the controls it is evidence for, the record that shows it, and what it
does not prove.  A new column goes to the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from gate.estate.audit import Audit, System
from gate.estate.controls import NOT_PROVEN, Framework, Rows
from gate.estate.lines import RunLine
from gate.estate.lives import Life
from gate.report.cells import write_csv

Row = dict[str, str]

_COLUMNS: dict[Rows, tuple[str, ...]] = {
    Rows.SYSTEMS: (
        "system", "kind", "owner", "in_asset_list", "in_scope_from", "in_scope_until", "checks",
        "checks_that_saw_everything", "first_check", "last_check", "last_verdict", "packages",
        "open_flaws", "overdue_flaws", "longest_gap_days", "evidence",
    ),
    Rows.CHECKS: (
        "time", "system", "subject", "sha256", "verdict", "reasons", "saw_everything", "packages",
        "time_from", "actor", "actor_is", "ci_repository", "ci_ref", "ci_commit", "ci_run",
        "ticket", "policy", "tool", "ledger_entry", "evidence",
    ),
    Rows.GAPS: ("system", "owner", "kind", "from", "until", "days", "allowed_days"),
    Rows.FLAWS: (
        "system", "owner", "flaw", "severity", "severity_assumed", "package", "purl", "standing",
        "published", "fix_released", "exploited_since", "clock", "start", "allowed", "due",
        "first_seen", "ended", "how", "days_open", "days_late", "days_since_fix", "before",
        "after", "exceptions", "approvers", "tickets", "actor", "ci_run", "evidence_first",
        "evidence_last", "evidence_end",
    ),
    Rows.CHANGES: (
        "time", "system", "type", "package", "change", "before", "after", "flaws_closed",
        "seen_since", "actor", "actor_is", "ci_repository", "ci_commit", "ci_run", "ticket",
        "evidence_before", "evidence_after",
    ),
    Rows.EXCEPTIONS: (
        "exception", "counted", "systems", "flaws", "reason", "risk", "controls_instead",
        "requester", "requested", "approver", "approved", "expires", "renewals", "remediation",
        "ticket", "digest", "first_used", "last_used", "why_not", "evidence",
    ),
}  # fmt: skip
_LAST = ("framework_controls", "not_proven")
_NAME = re.compile(r"[^A-Za-z0-9.]+")


def render_all(audit: Audit, framework: Framework) -> dict[str, bytes]:
    """Return file name to content, for every control of the framework."""
    tables = {rows: _table(audit, framework, rows) for rows in Rows}
    return {
        f"{_NAME.sub('-', control.id).strip('-')}-{rows.value}.csv": tables[rows]
        for control in framework.controls
        for rows in control.rows
    }


def _table(audit: Audit, framework: Framework, rows: Rows) -> bytes:
    controls = " ".join(framework.serves(rows))
    last = {"framework_controls": controls, "not_proven": NOT_PROVEN[rows]}
    lines = ({**row, **last} for row in _ROWS[rows](audit))
    return write_csv((*_COLUMNS[rows], *_LAST), lines)


def _systems(audit: Audit) -> Iterator[Row]:
    open_: dict[str, list[Life]] = {}
    for life in audit.lives:
        if life.ended is None:
            open_.setdefault(life.system, []).append(life)
    for system in audit.systems:
        last = system.last
        flaws = open_.get(system.name, [])
        yield {
            "system": system.name,
            "kind": system.kind,
            "owner": system.owner,
            "in_asset_list": _listed(audit, system),
            "in_scope_from": _day(system.scope.begin),
            "in_scope_until": _day(system.scope.end),
            "checks": str(len(system.checks)),
            "checks_that_saw_everything": str(sum(check.whole for check in system.checks)),
            "first_check": _time(system.checks[0].line.decided_at) if system.checks else "",
            "last_check": _time(last.line.decided_at) if last else "",
            "last_verdict": last.line.verdict.value if last else "",
            "packages": str(last.line.components) if last else "",
            "open_flaws": str(len(flaws)),
            "overdue_flaws": str(sum(one.standing(audit.as_of) == "overdue" for one in flaws)),
            "longest_gap_days": str(max((gap.days for gap in system.gaps), default=0)),
            "evidence": last.line.run_id if last else "",
        }


def _checks(audit: Audit) -> Iterator[Row]:
    found = [(check, system.name) for system in audit.systems for check in system.checks]
    for check, name in sorted(found, key=lambda pair: (pair[0].line.decided_at, pair[1])):
        line = check.line
        yield {
            "time": _time(line.decided_at),
            "system": name,
            "subject": line.subject,
            "sha256": line.sha256,
            "verdict": line.verdict.value,
            "reasons": " ".join(line.reasons),
            "saw_everything": _yes(check.whole),
            "packages": str(line.components),
            "time_from": line.clock,
            **_who(line),
            "ci_ref": line.ref,
            "ci_commit": line.commit,
            "ticket": line.ticket,
            "policy": line.policy,
            "tool": line.tool,
            "ledger_entry": "" if check.entry is None else str(check.entry),
            "evidence": line.run_id,
        }


def _gaps(audit: Audit) -> Iterator[Row]:
    for system in audit.systems:
        for gap in system.gaps:
            yield {
                "system": system.name,
                "owner": system.owner,
                "kind": gap.kind.value,
                "from": _time(gap.begin),
                "until": _time(gap.end),
                "days": str(gap.days),
                "allowed_days": str(audit.every.days),
            }


def _flaws(audit: Audit) -> Iterator[Row]:
    owners = {system.name: system.owner for system in audit.systems}
    exceptions = {use.result.id: use for use in audit.exceptions}
    for life in audit.lives:
        used = [exceptions[one.exception] for one in life.accepted if one.exception in exceptions]
        end = life.end_run
        stop = life.ended or audit.as_of
        yield {
            "system": life.system,
            "owner": owners.get(life.system, ""),
            "flaw": life.id,
            "severity": life.severity.value,
            "severity_assumed": _yes(life.assumed),
            "package": life.package,
            "purl": life.purl,
            "standing": life.standing(audit.as_of).value,
            "published": _time(life.published),
            "fix_released": _time(life.fix_available),
            "exploited_since": _time(life.exploited),
            "clock": life.clock,
            "start": _time(life.start),
            "allowed": life.allowed,
            "due": _time(life.due),
            "first_seen": _time(life.first_seen),
            "ended": _time(life.ended),
            "how": life.end.value if life.end else "",
            "days_open": str(life.days_open(audit.as_of)),
            "days_late": str(life.days_late(audit.as_of)),
            "days_since_fix": str((stop - life.fix_available).days) if life.fix_available else "",
            "before": life.before,
            "after": life.after,
            "exceptions": " ".join(one.exception for one in life.accepted),
            "approvers": ", ".join(use.result.approver for use in used),
            "tickets": ", ".join(use.result.ticket for use in used if use.result.ticket),
            "actor": end.actor if end else "",
            "ci_run": end.url if end else "",
            "evidence_first": life.first_run.run_id if life.first_run else "",
            "evidence_last": life.last_run.run_id,
            "evidence_end": end.run_id if end else "",
        }


def _changes(audit: Audit) -> Iterator[Row]:
    for one in audit.changes:
        found = one.difference
        yield {
            "time": _time(one.run.decided_at),
            "system": one.system,
            "type": found.type,
            "package": found.name,
            "change": found.change.value,
            "before": found.before,
            "after": found.after,
            "flaws_closed": " ".join(one.closed),
            "seen_since": _time(one.since.decided_at),
            **_who(one.run),
            "ci_commit": one.run.commit,
            "ticket": one.run.ticket,
            "evidence_before": one.since.run_id,
            "evidence_after": one.run.run_id,
        }


def _exceptions(audit: Audit) -> Iterator[Row]:
    for use in audit.exceptions:
        one = use.result
        yield {
            "exception": one.id,
            "counted": _yes(use.applied),
            "systems": " ".join(use.systems),
            "flaws": " ".join(use.flaws),
            "reason": one.reason,
            "risk": one.risk,
            "controls_instead": "; ".join(one.controls),
            "requester": one.requester,
            "requested": one.requested,
            "approver": one.approver,
            "approved": _time(one.approved_at),
            "expires": _time(one.expires),
            "renewals": str(one.renewals),
            "remediation": one.remediation,
            "ticket": one.ticket,
            "digest": one.digest,
            "first_used": _time(use.first.decided_at),
            "last_used": _time(use.last.decided_at),
            "why_not": one.message,
            "evidence": use.last.run_id,
        }


_ROWS: Mapping[Rows, Callable[[Audit], Iterator[Row]]] = {
    Rows.SYSTEMS: _systems,
    Rows.CHECKS: _checks,
    Rows.GAPS: _gaps,
    Rows.FLAWS: _flaws,
    Rows.CHANGES: _changes,
    Rows.EXCEPTIONS: _exceptions,
}


def _who(line: RunLine) -> Row:
    return {
        "actor": line.actor,
        "actor_is": "verified" if line.actor_verified else "claimed",
        "ci_repository": line.repository,
        "ci_run": line.url,
    }


def _listed(audit: Audit, system: System) -> str:
    return _yes(system.listed) if audit.asset_list else "no list was given"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment is not None else ""


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
