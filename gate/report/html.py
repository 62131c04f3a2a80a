"""The result as one HTML file: for whoever decides, reads on a phone, or keeps it on paper.

It holds no script and loads nothing, and a content security policy in it says so to the
browser; texts from outside are escaped on their way into an element (`gate.report.markup`).
What a person needs first stands first: the verdict, what to change, by when.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta

from gate import __version__
from gate.advisories.severity import Severity
from gate.bom.model import SubjectKind
from gate.policy.verdict import Outcome, State
from gate.report.changes import Change, changes
from gate.report.chart_data import by_age, by_due_date, by_layer, by_type
from gate.report.charts import columns, legend, lying_bars
from gate.report.facts import origins, subject_line, tally, whys
from gate.report.html_around import ahead, coverage, exceptions, rules, since
from gate.report.html_findings import findings_table
from gate.report.judged import judged
from gate.report.markup import Markup, joined, tag
from gate.report.page import page
from gate.run.result import Result

_SHOWN = 12
"""Changes that are shown at once; the others are folded."""
_MOST = 500
_SOON = timedelta(days=7)
_MEANINGS = {
    Outcome.PASS: "The policy is met.",
    Outcome.FAIL: "The policy is not met.",
    Outcome.INDETERMINATE: "It could not be decided whether the policy is met.",
}
_MARKS = {Outcome.PASS: "✓", Outcome.FAIL: "✗", Outcome.INDETERMINATE: "?"}


def render(result: Result, exit_code: int) -> bytes:
    """Return the page, UTF-8."""
    outcome = result.verdict.outcome
    body = tag("body", tag("main", *_sections(result)), _footer(result, exit_code))
    return page(f"{outcome.value}: {result.target}", body)


def _sections(result: Result) -> Iterator[Markup]:
    yield _verdict(result)
    yield from _tiles(result)
    yield from _reasons(result)
    if result.findings is not None and result.findings.findings:
        parts = changes(result)
        yield from _changes("What to change", parts.fixable)
        yield from _changes("Waiting for a fix", parts.unfixed)
    yield from _warnings(result)
    yield from _charts(result)
    yield from ahead(result)
    yield from since(result)
    yield from exceptions(result)
    yield from rules(result)
    yield from findings_table(result)
    yield from coverage(result)


def _verdict(result: Result) -> Markup:
    outcome = result.verdict.outcome
    return tag(
        "header",
        tag("p", f"{_MARKS[outcome]} {outcome.value}", class_="word"),
        tag("h1", tag("code", result.target)),
        tag("p", _MEANINGS[outcome]),
        tag("p", tag("small", subject_line(result), style="color:inherit")) if result.bom else None,
        class_=f"verdict {outcome.value}",
    )


def _tiles(result: Result) -> Iterator[Markup]:
    if result.findings is None:
        return
    decisions = result.verdict.decisions
    overdue = sum(decision.state is State.OVERDUE for decision in decisions)
    breaking = sum(bool(decision.broken) for decision in decisions)
    waiting = [d.due for d in decisions if d.state is State.OPEN and d.due is not None]
    soon = sum(due - result.now <= _SOON for due in waiting)
    tiles = [
        (f"{len(decisions):,}", "findings"),
        (f"{breaking:,}", "break the policy"),
        (f"{overdue:,}", "overdue"),
        (f"{soon:,}", "due within 7 days"),
        (f"{min(waiting):%Y-%m-%d}" if waiting else "none", "next due date"),
    ]
    shown = (tag("div", tag("b", value), label, class_="tile") for value, label in tiles)
    yield tag("div", *shown, class_="tiles")


def _reasons(result: Result) -> Iterator[Markup]:
    lines = [
        tag(
            "li",
            why.message,
            tag("span", f"→ {why.remedy}", class_="remedy") if why.remedy else None,
        )
        for why in whys(result)
    ]
    if lines:
        yield tag("h2", "Why")
        yield tag("ul", *lines[:_MOST], class_="why")
        if len(lines) > _MOST:
            yield tag("p", f"and {len(lines) - _MOST:,} more; the JSON result has all")


def _warnings(result: Result) -> Iterator[Markup]:
    if result.verdict.warnings:
        yield tag("h2", "Warnings")
        yield tag("ul", *(tag("li", w) for w in result.verdict.warnings[:_MOST]), class_="why")


def _changes(title: str, found: Sequence[Change]) -> Iterator[Markup]:
    if not found:
        return
    breaking = sum(row.breaks for row in found)
    note = f"{breaking:,} of {len(found):,} break the policy" if breaking else "within the policy"
    yield tag("h2", f"{title} ", tag("small", f"({note})"))
    yield _change_table(found[:_SHOWN])
    if rest := found[_SHOWN:_MOST]:
        marked = sum(row.breaks for row in rest)
        more = f"{len(rest):,} more" + (f", {marked:,} of them break the policy" if marked else "")
        yield tag("details", tag("summary", more), _change_table(rest))
    if len(found) > _MOST:
        yield tag("p", f"and {len(found) - _MOST:,} more; the JSON result has all")


def _change_table(found: Sequence[Change]) -> Markup:
    """Return the table; what waits for a fix has no version to raise it to."""
    fixable = any(row.fixable for row in found)
    heads = ("Package", "Installed", *(("Raise to",) if fixable else ()), "Flaws", "Due")
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in heads)))
    return tag("table", head, tag("tbody", *map(_change, found)), class_="stacks")


def _change(row: Change) -> Markup:
    due = tag("span", row.due, class_="breaks" if row.breaks else "")
    return tag(
        "tr",
        tag("td", tag("code", row.packages)),
        tag("td", tag("code", row.installed), data_label="installed"),
        tag("td", tag("b", tag("code", row.to)), data_label="raise to") if row.fixable else None,
        tag("td", row.flaws, data_label="flaws"),
        tag("td", due, class_="due", data_label="due"),
    )


def _charts(result: Result) -> Iterator[Markup]:
    items = judged(result)
    if not items or result.bom is None:
        return
    counts: Counter[Severity] = Counter(item.decision.severity for item in items)
    due = "When findings are due"
    age = "How long flaws have been known"
    charts = [
        (due, columns(due, by_due_date(items, result.now))),
        (age, columns(age, by_age(items, result.now))),
    ]
    if result.bom.subject.layers:
        place = "Which layer brought them"
        charts.append((place, lying_bars(place, by_layer(items, result.bom))))
    else:
        kind = "Which kind of package has them"
        charts.append((kind, lying_bars(kind, by_type(items))))
    yield tag("h2", "Findings at a glance ", tag("small", f"({tally(result)})"))
    yield legend(counts)
    shown = (tag("figure", tag("h3", title), drawing, class_="chart") for title, drawing in charts)
    yield tag("div", *shown, class_="charts")


def _footer(result: Result, exit_code: int) -> Markup:
    pairs = [*origins(result), ("exit", str(exit_code))]
    bom = result.bom
    if bom is not None and bom.subject.digests.get("sha256"):
        what = "image" if bom.subject.kind is SubjectKind.IMAGE else bom.subject.kind.value
        pairs.append((what, f"sha256:{bom.subject.digests['sha256']}"))
    pairs.append(("tool", f"patchgate {__version__}"))
    listed = (tag("dt", word) + tag("dd", text) for word, text in pairs)
    return tag("footer", tag("dl", joined(map(Markup, listed))))
