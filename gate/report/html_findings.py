"""The table of all findings on the HTML page, which a reader can sort without a script.

Each row carries its place in every order as a CSS variable; the buttons above the table
are radio buttons, and the style sheet orders the rows by the one that is chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gate.advisories.severity import Severity
from gate.bom.origin import Origin, origins
from gate.policy.verdict import Decision, State
from gate.report.chart_data import instruction
from gate.report.judged import Judged, judged, urgency
from gate.report.markup import Markup, tag
from gate.run.result import Result

_MOST = 2000
_ORDER = list(Severity)
_ORDERS: dict[str, Callable[[Judged], Any]] = {
    "urgency": lambda item: (not item.decision.broken, urgency(item.decision)),
    "severity": lambda item: (_ORDER.index(item.decision.severity), urgency(item.decision)),
    "package": lambda item: (item.package, item.finding.id),
}
_HEADS = ("Flaw", "Severity", "Package", "Installed", "Fixed in", "Due")


def findings_table(result: Result) -> Iterator[Markup]:
    """Yield the table with its heading; nothing where there are no findings."""
    items = judged(result)
    shown = items[:_MOST]
    if not shown:
        return
    places = {name: _places(shown, key) for name, key in _ORDERS.items()}
    brought = origins(result.bom) if result.bom is not None else {}
    lines = []
    for number, item in enumerate(shown):
        order = ";".join(f"--{name}:{ranks[number]}" for name, ranks in places.items())
        lines.append(_row(item, order, brought.get(item.component.ref)))
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in _HEADS)))
    yield tag("h2", "Findings")
    sorters = []
    for name in _ORDERS:
        chosen = name == "urgency"
        identity = f"by-{name}"
        sorters.append(
            tag("input", type="radio", name="order", id=identity, class_="sorter", checked=chosen)
        )
        sorters.append(tag("label", f"by {name}", for_=identity))
    yield tag("div", *sorters, tag("table", head, tag("tbody", *lines), class_="findings"))
    if len(items) > _MOST:
        yield tag("p", f"and {len(items) - _MOST:,} more; the JSON result has all")


def _places(items: Sequence[Judged], key: Callable[[Judged], Any]) -> dict[int, int]:
    """Return row number to its place in an order."""
    ordered = sorted(range(len(items)), key=lambda number: key(items[number]))
    return {number: place for place, number in enumerate(ordered)}


def _row(item: Judged, order: str, origin: Origin | None) -> Markup:
    finding, decision, component = item
    severity = decision.severity.value
    assumed = " (assumed)" if decision.severity_assumed else ""
    return tag(
        "tr",
        tag("td", tag("code", finding.id)),
        tag("td", tag("span", severity, class_=f"chip {severity}"), assumed),
        tag("td", tag("code", item.package)),
        tag("td", tag("code", component.version), data_label="installed"),
        tag(
            "td", tag("code", finding.fixed) if finding.fixed else "no fix yet", data_label="fixed"
        ),
        tag(
            "td",
            tag("span", _due(decision), class_="breaks" if decision.broken else ""),
            class_="date",
        ),
        tag(
            "td",
            tag("details", tag("summary", finding.summary or "more"), *_more(item, origin)),
            class_="wide quiet",
            colspan=len(_HEADS),
        ),
        style=order,
    )


def _more(item: Judged, origin: Origin | None) -> Iterator[Markup]:
    finding, decision, component = item
    for match in finding.matches:
        yield tag("p", f"{match.advisory} ({match.source}): {match.why}")
    if others := [name for name in finding.identifiers if name != finding.id]:
        yield tag("p", f"also known as {', '.join(others)}")
    if decision.start is not None:
        clock = decision.clock.replace("_", " ")
        yield tag("p", f"clock: {clock} {decision.start:%Y-%m-%d}, {decision.allowed} allowed")
    for place in component.locations[:3]:
        yield tag("p", "in ", tag("code", place.path))
    if origin is not None:
        base = " of the base image" if origin.base else ""
        yield tag(
            "p", f"layer {origin.number}{base}: ", tag("code", instruction(origin.instruction))
        )
    if decision.broken:
        yield tag("p", f"breaks {', '.join(decision.broken)}")


def _due(decision: Decision) -> str:
    if decision.state is State.NO_LIMIT:
        return "no limit"
    if decision.state is State.ACCEPTED:
        return f"accepted by {decision.exception}"
    return f"{decision.due:%Y-%m-%d}" if decision.due is not None else "overdue"
