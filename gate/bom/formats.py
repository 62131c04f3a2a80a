"""Formats that a bom is written in: one module per format, one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from importlib import import_module

from gate.bom.model import Bom

Writer = Callable[[Bom, datetime], bytes]
"""From a bom and the time (UTC) it is stamped with to a document; equal values give equal bytes."""

_MODULES: Mapping[str, str] = {
    "cyclonedx": "cyclonedx",
    "cyclonedx-xml": "cyclonedx_xml",
    "spdx": "spdx",
    "spdx3": "spdx3",
    "purl": "purls",
}
"""Format to module of this folder, which has a function `write_bom`."""


def _write(module: str, bom: Bom, now: datetime) -> bytes:
    # A run imports the formats that it writes, and no other.
    write: Writer = import_module(f"gate.bom.{module}").write_bom
    return write(bom, now)


WRITERS: Mapping[str, Writer] = {name: partial(_write, module) for name, module in _MODULES.items()}
"""CycloneDX 1.6 as JSON and XML, SPDX 2.3 and 3.0 as JSON, and the bare list of purls."""
