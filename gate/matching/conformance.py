"""One package against one advisory: what the gate would say of it, and why.

For whoever writes advisories, and for exams: the rules are those of a check
(`gate.matching.match`), without an inventory around them.  Pure.
"""

from __future__ import annotations

import msgspec

from gate.advisories.binaries import of_binary
from gate.advisories.draft import Draft, Unread
from gate.advisories.ecosystems import RELEASED, base_of, normalise, repository, scheme_of
from gate.advisories.lookup import asked_by
from gate.advisories.osv import COMMIT_RANGE, Affected, Event, Record
from gate.bom.model import Component
from gate.bom.purl import read_purl
from gate.matching.comparison import compared, deciding_range
from gate.matching.match import judged_entries
from gate.matching.tags import plain_tag

_COMMITS = "GIT"
"""Ecosystem of packages that are repositories: their name is an address, their version a tag."""


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """The package that is asked about, as an OSV query names it."""

    ecosystem: str = ""
    name: str = ""
    version: str | None = ""
    purl: str = ""
    """Names the package where ecosystem and name do not."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the advisory affects the package, and what decided."""

    affected: bool | None
    """None: it cannot be decided."""
    why: str
    ecosystem: str = ""
    """Of the entry that decided; "" where none speaks of the package."""
    fixed: str = ""
    """The version to raise to, where the entry names one."""
    range: str = ""
    """Type of the range that decided; "" where none did."""
    events: tuple[Event, ...] = ()
    """Its events, as the record states them."""
    comparison: tuple[str, ...] = ()
    """Each of them beside the version."""


class _Asked(msgspec.Struct, frozen=True):
    """A package with everything that was left out filled in."""

    ecosystem: str
    name: str
    version: str


def answer(package: Package, record: Record) -> Answer:
    """Return what `record` says of `package`."""
    return answer_draft(package, Draft(record=record))


def answer_draft(package: Package, draft: Draft) -> Answer:
    """Return what an advisory that may be unfinished says of `package`.

    An ecosystem asked without its release stands for all its releases, a row
    without a release speaks of all, and ``Ubuntu:22.04`` asks its LTS and Pro rows,
    as the OSV service takes it.  ValueError where the package is not named.
    """
    asked = _named(package)
    record = draft.record
    label = record.id or "the advisory"
    if record.withdrawn is not None:
        return Answer(affected=False, why=f"{label} was withdrawn")
    if asked.ecosystem == _COMMITS:
        found = _of_repository(asked, record)
    else:
        found = [_of_entries(asked, record, *item) for item in sorted(_by_ecosystem(asked, record))]
    found += [Answer(affected=None, why=one.why) for one in draft.unread if _may_be(one, asked)]
    for wanted in (True, None, False):
        for one in found:
            if one.affected is wanted:
                return one
    return Answer(affected=False, why=f"{label} does not speak of {asked.name} in this ecosystem")


def _named(package: Package) -> _Asked:
    version = package.version or ""
    if package.ecosystem and package.name:
        return _Asked(package.ecosystem, package.name, version)
    if not package.purl:
        raise ValueError("the package has neither ecosystem and name nor a purl")
    purl = read_purl(package.purl)
    ecosystem, name = asked_by(purl.type, purl.namespace, purl.name)
    if not ecosystem:
        raise ValueError(f"no ecosystem is known for packages of type '{purl.type}'")
    return _Asked(ecosystem, name, version or purl.version)


def _by_ecosystem(asked: _Asked, record: Record) -> list[tuple[str, list[Affected]]]:
    """Return the entries about a package, by exact ecosystem."""
    found: dict[str, list[Affected]] = {}
    for stated in record.affected or ():
        entry = of_binary(stated, asked.name) or stated
        if entry.package is not None and _is_asked(
            entry.package.ecosystem, entry.package.name, asked
        ):
            found.setdefault(entry.package.ecosystem, []).append(entry)
    return list(found.items())


def _is_asked(ecosystem: str, name: str, asked: _Asked) -> bool:
    speaks_of_all_releases = ecosystem in RELEASED and base_of(asked.ecosystem) == ecosystem
    if not speaks_of_all_releases and asked.ecosystem not in _names_of(ecosystem):
        return False
    return normalise(ecosystem, name) == normalise(ecosystem, asked.name)


def _may_be(unread: Unread, asked: _Asked) -> bool:
    ecosystem = unread.ecosystem or asked.ecosystem
    return _is_asked(ecosystem, unread.name or asked.name, asked)


def _names_of(ecosystem: str) -> set[str]:
    """Return the names under which the OSV service answers for an ecosystem's rows."""
    names = {ecosystem, base_of(ecosystem)}
    if base_of(ecosystem) == "Ubuntu":
        names.add(ecosystem.replace(":Pro", "", 1).removesuffix(":LTS"))
    return names


def _of_entries(asked: _Asked, record: Record, ecosystem: str, entries: list[Affected]) -> Answer:
    scheme = scheme_of(ecosystem)
    component = Component(ref="asked", type="", name=asked.name, version=asked.version, purl="")
    judged = judged_entries(record, entries, ecosystem, (scheme, asked.version), component)
    for wanted in (True, None):
        for entry, found in judged:
            if found.affected is wanted:
                told = Answer(affected=wanted, why=found.why, fixed=found.fixed)
                return _told(told, entry, ecosystem, asked.version)
    order = f" by {scheme} order" if scheme else ""
    why = f"{asked.version} lies in no range and no list of {record.id or 'the advisory'}{order}"
    return _told(Answer(affected=False, why=why), entries[0], ecosystem, asked.version)


def _told(answer: Answer, entry: Affected, ecosystem: str, version: str) -> Answer:
    """Add where the answer comes from."""
    scheme = scheme_of(ecosystem)
    described = deciding_range(entry, scheme, version)
    if described is None:
        return msgspec.structs.replace(answer, ecosystem=ecosystem)
    return msgspec.structs.replace(
        answer,
        ecosystem=ecosystem,
        range=described.type,
        events=described.events,
        comparison=compared(described.events, scheme, version),
    )


def _of_repository(asked: _Asked, record: Record) -> list[Answer]:
    """Answer for a tag of a repository: by the listed versions, since commits have no order."""
    wanted = repository(asked.name)
    entries = [
        entry
        for entry in record.affected or ()
        if any(
            one.type == COMMIT_RANGE and repository(one.repo) == wanted
            for one in entry.ranges or ()
        )
    ]
    if not entries:
        return []
    tag = plain_tag(asked.version, wanted)
    listed = [version for entry in entries for version in entry.versions or ()]
    for version in listed:
        if asked.version and plain_tag(version, wanted) == tag:
            return [Answer(affected=True, why=f"{version} is listed", ecosystem=_COMMITS)]
    if asked.version and all(entry.versions for entry in entries):
        why = f"{asked.version} is not listed, compared as a tag"
        return [Answer(affected=False, why=why, ecosystem=_COMMITS)]
    why = "its ranges are of commits, and it lists no versions"
    return [Answer(affected=None, why=why, ecosystem=_COMMITS)]
