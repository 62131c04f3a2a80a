"""Before and after: two recorded runs side by side, as proof that a patch did what it should.

`compare` is pure: what two verified runs attached goes in.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from gate.advisories.severity import Severity
from gate.bom.detect import read_bom
from gate.bom.model import Bom
from gate.estate.lines import RunLine, line_of
from gate.estate.sightings import End, Sighting, ended, is_whole, sightings, versions
from gate.evidence.facts import SBOM
from gate.evidence.place import Place
from gate.evidence.verify import FolderBlobs, VerifiedRun
from gate.matching.diff import Difference, differences
from gate.policy.verdict import State
from gate.run.attachments import read_attachments
from gate.run.history import Earlier, read_earlier, system_of

_DAY = timedelta(days=1)


class Flaw(msgspec.Struct, frozen=True, kw_only=True):
    """One flaw that only one of the two runs saw, or that both did."""

    id: str
    package: str
    severity: Severity
    before: str
    """Version of the package; empty where it was not there."""
    after: str
    end: End | None
    """How it ended; None where it did not."""
    state: State
    """In the last run that saw it."""
    clock: str
    """Which date began the time to patch."""
    start: datetime | None
    allowed: str
    due: datetime | None
    first_seen: datetime
    """By a run on this system, as far as the evidence tells."""
    days_open: int | None
    """From `start` to the second run, of which a part counts whole."""
    in_time: bool | None
    """Whether the second run is not after `due`; None where there is no due date."""
    exception: str
    """That accepts it."""


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two runs."""

    run: RunLine
    entry: int | None
    """Of the ledger."""
    whole: bool
    """Whether all was read and matched."""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What is different between two runs."""

    before: Side
    after: Side
    same_system: bool
    packages: tuple[Difference, ...]
    closed: tuple[Flaw, ...]
    """Empty where the second run was not whole: `unknown` has them."""
    unknown: tuple[Flaw, ...]
    """The second run does not see them, and did not see everything."""
    opened: tuple[Flaw, ...]
    remaining: tuple[Flaw, ...]


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """A verified run with what it attached."""

    earlier: Earlier
    bom: Bom
    entry: int | None


def examine(run: VerifiedRun, where: Path | Place, entry: int | None) -> Examined | None:
    """Return what a verified run in `where` attached; None where it came to no verdict."""
    earlier = read_earlier(run, where)
    if earlier is None:
        return None
    documents = read_attachments(run, FolderBlobs(where), (SBOM,))
    return Examined(earlier=earlier, bom=read_bom(documents[SBOM], SBOM), entry=entry)


def compare(before: Examined, after: Examined) -> Comparison:
    """Return what is different, the gravest first."""
    old, new = sightings(before.earlier), sightings(after.earlier)
    whole = is_whole(after.earlier.verdict)
    pair = _Pair(before.earlier, after.earlier)
    gone = tuple(sorted(pair.gone(old, new, whole=whole), key=_order))
    opened = (pair.flaw(one, None) for key, one in new.items() if key not in old)
    remaining = (pair.flaw(one, None) for key, one in new.items() if key in old)
    return Comparison(
        before=_side(before),
        after=_side(after),
        same_system=_system(before) == _system(after),
        packages=differences(before.bom, after.bom),
        closed=gone if whole else (),
        unknown=() if whole else gone,
        opened=tuple(sorted(opened, key=_order)),
        remaining=tuple(sorted(remaining, key=_order)),
    )


class _Pair:
    def __init__(self, before: Earlier, after: Earlier) -> None:
        self.before, self.after = before, after
        self.old, self.new = versions(before), versions(after)
        self.seen = {**after.seen(), **before.seen()}

    def gone(
        self, old: dict[str, Sighting], new: dict[str, Sighting], *, whole: bool
    ) -> Iterator[Flaw]:
        for key, one in old.items():
            if key not in new:
                yield self.flaw(one, ended(one, self.after, self.new) if whole else None)

    def flaw(self, one: Sighting, end: End | None) -> Flaw:
        decision = one.decision
        package = one.key.partition(" ")[2]
        until = self.after.run.decided_at
        return Flaw(
            id=one.id,
            package=one.package,
            severity=decision.severity,
            before=self.old.get(package, ""),
            after=self.new.get(package, ""),
            end=end,
            state=decision.state,
            clock=decision.clock,
            start=decision.start,
            allowed=decision.allowed,
            due=decision.due,
            first_seen=self.seen.get(one.key, until),
            days_open=-((decision.start - until) // _DAY) if decision.start else None,
            in_time=until <= decision.due if decision.due else None,
            exception=decision.exception,
        )


def _side(one: Examined) -> Side:
    return Side(run=line_of(one.earlier.run), entry=one.entry, whole=is_whole(one.earlier.verdict))


def _system(one: Examined) -> tuple[str, ...]:
    return tuple(system_of(subject.name) for subject in one.earlier.run.subject)


def _order(one: Flaw) -> tuple[int, str, str]:
    return list(Severity).index(one.severity), one.id, one.package
