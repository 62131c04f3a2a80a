"""Parts of inline SVG, and a drawing made of them that says in words what it shows."""

from __future__ import annotations

from collections.abc import Sequence

from gate.report.encoding import visible
from gate.report.markup import Markup, tag

WIDTH = 360
"""Units that a drawing is wide, so that its text can be read on a phone."""


def drawing(title: str, said: str, height: int, parts: Sequence[Markup]) -> Markup:
    """Return the drawing; `said` is what it shows, for whoever cannot see it."""
    return tag(
        "svg",
        tag("title", f"{title}. {said}"),
        *parts,
        viewBox=f"0 0 {WIDTH} {height}",
        role="img",
    )


def rect(x: float, y: float, wide: float, tall: float, kind: str) -> Markup:
    """Return a rectangle; the style sheet colours it by its class."""
    return tag("rect", x=_n(x), y=_n(y), width=_n(wide), height=_n(tall), class_=kind)


def line(x1: float, y1: float, x2: float, y2: float, kind: str = "rule") -> Markup:
    """Return a straight line."""
    return tag("line", x1=_n(x1), y1=_n(y1), x2=_n(x2), y2=_n(y2), class_=kind)


def text(content: str, x: float, y: float, kind: str) -> Markup:
    """Return a line of text."""
    return tag("text", visible(content), x=_n(x), y=_n(y), class_=kind)


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
