"""One flaw, explained for the person who has to change something."""

from __future__ import annotations

from collections.abc import Iterator

from gate.advisories.severity import Statement
from gate.bom.origin import Origin, origins
from gate.matching.findings import Status
from gate.policy.durations import write_duration
from gate.policy.verdict import Dates, Decision, State
from gate.report.encoding import visible
from gate.report.judged import Judged, judged, raised_to
from gate.run.result import Result

_LINE = 300
_PLACES = 10


def findings_of(result: Result, identifier: str) -> tuple[Judged, ...]:
    """Return the findings that have this identifier, in any case of letters."""
    wanted = identifier.casefold()
    return tuple(
        item
        for item in judged(result)
        if wanted in {name.casefold() for name in item.finding.identifiers}
    )


def render(result: Result, found: tuple[Judged, ...]) -> str:
    """Return what is known of each of `found`: where, why, since when, what to do."""
    brought = origins(result.bom) if result.bom is not None else {}
    targets = raised_to(result)
    blocks = [
        "\n".join(
            visible(line, _LINE)
            for line in _lines(result, item, brought.get(item.component.ref), targets)
        )
        for item in found
    ]
    return "\n\n".join(blocks) + "\n"


def _lines(
    result: Result, item: Judged, origin: Origin | None, targets: dict[str, str]
) -> Iterator[str]:
    finding, decision, component = item
    word = "BREAKS THE POLICY" if decision.broken else decision.state.value.replace("-", " ")
    yield f"{finding.id} in {item.package} {component.version}: {word}"
    if finding.summary:
        yield f"  what      {finding.summary}"
    others = [name for name in finding.identifiers if name != finding.id]
    if others:
        yield f"  also      {', '.join(others)}"
    yield from _where(result, item, origin)
    for match in finding.matches:
        yield (
            f"  because   {match.advisory} of {match.source} ({match.ecosystem}): {match.package} "
            f"{match.version}, {match.why}"
        )
        if not match.certain:
            yield "            the versions could not be compared, so it counts"
    yield f"  severity  {_severity(item)}"
    yield from _clock(result, decision)
    for rule in result.verdict.rules:
        if rule.rule in {*decision.broken, *decision.warned}:
            yield f"  rule      {rule.rule} ({rule.outcome.value}): {rule.message}"
    yield f"  do        {_todo(item, targets.get(component.ref, ''))}"


def _where(result: Result, item: Judged, origin: Origin | None) -> Iterator[str]:
    component = item.component
    for location in component.locations[:_PLACES]:
        yield f"  file      {location.path}"
    if component.source_name and component.source_name != component.name:
        yield f"  source    built from {component.source_name} {component.source_version}"
    if origin is not None:
        base = result.bom.base if result.bom is not None else None
        kind = {True: "of the base", False: "added to the base", None: ""}[origin.base]
        named = f" {base.name}" if base is not None and origin.base is not None else ""
        whose = f", {kind}{named}" if kind else ""
        yield f"  layer     {origin.number}{whose}: {origin.instruction}"


def _severity(item: Judged) -> str:
    decision, taken = item.decision, item.finding.rating.taken
    if decision.severity_assumed:
        return f"{decision.severity.value}, since no source rates it and the policy says so"
    return decision.severity.value + (f", {_stated(taken)}" if taken is not None else "")


def _stated(statement: Statement) -> str:
    score = f" {statement.score:g}" if statement.score is not None else ""
    return f"by {statement.advisory} ({statement.method or 'in words'}{score})"


def _named(name: str, dates: Dates) -> str:
    changed = " (undated; changed)" if name in dates.undated else ""
    return f"{name.replace('_', ' ')}{changed}"


def _clock(result: Result, decision: Decision) -> Iterator[str]:
    dates = decision.dates
    known = {
        _named("published", dates): dates.published,
        _named("fix_available", dates): dates.fix_available,
        "first seen": dates.first_seen,
        f"first observed ({dates.accuracy})": dates.first_observed,
        "fix first observed": dates.fix_first_observed,
        "exploited since": dates.kev_added,
        "due for CISA": dates.kev_due,
    }
    shown = [f"{name} {when:%Y-%m-%d}" for name, when in known.items() if when is not None]
    if shown:
        yield f"  dates     {', '.join(shown)}"
    if decision.state is State.NO_LIMIT:
        yield "  clock     no time limit for it"
    elif decision.due is None:
        yield "  clock     no date is known, so it is overdue"
    else:
        left = decision.due - result.now
        word = "left" if left.total_seconds() >= 0 else "over"
        by = f" ({decision.condition})" if decision.condition else ""
        yield (
            f"  clock     {decision.clock.replace('_', ' ')} {decision.start:%Y-%m-%d} + "
            f"{decision.allowed}{by} = due {decision.due:%Y-%m-%d}, {write_duration(left)} {word}"
        )
    if decision.exception:
        yield f"  accepted  by exception {decision.exception}"
    if decision.vex is not None:
        said = decision.vex
        yield f"  vex       {said.status.value}, says {said.author or said.document}: {said.why}"


def _todo(item: Judged, raised: str) -> str:
    if item.finding.status is Status.WILL_NOT_FIX:
        return "the vendor will not fix it: replace or remove it, or ask for an exception"
    if not item.finding.fixed:
        return "there is no fixed version yet: replace or remove it, or ask for an exception"
    enough = (
        f"; {raised} closes all that is known" if raised not in {"", item.finding.fixed} else ""
    )
    return f"raise {item.component.name} to {item.finding.fixed} or later{enough}"
