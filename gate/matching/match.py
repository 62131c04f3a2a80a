"""Match a bom against an advisory set.

`match` is a pure function.  In order, it

1. judges each component against each entry of the ecosystem and name it was
   looked up under (`gate.matching.ranges`), module builds by their stream
   (`gate.matching.modules`); withdrawn records never apply;
2. passes over advisories that are not about vulnerabilities, and says so;
3. groups what applies by flaw (`gate.matching.flaws`): one flaw in one
   component is one finding, with every identifier;
4. rates each finding (`gate.matching.rating`), and dates it;
5. names every component that nothing could be said of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from gate.advisories.ecosystems import base_of, indexed_as, normalise
from gate.advisories.lookup import Gap, Lookup
from gate.advisories.model import AdvisorySet, Query, StoredRecord
from gate.advisories.osv import Affected, Record, utc
from gate.advisories.purpose import Purpose, purpose_of, will_not_fix
from gate.advisories.severity import Statement, statements
from gate.bom.model import Bom, Component
from gate.matching.findings import (
    Finding,
    Findings,
    Match,
    PassedOver,
    Status,
)
from gate.matching.flaws import Flaws, stated_names
from gate.matching.modules import applicable, build_group
from gate.matching.ranges import Judgement, judge
from gate.matching.rating import rate
from gate.versions import key_function

_ALL_BUILDS = frozenset({"AlmaLinux"})
"""Ecosystems in which an advisory names several builds of one fixed version."""


def match(bom: Bom, lookup: Lookup, advisories: AdvisorySet) -> Findings:
    """Return the findings of `bom`, whose questions are `lookup`."""
    index = _Index(advisories, lookup.queries)
    components = {component.ref: component for component in bom.components}
    covered = {name for source in advisories.sources for name in source.ecosystems}
    applies: dict[str, list[_Applying]] = defaultdict(list)
    passed_over: set[PassedOver] = set()
    for query in lookup.queries:
        component = components[query.ref]
        for stored, entries in index.entries(query):
            applying = _apply(stored, entries, query, component)
            if applying is None:
                continue
            purpose = purpose_of(stored.record, applying.entries)
            if purpose in {Purpose.SECURITY, Purpose.MALWARE}:
                applies[query.ref].append(applying)
            else:
                passed_over.add(
                    PassedOver(ref=query.ref, advisory=stored.record.id, kind=purpose.value)
                )
    findings = [
        finding
        for ref in sorted(applies)
        for finding in _findings(components[ref], applies[ref], index)
    ]
    return Findings(
        findings=tuple(findings),
        gaps=(*lookup.gaps, *_uncovered(lookup.queries, covered)),
        passed_over=tuple(sorted(passed_over)),
    )


_Dated = tuple[datetime | None, bool]
"""The date of a record, and whether it is more than that of a change."""


class _Applying(NamedTuple):
    """An advisory that applies to a component."""

    record: Record
    entries: tuple[Affected, ...]
    match: Match
    scheme: str
    stated: tuple[Statement, ...]
    names: frozenset[str]
    """What the record gives besides those of CVEs."""
    dated: _Dated


class _Index:
    """The records of an advisory set, found by package and by flaw."""

    def __init__(self, advisories: AdvisorySet, queries: Iterable[Query]) -> None:
        self._by_package: dict[tuple[str, str], list[tuple[StoredRecord, list[Affected]]]] = {}
        self._by_flaw: dict[str, list[Record]] = defaultdict(list)
        self._said: dict[int, tuple[Statement, ...]] = {}
        live = [stored for stored in advisories.records if stored.record.withdrawn is None]
        self.flaws = Flaws(stored.record for stored in live)
        asked: dict[str, set[str]] = defaultdict(set)
        for query in queries:
            asked[query.ecosystem].add(query.name)
        for stored in live:
            self._add(stored, asked)

    def _add(self, stored: StoredRecord, asked: dict[str, set[str]]) -> None:
        packages: dict[tuple[str, str], list[Affected]] = {}
        for entry in stored.record.affected or ():
            if entry.package is None:
                continue
            ecosystem = indexed_as(entry.package.ecosystem)
            if ecosystem not in asked:
                continue
            name = normalise(ecosystem, entry.package.name)
            if name in asked[ecosystem]:
                packages.setdefault((ecosystem, name), []).append(entry)
        for package, entries in packages.items():
            self._by_package.setdefault(package, []).append((stored, entries))
        for flaw in self.flaws.of(stored.record):
            if self.flaws.is_name_of(stored.record, flaw):
                self._by_flaw[flaw].append(stored.record)

    def entries(self, query: Query) -> list[tuple[StoredRecord, list[Affected]]]:
        return self._by_package.get((query.ecosystem, query.name), [])

    def about(self, flaw: str) -> list[Record]:
        return self._by_flaw[flaw]

    def said_by(self, record: Record) -> tuple[Statement, ...]:
        """Return what a record says of the severity of the flaw that it only names."""
        known = self._said.get(id(record))
        if known is None:
            known = self._said[id(record)] = tuple(statements(record, ()))
        return known


def _apply(
    stored: StoredRecord, entries: list[Affected], query: Query, component: Component
) -> _Applying | None:
    """Return how a record applies to a component, or None if it does not."""
    version = query.scheme, query.version
    hits = judged_entries(stored.record, entries, query.ecosystem, version, component)
    if not hits:
        return None
    certain = [answer for _, answer in hits if answer.affected]
    deciding = (certain or [answer for _, answer in hits])[0]
    fixed = _greatest((answer.fixed for _, answer in hits), query.scheme)
    applying = tuple(entry for entry, _ in hits)
    return _Applying(
        record=stored.record,
        entries=applying,
        match=Match(
            advisory=stored.record.id,
            source=stored.source,
            ecosystem=query.ecosystem,
            package=query.name,
            version=query.version,
            why=deciding.why,
            fixed=fixed,
            certain=bool(certain),
            published=_date(stored.record),
        ),
        scheme=query.scheme,
        stated=tuple(statements(stored.record, applying)),
        names=frozenset(stated_names(stored.record)),
        dated=(_date(stored.record), _is_dated(stored.record)),
    )


def judged_entries(
    record: Record,
    entries: list[Affected],
    ecosystem: str,
    version: tuple[str, str],
    component: Component,
) -> list[tuple[Affected, Judgement]]:
    """Return the entries that affect a version (its scheme and text), or may do so."""
    judged = [(entry, judge(entry, *version)) for entry in entries]
    hits = [(entry, answer) for entry, answer in judged if answer.affected is not False]
    # Most rows are about versions below the installed one: the rest is for the few that hit.
    if hits and base_of(ecosystem) in _ALL_BUILDS:
        speaking = applicable(record, entries, component)
        judged = [(entry, answer) for entry, answer in judged if entry in speaking]
        hits = _without_fixed_builds(judged)
    return hits


def _without_fixed_builds(
    judged: list[tuple[Affected, Judgement]],
) -> list[tuple[Affected, Judgement]]:
    """Return the rows that hit, save for other builds of a version whose fix is installed."""
    fixed = {build_group(entry) for entry, answer in judged if answer.affected is False} - {""}
    return [
        (entry, answer)
        for entry, answer in judged
        if answer.affected is not False and build_group(entry) not in fixed
    ]


def _findings(component: Component, applying: list[_Applying], index: _Index) -> Iterable[Finding]:
    """Group what applies to one component by flaw."""
    by_flaw: dict[str, list[_Applying]] = defaultdict(list)
    for item in applying:
        for flaw in index.flaws.of(item.record):
            by_flaw[flaw].append(item)
    findings = [_finding(component, flaw, items, index) for flaw, items in by_flaw.items()]
    return sorted(findings, key=lambda finding: finding.id)


def _finding(component: Component, flaw: str, applying: list[_Applying], index: _Index) -> Finding:
    applying = sorted(applying, key=_order)
    own_ids = {item.record.id for item in applying}
    stated = {name for item in applying for name in item.names}
    others = [record for record in index.about(flaw) if record.id not in own_ids]
    own = [statement for item in applying for statement in item.stated]
    borrowed = [statement for record in others for statement in index.said_by(record)]
    fixes = [item for item in applying if item.match.fixed]
    fixed = _greatest((item.match.fixed for item in fixes), applying[0].scheme)
    known = [item.record for item in applying] + others
    dates = [item.dated for item in applying]
    published, undated = _first(dates + [(_date(one), _is_dated(one)) for one in others])
    fix_published, fix_undated = _first(
        dates if len(fixes) == len(applying) else [item.dated for item in fixes]
    )
    return Finding(
        ref=component.ref,
        id=index.flaws.display_name(flaw),
        identifiers=tuple(sorted(index.flaws.names(flaw) | stated)),
        summary=next((record.summary for record in known if record.summary), ""),
        status=_status(fixed, applying),
        fixed=fixed,
        rating=rate(own, borrowed),
        published=published,
        undated=undated,
        fix_published=fix_published,
        fix_undated=fix_undated,
        matches=tuple(item.match for item in applying),
    )


def _status(fixed: str, applying: list[_Applying]) -> Status:
    if fixed:
        return Status.FIXED
    given_up = all(will_not_fix(item.entries) for item in applying)
    return Status.WILL_NOT_FIX if given_up else Status.UNFIXED


def _order(item: _Applying) -> tuple[str, str, str, str, str]:
    match_ = item.match
    return match_.advisory, match_.source, match_.ecosystem, match_.package, match_.version


def _greatest(fixes: Iterable[str], scheme: str) -> str:
    """Return the fix that satisfies all: the newest of them, "" where there is none."""
    known = sorted({fix for fix in fixes if fix})
    if len(known) < 2 or not scheme:
        return known[-1] if known else ""
    key_of = key_function(scheme)
    return max(known, key=lambda fix: (key_of(fix) or "", fix))


def _first(dates: Sequence[_Dated]) -> tuple[datetime | None, bool]:
    """Return the first of `dates`, and whether it only tells when a record was changed."""
    first, sure = None, False
    for date, is_dated in dates:
        if date is None:
            continue
        if first is None or date < first:
            first, sure = date, is_dated
        elif date == first:
            sure = sure or is_dated
    return first, first is not None and not sure


def _is_dated(record: Record) -> bool:
    return record.published is not None and record.published.year > 1


def _date(record: Record) -> datetime | None:
    """Return when a record was published, else when it was last changed.

    Year 1 stands for "not filled in" in the Go database's own files.
    """
    for moment in (record.published, record.modified):
        if moment is not None and moment.year > 1:
            return utc(moment)
    return None


def _uncovered(queries: Iterable[Query], covered: set[str]) -> list[Gap]:
    """Return the components whose every ecosystem the sources know nothing of."""
    asked: dict[str, set[str]] = defaultdict(set)
    for query in queries:
        asked[query.ref].add(query.ecosystem)
    return [
        Gap(
            code="no-advisories",
            message=f"the advisory store has no records of {', '.join(sorted(ecosystems))}",
            ref=ref,
        )
        for ref, ecosystems in sorted((ref, _of_releases(names)) for ref, names in asked.items())
        if not ecosystems & covered
    ]


def _of_releases(ecosystems: set[str]) -> set[str]:
    """Leave out what names no release beside what does: rows of no release cover none."""
    return {name for name in ecosystems if ":" in name} or ecosystems
