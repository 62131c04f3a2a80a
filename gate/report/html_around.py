"""The parts of the HTML page around the findings.

What comes, what changed since the run before, what was accepted, how each rule came
out, and what was not read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from gate.bom.model import ReadingStatus
from gate.policy.plan import Step
from gate.policy.verdict import ExceptionResult, RuleOutcome, RuleResult
from gate.report.facts import count
from gate.report.markup import Markup, joined, tag
from gate.report.timeline import timeline
from gate.run.result import Result

_MOST = 500
_SHOWN = 12
_MARKS = {
    RuleOutcome.PASSED: "✓",
    RuleOutcome.WARNED: "!",
    RuleOutcome.FAILED: "✗",
    RuleOutcome.ACCEPTED: "✓",
    RuleOutcome.NOT_APPLICABLE: "-",
}
_RULE_HEADS = ("Rule", "Result", "Controls")


def ahead(result: Result) -> Iterator[Markup]:
    """Yield what will count against the target if nothing changes, by date, and what to do."""
    forecast = result.forecast
    if forecast is None or not forecast.coming:
        yield from _plan(result)
        return
    lines = [
        tag(
            "tr",
            tag("td", f"{one.at:%Y-%m-%d}", class_="date"),
            tag("td", one.message),
            tag("td", one.remedy),
        )
        for one in forecast.coming[:_MOST]
    ]
    note = f"until {forecast.until:%Y-%m-%d}"
    if forecast.fails_at is not None:
        note += f"; the verdict turns to FAIL on {forecast.fails_at:%Y-%m-%d}"
    yield tag("h2", "What comes if nothing changes ", tag("small", f"({note})"))
    drawn = timeline(forecast, result.now, result.verdict.outcome)
    yield tag("figure", drawn, class_="chart")
    yield from _folded(("Date", "What", "What to do"), lines)
    yield from _plan(result)


def _plan(result: Result) -> Iterator[Markup]:
    """Yield the least to do to stay green until the end of the forecast."""
    plan = result.plan
    if plan is None or not (plan.steps or plan.unfixed or plan.rules):
        return
    by = f", by {', '.join(plan.rules)}" if plan.rules else ""
    note = f"once the packages are raised, the verdict is {plan.outcome.value} then{by}"
    yield tag("h2", f"To be green until {plan.until:%Y-%m-%d} ", tag("small", f"({note})"))
    lines = [_step(step) for step in plan.steps[:_MOST]]
    if lines:
        yield from _folded(("By", "Package", "Raise to", "Closes"), lines)
    others = [f"{rule}: {remedy}" for rule, remedy in plan.rules.items()]
    if plan.unfixed:
        others.append(f"{count(len(plan.unfixed), 'finding')} without a fix: replace or remove")
    if plan.base:
        others.append(f"or {plan.base}")
    if others:
        yield tag("ul", *(tag("li", text) for text in others), class_="why")


def _step(step: Step) -> Markup:
    place = tag("small", " (of the base image)") if step.of_base else None
    return tag(
        "tr",
        tag("td", f"{step.by:%Y-%m-%d}" if step.by is not None else "now", class_="date"),
        tag("td", tag("code", ", ".join(step.packages)), place),
        tag("td", tag("b", tag("code", step.to)), class_="version", data_label="raise to"),
        tag("td", _listed(step.closes), data_label="closes"),
    )


def _listed(names: Sequence[str]) -> Markup:
    """Return names with commas between them; an identifier is not broken at its hyphens."""
    commas = [","] * (len(names) - 1) + [""]
    shown = (tag("span", f"{n}{c}", class_="whole") for n, c in zip(names, commas, strict=False))
    return joined(shown, " ")


def since(result: Result) -> Iterator[Markup]:
    """Yield what is different from the run before."""
    before = result.since
    if before is None:
        return
    note = f"({before.outcome.value} on {before.decided_at:%Y-%m-%d %H:%M} UTC)"
    yield tag("h2", "Since the run before ", tag("small", note))
    lines = [tag("li", f"{'+' if c.better else '-'} {c.message}") for c in before.changes[:_MOST]]
    yield tag("ul", *lines, class_="why") if lines else tag("p", "Nothing has changed.")


def exceptions(result: Result) -> Iterator[Markup]:
    """Yield the exceptions that are about the target, as they were approved."""
    found = result.verdict.exceptions
    if not found:
        return
    heads = ("Exception", "Ends", "Risk, controls and plan", "Approved by")
    yield tag("h2", "Exceptions")
    yield from _folded(heads, [_exception(item) for item in found[:_MOST]])


def _exception(item: ExceptionResult) -> Markup:
    said = f"{item.outcome.value}: {item.message}" if item.message else item.outcome.value
    approved = f" on {item.approved_at:%Y-%m-%d}" if item.approved_at else ""
    controls = f"Controls: {', '.join(item.controls)}. " if item.controls else ""
    return tag(
        "tr",
        tag("td", tag("code", item.id), " ", tag("small", said)),
        tag("td", f"{item.expires:%Y-%m-%d}", class_="date", data_label="ends"),
        tag("td", f"{item.reason} Risk: {item.risk}. {controls}Gone by {item.remediation}."),
        tag("td", f"{item.approver or 'nobody'}{approved}", data_label="approved by"),
    )


def rules(result: Result) -> Iterator[Markup]:
    """Yield how every rule came out, with the controls it serves."""
    if not result.verdict.rules:
        return
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in _RULE_HEADS)))
    on = [rule for rule in result.verdict.rules if rule.outcome is not RuleOutcome.OFF]
    yield tag("h2", "Rules")
    if on:
        yield tag("table", head, tag("tbody", *map(_rule, on)), class_="stacks")
    if off := [rule.rule for rule in result.verdict.rules if rule.outcome is RuleOutcome.OFF]:
        yield tag("p", tag("small", f"switched off: {', '.join(off)}"))


def _rule(rule: RuleResult) -> Markup:
    details = [tag("p", text) for text in rule.details[:_MOST]]
    folded = tag("details", tag("summary", count(len(rule.details), "detail")), *details)
    name = tag("span", f"{_MARKS.get(rule.outcome, '')} ", tag("code", rule.rule), class_="line")
    return tag(
        "tr",
        tag("td", name),
        tag("td", rule.message, folded if details else None),
        tag("td", tag("small", ", ".join(rule.controls)), data_label="controls"),
        class_="quiet" if rule.outcome is RuleOutcome.NOT_APPLICABLE else False,
    )


def coverage(result: Result) -> Iterator[Markup]:
    """Yield what was not read or matched, and what is odd; nothing where all is well."""
    if result.bom is None:
        return
    unread = [r for r in result.bom.readings if r.status is not ReadingStatus.COMPLETE]
    gaps = Counter(gap.message for gap in result.findings.gaps) if result.findings else Counter()
    lines = [
        *(tag("li", f"not read: {r.what} {r.path}: {r.reason}") for r in unread[:_MOST]),
        *(tag("li", f"not matched: {count(n, 'package')}: {text}") for text, n in gaps.items()),
        *(
            tag("li", f"{note.message} ", tag("code", note.path))
            for note in result.bom.notes[:_MOST]
        ),
    ]
    if lines:
        yield tag("h2", "What was not read, not matched, or odd")
        yield tag("ul", *lines, class_="why")


def _folded(heads: Sequence[str], lines: Sequence[Markup]) -> Iterator[Markup]:
    """Yield a table of the first lines, and the others folded."""
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in heads)))
    yield tag("table", head, tag("tbody", *lines[:_SHOWN]), class_="stacks")
    if rest := lines[_SHOWN:]:
        more = tag("table", head, tag("tbody", *rest), class_="stacks")
        yield tag("details", tag("summary", f"{len(rest):,} more"), more)
