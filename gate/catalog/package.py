"""What a cataloger finds, before it is known which distribution it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from gate.bom.model import Location, Note, Reading, ReadingStatus
from gate.sources.budget import Meter
from gate.sources.paths import text
from gate.sources.tree import Tree
from gate.sources.wanted import Wanted

_PROBLEMS_SHOWN = 3
_YEAR_9999 = 253_402_300_799
"""The last second that a datetime can hold."""


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """One installed package, as its database states it (fields as in `Component`)."""

    type: str
    name: str
    version: str
    namespace: str = ""
    """Of languages only; that of a distribution's package is the distribution."""
    other_namespaces: tuple[str, ...] = ()
    arch: str = ""
    source_name: str = ""
    source_version: str = ""
    module: str = ""
    vendor: str = ""
    licenses: tuple[str, ...] = ()
    installed_at: datetime | None = None
    added_in: str = ""
    owner: Package | None = None
    """The distribution's package that this one is a part of."""
    location: Location


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The packages of one or more databases, and how completely each was read."""

    packages: tuple[Package, ...] = ()
    readings: tuple[Reading, ...] = ()
    notes: tuple[Note, ...] = ()


class Cataloger(Protocol):
    """Reads one kind of package database.

    It declares the paths it wants; the walk over the target is done once for
    all.  It opens, walks and decompresses nothing itself.
    """

    @property
    def wanted(self) -> Wanted:
        """Paths whose content it will read."""
        ...

    def __call__(self, tree: Tree, meter: Meter) -> Found:
        """Read the databases that are there; nothing for those that are not.

        A database that is there and cannot be read is a `Reading` that says
        so, not an exception.
        """
        ...


def reading_of(what: str, path: bytes, layer: str, count: int, problems: Sequence[str]) -> Reading:
    """Return the reading of one database: complete only if there were no problems."""
    shown = "; ".join(problems[:_PROBLEMS_SHOWN])
    if len(problems) > _PROBLEMS_SHOWN:
        shown += f"; and {len(problems) - _PROBLEMS_SHOWN} more"
    status = ReadingStatus.COMPLETE
    if problems:
        status = ReadingStatus.PARTIAL if count else ReadingStatus.FAILED
    return Reading(
        what=what, status=status, path=text(path), layer=layer, components=count, reason=shown
    )


def time_of(seconds: int) -> datetime | None:
    """Return a time in seconds since 1970 as UTC; None for 0 and what no calendar has.

    0 is what reproducible builds write, and says nothing.
    """
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds <= _YEAR_9999 else None
