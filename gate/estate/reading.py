"""From the records of a period to what they come to (`gate.estate.audit`).

The runs of the period count, and of each system the last one before it, which shows
how the period begins.  Every record is verified with all its attachments; what does not
verify is told, and not taken into account.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from gate.bom.detect import read_bom
from gate.errors import VerificationError
from gate.estate.assets import Asset, system_name
from gate.estate.audit import Audit, Changed, ExceptionUse, System, Used
from gate.estate.coverage import Check, gaps, weeks
from gate.estate.index import Index
from gate.estate.lines import RunLine, line_of
from gate.estate.lives import Life, Ward
from gate.estate.period import Period
from gate.estate.register import Listed, Register, read_register
from gate.estate.sightings import is_whole
from gate.evidence.facts import SBOM
from gate.evidence.keys import VerifyingKey
from gate.evidence.place import Place
from gate.evidence.problems import INFORMATION, Problem
from gate.evidence.redaction import Redactions
from gate.evidence.verify import FolderBlobs, VerifiedRun, places_of, verify_at
from gate.matching.diff import differences
from gate.policy.verdict import ExceptionOutcome
from gate.run.attachments import read_attachments
from gate.run.history import Earlier, read_earlier

_LATE_ENTRY = timedelta(days=1)


def read_audit(
    place: Place,
    trusted: Sequence[VerifyingKey],
    index: Index,
    period: Period,
    *,
    as_of: datetime,
    every: timedelta,
    assets: Sequence[Asset] | None = None,
    refs: Sequence[str] = (),
) -> Audit:
    """Return what the evidence in `place` says of `period`, as of a time not after its end.

    VerificationError where there is no folder, or no ledger that a trusted key signed.
    """
    register = read_register(place, trusted, index, period)
    if register.signed is None:
        codes = ", ".join(sorted({problem.code.value for problem in register.ledger}))
        raise VerificationError(
            f"there is no ledger here that a trusted key signed ({codes})",
            where=place.name,
            hint="`patchgate evidence verify` says more",
        )
    reading = _Reading(place, trusted, Period(period.begin, as_of), refs, register.redactions)
    reading.take_all(register)
    checkpoint = register.signed.checkpoint
    systems = tuple(reading.systems(period, every, assets))
    lives = reading.lives(systems, period)
    return Audit(
        period=period,
        as_of=as_of,
        every=every,
        refs=tuple(refs),
        left_out=reading.left_out,
        asset_list=assets is not None,
        origin=checkpoint.origin,
        size=checkpoint.size,
        root=checkpoint.root,
        entries=sum(time is not None and time in period for time in register.times),
        systems=systems,
        lives=lives,
        changes=tuple(reading.changes),
        exceptions=tuple(reading.exceptions[one] for one in sorted(reading.exceptions)),
        keys=_used((key, line) for line in reading.lines for key in line.keys),
        policies=_used((line.policy, line) for line in reading.lines),
        actors=_used((_actor(line), line) for line in reading.lines),
        disorder=_disorder(register, Period(period.begin, as_of)),
        problems=(*(("", one) for one in register.ledger), *reading.problems),
        names=tuple(sorted(reading.names)),
        redacted=tuple(reading.redacted),
        gone=frozenset(register.redactions.by_digest),
    )


class _Reading:
    """What is gathered while runs are read, system by system."""

    def __init__(
        self,
        place: Place,
        trusted: Sequence[VerifyingKey],
        span: Period,
        refs: Sequence[str],
        redactions: Redactions,
    ) -> None:
        self.redactions = redactions
        self.redacted: list[tuple[str, Problem]] = []
        self.place, self.trusted, self.span = place, trusted, span
        self.refs = frozenset(refs)
        self.left_out = 0
        self.checks: dict[str, list[Check]] = defaultdict(list)
        self.wards: dict[str, Ward] = {}
        self.changes: list[Changed] = []
        self.exceptions: dict[tuple[str, str], ExceptionUse] = {}
        self.problems: list[tuple[str, Problem]] = []
        self.names: list[str] = []
        self.lines: list[RunLine] = []

    def take_all(self, register: Register) -> None:
        """Read every run that counts, by system and time."""
        found: dict[str, list[tuple[RunLine, Listed]]] = defaultdict(list)
        for one in register.listed:
            if one.line is None:
                self._note(one.name, one.problems)
            elif one.line.decided_at < self.span.end:
                found[system_name(one.line.subject)].append((one.line, one))
        for system in sorted(found):
            runs = sorted(found[system], key=lambda pair: (pair[0].decided_at, pair[0].run_id))
            before = [
                pair
                for pair in runs
                if pair[0].decided_at < self.span.begin and self._counts(pair[0])
            ][-1:]
            within = [pair for pair in runs if pair[0].decided_at in self.span]
            self._take_system(system, [listed for _, listed in (*before, *within)])

    def _take_system(self, system: str, runs: Sequence[Listed]) -> None:
        ward = self.wards[system] = Ward(system)
        previous: Earlier | None = None
        for listed in runs:
            run = self._verified(listed)
            if run is None:
                continue
            line = line_of(run)
            if not self._counts(line):
                self.left_out += 1
                continue
            earlier = read_earlier(run, self.place)
            self.checks[system].append(
                Check(
                    line=line,
                    entry=listed.number,
                    whole=earlier is not None and is_whole(earlier.verdict),
                    given_time=line.clock == "given",
                )
            )
            self.lines.append(line)
            if earlier is None:
                continue
            count = len(ward.ended)
            ward.take(earlier)
            self._note_exceptions(system, earlier, line)
            if previous is not None and line.decided_at in self.span:
                self._note_changes(system, previous, earlier, ward.ended[count:])
            previous = earlier

    def _counts(self, line: RunLine) -> bool:
        """Return whether a run is of a branch that was asked for, or of none at all."""
        return not self.refs or not line.ref or line.ref in self.refs

    def _verified(self, listed: Listed) -> VerifiedRun | None:
        """Return a run once all of it verifies; what is wrong is noted."""
        try:
            report = verify_at(self.place, listed.name, self.trusted, blobs=True)
        except VerificationError as error:
            raise VerificationError(
                f"changed while it was read: {error.what}", where=listed.name
            ) from error
        self.names.append(listed.name)
        digests = places_of(report.run) if report.run is not None else {}
        self._note(listed.name, self.redactions.explain(report.problems, digests))
        return report.run if report.ok else None

    def _note(self, name: str, problems: Iterable[Problem]) -> None:
        """Take note of what is wrong with a record, or was removed by right."""
        for problem in problems:
            told = self.redacted if problem.code in INFORMATION else self.problems
            told.append((name, problem))

    def _note_changes(
        self, system: str, before: Earlier, after: Earlier, ended: Sequence[Life]
    ) -> None:
        if _installed(before) == _installed(after):
            return
        closed = defaultdict(list)
        for life in ended:
            if life.patched:
                closed[life.package].append(life.id)
        blobs = FolderBlobs(self.place)
        boms = [
            read_bom(read_attachments(one.run, blobs, (SBOM,))[SBOM], SBOM)
            for one in (before, after)
        ]
        for difference in differences(*boms):
            self.changes.append(
                Changed(
                    system=system,
                    run=line_of(after.run),
                    since=line_of(before.run),
                    difference=difference,
                    closed=tuple(sorted(closed.get(difference.name.rpartition("/")[2], ()))),
                )
            )

    def _note_exceptions(self, system: str, run: Earlier, line: RunLine) -> None:
        for result in run.verdict.exceptions:
            key = (result.id, result.digest)
            known = self.exceptions.get(key)
            flaws = {name.partition(" ")[0] for name in result.findings}
            applied = result.outcome is ExceptionOutcome.APPLIED
            first = last = line
            if known is not None:
                first = min(known.first, line, key=_time)
                last = max(known.last, line, key=_time)
                flaws |= set(known.flaws)
            self.exceptions[key] = ExceptionUse(
                result=result if known is None or applied or not known.applied else known.result,
                systems=tuple(sorted({system, *(known.systems if known else ())})),
                flaws=tuple(sorted(flaws)),
                first=first,
                last=last,
                applied=applied or (known is not None and known.applied),
            )

    def systems(
        self, period: Period, every: timedelta, assets: Sequence[Asset] | None
    ) -> Iterable[System]:
        """Yield every system that was checked, or is in the list of assets."""
        listed = {asset.system: asset for asset in assets or ()}
        for name in sorted(listed.keys() | self.checks.keys()):
            asset = listed.get(name)
            scope = _scope(self.span, asset)
            checks = self.checks.get(name, [])
            within = tuple(check for check in checks if check.line.decided_at in self.span)
            before = [check for check in checks if check.line.decided_at < self.span.begin]
            if scope.begin >= scope.end and not within:
                continue
            yield System(
                name=name,
                kind=checks[-1].line.kind if checks else "",
                owner=asset.owner if asset is not None else "",
                listed=asset is not None or assets is None,
                scope=scope,
                checks=within,
                before=before[-1] if before else None,
                weeks=weeks(Period(period.begin, self.span.end), scope, within),
                gaps=tuple(gaps(scope, checks, every)) if scope.begin < scope.end else (),
            )

    def lives(self, systems: Sequence[System], period: Period) -> tuple[Life, ...]:
        """Return the flaws that were there in the period."""
        for system in systems:
            ward = self.wards.get(system.name)
            last = system.last
            left = system.scope.end < self.span.end
            if ward is not None and left and last and last.line.decided_at < system.scope.end:
                ward.retire(system.scope.end)
        found = [life for ward in self.wards.values() for life in ward.lives()]
        return tuple(
            sorted(
                (life for life in found if life.ended is None or life.ended >= period.begin),
                key=lambda life: (life.system, life.first_seen, life.id, life.purl),
            )
        )


def _scope(span: Period, asset: Asset | None) -> Period:
    begin, end = span.begin, span.end
    if asset is not None:
        begin = max(begin, asset.begin or begin)
        end = min(end, asset.end or end)
    return Period(begin, end)


def _installed(run: Earlier) -> set[tuple[str, str, str]]:
    return {(one.purl, one.name, one.version) for one in run.installed.values()}


def _used(pairs: Iterable[tuple[str, RunLine]]) -> tuple[Used, ...]:
    found: dict[str, Used] = {}
    for name, line in pairs:
        known = found.get(name)
        found[name] = Used(
            name=name,
            runs=1 + (known.runs if known else 0),
            first=min(known.first, line.decided_at) if known else line.decided_at,
            last=max(known.last, line.decided_at) if known else line.decided_at,
        )
    return tuple(sorted(found.values(), key=lambda one: (one.first, one.name)))


def _actor(line: RunLine) -> str:
    return f"{line.actor or 'not known'} ({'verified' if line.actor_verified else 'claimed'})"


def _disorder(register: Register, span: Period) -> tuple[RunLine, ...]:
    """Return runs that claim a time more than a day before that of an earlier entry."""
    lines = {one.number: one.line for one in register.listed}
    found = []
    newest: datetime | None = None
    for number, time in enumerate(register.times):
        if time is None:
            continue
        line = lines.get(number)
        late = newest is not None and newest - time > _LATE_ENTRY
        if late and line is not None and time in span:
            found.append(line)
        newest = max(newest or time, time)
    return tuple(found)


def _time(line: RunLine) -> tuple[datetime, str]:
    return line.decided_at, line.run_id
