"""Output formats: one file per format, one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gate.report import bom, document, sarif
from gate.run.result import Result

Renderer = Callable[[Result, int], bytes]
"""Turns a result and the exit code into a document."""

FORMATS: Mapping[str, Renderer] = {
    "cyclonedx": bom.render,
    "json": document.render,
    "sarif": sarif.render,
}
"""Formats for machines.  The table for people (`gate.report.table`) takes a terminal's colours."""
