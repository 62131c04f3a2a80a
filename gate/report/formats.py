"""Output formats: one file per format, one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module

from gate.run.result import Result

Renderer = Callable[[Result, int], bytes]
"""Turns a result and the exit code into a document; InputError where there is nothing to write."""

_MODULES: Mapping[str, str] = {
    "csv": "findings_csv",
    "cyclonedx": "cyclonedx",
    "dotenv": "dotenv",
    "github": "github",
    "gitlab-code-quality": "gitlab_code_quality",
    "gitlab-container-scanning": "gitlab_container_scanning",
    "html": "html",
    "json": "document",
    "junit": "junit",
    "markdown": "markdown",
    "openmetrics": "openmetrics",
    "sarif": "sarif",
    "spdx": "spdx",
}
"""Format to module of this folder, which has a function `render`."""


def _render(module: str, result: Result, exit_code: int) -> bytes:
    # A run imports the formats that it writes, and no other.
    render: Renderer = import_module(f"gate.report.{module}").render
    return render(result, exit_code)


FORMATS: Mapping[str, Renderer] = {
    name: partial(_render, module) for name, module in _MODULES.items()
}
"""Formats for machines.  The table for people (`gate.report.table`) takes a terminal's colours."""
