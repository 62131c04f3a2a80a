"""Findings: what a bom and an advisory set come to."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from gate.advisories.lookup import Gap
from gate.advisories.severity import Severity, Statement


class Status(StrEnum):
    """What can be done about a finding."""

    FIXED = "fixed"
    """A fixed version is available."""
    UNFIXED = "unfixed"
    """No advisory that applies names a fixed version: not fixed yet."""
    WILL_NOT_FIX = "will-not-fix"
    """No fixed version, and the vendor says that there will be none."""
    NOT_AFFECTED = "not-affected"
    """A VEX statement says so; matching alone never does."""
    UNDER_INVESTIGATION = "under-investigation"
    """A VEX statement says so."""


class Match(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One advisory that applies, and what made it apply."""

    advisory: str
    source: str
    ecosystem: str
    package: str
    """The name that was looked up: source or binary package."""
    version: str
    """The version that was compared."""
    why: str
    fixed: str = ""
    certain: bool = True
    """False where the versions could not be compared."""
    published: datetime | None = None


class Rating(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The severity that was taken, where from, and what else was said."""

    severity: Severity
    taken: Statement | None = None
    candidates: tuple[Statement, ...] = ()


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One flaw in one component."""

    ref: str
    """`Component.ref`."""
    id: str
    """The flaw's best-known identifier: a CVE where there is one."""
    identifiers: tuple[str, ...]
    """Every identifier of the flaw and of the advisories that apply, sorted."""
    summary: str
    status: Status
    fixed: str = ""
    """The version that every advisory that applies calls fixed; "" if there is none."""
    rating: Rating
    published: datetime | None = None
    """UTC: the flaw was first published."""
    undated: bool = False
    """No record says so: `published` is when the first of them was last changed."""
    fix_published: datetime | None = None
    """UTC: the first advisory with a fix was published; None while there is no fix."""
    fix_undated: bool = False
    """The same of `fix_published`."""
    matches: tuple[Match, ...]

    @property
    def certain(self) -> bool:
        """Whether at least one advisory applies beyond doubt."""
        return any(match.certain for match in self.matches)


class PassedOver(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """An advisory that applies and is not about a vulnerability."""

    ref: str
    advisory: str
    kind: str
    """bugfix or informational."""


class Findings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All findings of one bom, and the components that could not be judged."""

    findings: tuple[Finding, ...] = ()
    """Sorted by component and identifier."""
    gaps: tuple[Gap, ...] = ()
    """Components that nothing was looked up for, or that no source covers."""
    passed_over: tuple[PassedOver, ...] = ()
