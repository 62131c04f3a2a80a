"""Charts as inline SVG: bars in the colours of severities, with every number beside its bar.

They are drawn 360 units wide, so that their text can be read on a phone, where a chart
is about as wide as the screen.  Colours come from the style sheet by class, since they
differ between light and dark; no chart needs them to be understood.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from gate.advisories.severity import Severity
from gate.report.changes import write_severities
from gate.report.drawing import WIDTH, drawing, line, rect, text
from gate.report.markup import Markup, joined, tag

_STACK = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW, Severity.NONE)
_LEAST = 2.0
"""Height or width of what is there and too little to be seen."""

Counts = Counter[Severity]


class Bar(NamedTuple):
    """One bar: its label, and how many of each severity."""

    label: str
    counts: Counts


class Group(NamedTuple):
    """Bars that belong together, with what they have in common."""

    label: str
    bars: tuple[Bar, ...]


def columns(title: str, groups: Sequence[Group]) -> Markup:
    """Return upright bars, stacked by severity, in groups from left to right."""
    top, base, bottom = 18.0, 150.0, 186
    bars = [bar for group in groups for bar in group.bars]
    most = max((bar.counts.total() for bar in bars), default=0) or 1
    gap = 14.0
    step = (WIDTH - gap * (len(groups) - 1)) / max(len(bars), 1)
    parts: list[Markup] = []
    left = 0.0
    for group in groups:
        right = left + step * len(group.bars)
        middle = (left + right) / 2
        parts.append(line(left, base, right, base))
        parts.append(text(group.label, middle, bottom - 4, "axis"))
        for number, bar in enumerate(group.bars):
            centre = left + step * (number + 0.5)
            parts.append(text(bar.label, centre, base + 15, "tick"))
            parts.append(_column(bar, centre, min(step * 0.7, 44), base, (base - top) / most))
        left = right + gap
    return drawing(title, _said(bars), bottom, parts)


def lying_bars(title: str, bars: Sequence[Bar]) -> Markup:
    """Return lying bars, stacked by severity, one below the other, each under its label."""
    height, thick, room = 40.0, 14.0, 44.0
    most = max((bar.counts.total() for bar in bars), default=0) or 1
    parts: list[Markup] = []
    for number, bar in enumerate(bars):
        top = number * height
        parts.append(text(bar.label, 0, top + 12, "label"))
        at = 0.0
        for severity, amount in _stack(bar.counts):
            long = max(amount * (WIDTH - room) / most, _LEAST)
            parts.append(rect(at, top + 18, long, thick, severity.value))
            at += long
        parts.append(text(f"{bar.counts.total():,}", at + 6, top + 29.5, "label"))
    return drawing(title, _said(bars), int(height * max(len(bars), 1)), parts)


def legend(counts: Counts) -> Markup:
    """Return what the colours mean, for the severities that there are."""
    return tag(
        "p",
        *(
            tag("span", severity.value, class_=f"key {severity.value}")
            for severity, _ in _stack(counts)
        ),
        class_="legend",
    )


def _column(bar: Bar, centre: float, wide: float, base: float, unit: float) -> Markup:
    parts: list[Markup] = []
    top = base
    for severity, amount in _stack(bar.counts):
        tall = max(amount * unit, _LEAST)
        top -= tall
        parts.append(rect(centre - wide / 2, top, wide, tall, severity.value))
    if bar.counts.total():
        parts.append(text(f"{bar.counts.total():,}", centre, top - 5, "value"))
    return joined(parts)


def _stack(counts: Counts) -> list[tuple[Severity, int]]:
    return [(severity, counts[severity]) for severity in _STACK if counts[severity]]


def _said(bars: Sequence[Bar]) -> str:
    return "; ".join(
        f"{bar.label}: {write_severities(bar.counts)}" for bar in bars if bar.counts.total()
    )
