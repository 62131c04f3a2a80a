"""What a benchmark prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the result."""

    name: str
    measured: str
    target: str = ""
    beside: str = ""


def show(figures: Sequence[Figure]) -> None:
    """Print figures below each other."""
    width = max(len(figure.name) for figure in figures)
    for figure in figures:
        target = f"  (target {figure.target})" if figure.target else ""
        beside = f"\n{'':{width}}  {figure.beside}" if figure.beside else ""
        print(f"{figure.name:{width}}  {figure.measured}{target}{beside}")
