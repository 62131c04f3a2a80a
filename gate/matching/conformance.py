"""One package against one advisory: what the gate would say of it, and why.

For whoever writes advisories, and for exams: the rules are those of a check
(`gate.matching.match`), without an inventory around them.  Pure.
"""

from __future__ import annotations

import msgspec

from gate.advisories.ecosystems import base_of, normalise, scheme_of
from gate.advisories.osv import Affected, Record
from gate.bom.model import Component
from gate.matching.match import judged_entries


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """The package that is asked about, as an OSV query names it."""

    ecosystem: str
    name: str
    version: str = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the advisory affects the package, and what decided."""

    affected: bool | None
    """None: it cannot be decided."""
    why: str
    ecosystem: str = ""
    """Of the entry that decided; "" where none speaks of the package."""
    fixed: str = ""
    """The version to raise to, where the entry names one."""


def answer(package: Package, record: Record) -> Answer:
    """Return what `record` says of `package`.

    An ecosystem asked without its release stands for all its releases, and
    ``Ubuntu:22.04`` for its LTS and Pro rows, as the OSV service takes them.
    """
    if record.withdrawn is not None:
        return Answer(affected=False, why=f"{record.id} was withdrawn")
    by_ecosystem: dict[str, list[Affected]] = {}
    for entry in record.affected or ():
        if entry.package is not None and _is_asked(entry, package):
            by_ecosystem.setdefault(entry.package.ecosystem, []).append(entry)
    if not by_ecosystem:
        return Answer(
            affected=False, why=f"{record.id} does not speak of {package.name} in this ecosystem"
        )
    answers = [_of_entries(package, record, *item) for item in sorted(by_ecosystem.items())]
    for wanted in (True, None):
        for found in answers:
            if found.affected is wanted:
                return found
    return answers[0]


def _is_asked(entry: Affected, package: Package) -> bool:
    named = entry.package
    if named is None or package.ecosystem not in _names_of(named.ecosystem):
        return False
    ecosystem = named.ecosystem
    return normalise(ecosystem, named.name) == normalise(ecosystem, package.name)


def _names_of(ecosystem: str) -> set[str]:
    """Return the names under which the OSV service answers for an ecosystem's rows."""
    names = {ecosystem, base_of(ecosystem)}
    if base_of(ecosystem) == "Ubuntu":
        names.add(ecosystem.replace(":Pro", "", 1).removesuffix(":LTS"))
    return names


def _of_entries(
    package: Package, record: Record, ecosystem: str, entries: list[Affected]
) -> Answer:
    scheme = scheme_of(ecosystem)
    component = Component(ref="asked", type="", name=package.name, version=package.version, purl="")
    judged = judged_entries(record, entries, ecosystem, (scheme, package.version), component)
    for wanted in (True, None):
        for _, found in judged:
            if found.affected is wanted:
                return Answer(
                    affected=wanted, why=found.why, ecosystem=ecosystem, fixed=found.fixed
                )
    order = f" by {scheme} order" if scheme else ""
    return Answer(
        affected=False,
        why=f"{package.version} lies in no range and no list of {record.id}{order}",
        ecosystem=ecosystem,
    )
