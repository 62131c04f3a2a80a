"""Everything a decision is made from.  Values only: no file, no clock, no network."""

from __future__ import annotations

from datetime import datetime

import msgspec

from gate.advisories.lookup import Lookup
from gate.advisories.model import SourceInfo
from gate.advisories.vex.model import Statement
from gate.bom.model import Bom
from gate.matching.findings import Findings
from gate.policy.context import NO_CONTEXT, Context
from gate.policy.exceptions.model import NO_EXCEPTIONS, Exceptions


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one subject when it is judged."""

    bom: Bom
    lookup: Lookup
    findings: Findings
    sources: tuple[SourceInfo, ...]
    """The sources of the advisory snapshot."""
    now: datetime
    """UTC: the clock of the decision."""
    context: Context = NO_CONTEXT
    exceptions: Exceptions = NO_EXCEPTIONS
    vex: tuple[Statement, ...] = ()
