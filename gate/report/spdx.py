"""The SBOM of the subject as SPDX 2.3 JSON."""

from __future__ import annotations

from gate.bom.spdx import write_bom
from gate.errors import InputError
from gate.report.encoding import visible_json
from gate.run.result import Result


def render(result: Result, exit_code: int) -> bytes:
    """Return the SBOM; InputError where the target was not read."""
    del exit_code
    if result.bom is None:
        raise InputError("there is no SBOM, since the target could not be read")
    return visible_json(write_bom(result.bom, result.now))
