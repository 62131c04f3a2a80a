"""`python -m gate.cli`: the command where it is not installed."""

from __future__ import annotations

from gate.cli.main import entry

entry()
