"""All that the evidence says of a period: systems, flaws, changes, exceptions, gaps.

The types; `gate.estate.reading` fills them, `gate.estate.figures` counts.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from gate.estate.coverage import Check, Gap, Week
from gate.estate.lines import RunLine
from gate.estate.lives import Life
from gate.estate.period import Period
from gate.evidence.problems import Problem
from gate.matching.diff import Difference
from gate.policy.verdict import ExceptionResult


class System(msgspec.Struct, frozen=True, kw_only=True):
    """One system over the period."""

    name: str
    kind: str
    """image, host, …; empty where it was never checked."""
    owner: str
    listed: bool
    """Whether the list of assets has it; True where there is no list."""
    scope: Period
    checks: tuple[Check, ...]
    """Those of the period, by time."""
    before: Check | None
    """The last one before the period."""
    weeks: tuple[Week, ...]
    gaps: tuple[Gap, ...]

    @property
    def last(self) -> Check | None:
        """The last check there is."""
        return self.checks[-1] if self.checks else self.before


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """A package that a run found otherwise than the run before it."""

    system: str
    run: RunLine
    since: RunLine
    difference: Difference
    closed: tuple[str, ...]
    """Flaws of the package that this ended."""


class ExceptionUse(msgspec.Struct, frozen=True, kw_only=True):
    """An exception as the last run found it that let it count, and where it was met."""

    result: ExceptionResult
    systems: tuple[str, ...]
    flaws: tuple[str, ...]
    first: RunLine
    last: RunLine
    applied: bool
    """Whether any run let it count."""


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """Something that runs were made with: a key, a policy, an actor."""

    name: str
    runs: int
    first: datetime
    last: datetime


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """What a period comes to."""

    period: Period
    as_of: datetime
    """The end of the period, or the moment of the export where that is earlier."""
    every: timedelta
    """How far apart checks of a system may be."""
    refs: tuple[str, ...]
    """Branches and tags whose runs count, as the CI names them; none: all."""
    left_out: int
    """Runs of the period of other branches: they are verified, and counted nowhere."""
    asset_list: bool
    """Whether there was a list of assets."""
    origin: str
    """Of the ledger."""
    size: int
    root: bytes
    entries: int
    """Of the ledger, that belong to the period by the names of their runs."""
    systems: tuple[System, ...]
    lives: tuple[Life, ...]
    """Of all flaws that were there at any time of the period."""
    changes: tuple[Changed, ...]
    exceptions: tuple[ExceptionUse, ...]
    keys: tuple[Used, ...]
    policies: tuple[Used, ...]
    actors: tuple[Used, ...]
    disorder: tuple[RunLine, ...]
    """Runs that were recorded more than a day after the time they claim, by the ledger's order."""
    problems: tuple[tuple[str, Problem], ...]
    """Name of a record, or empty for the ledger; what is wrong with it."""
    names: tuple[str, ...]
    """Of the records that it all rests on."""
    redacted: tuple[tuple[str, Problem], ...] = ()
    """Name of a record of which something was removed by right, and what; nothing is told of it."""
    gone: frozenset[str] = frozenset()
    """SHA-256 (hex) of all that was removed by right."""

    @property
    def verified(self) -> bool:
        """Whether all evidence of the period is whole and unaltered."""
        return not self.problems
