"""What is different between two inventories: added, removed, upgraded, downgraded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum

import msgspec

from gate.advisories.ecosystems import LANGUAGES, scheme_of
from gate.bom.model import Bom, Component
from gate.versions import key_function

_SCHEMES = {"apk": "apk", "alpm": "pacman", "deb": "dpkg", "opkg": "dpkg", "rpm": "rpm"}
"""Of the packages of distributions, by purl type."""


class Change(StrEnum):
    """What happened to a package."""

    ADDED = "added"
    REMOVED = "removed"
    UPGRADED = "upgraded"
    DOWNGRADED = "downgraded"
    CHANGED = "changed"
    """Another version, and nobody can say which is newer."""


class Difference(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One package that is not the same in both inventories."""

    type: str
    """purl type."""
    name: str
    """With its namespace."""
    change: Change
    before: str = ""
    """Version; empty where it was not there."""
    after: str = ""
    arch: str = ""


_Identity = tuple[str, str, str]


def differences(before: Bom, after: Bom) -> tuple[Difference, ...]:
    """Return what is different, sorted by type and name.

    A package may be there in several versions (npm): those that both have are
    the same, the others are paired in the order of their versions.
    """
    old, new = _versions(before.components), _versions(after.components)
    found: list[Difference] = []
    for identity in old.keys() | new.keys():
        gone = old.get(identity, set()) - new.get(identity, set())
        come = new.get(identity, set()) - old.get(identity, set())
        found.extend(_paired(identity, gone, come))
    return tuple(sorted(found))


def _versions(components: Iterable[Component]) -> dict[_Identity, set[str]]:
    found: dict[_Identity, set[str]] = defaultdict(set)
    for component in components:
        # The namespace of a distribution's package is the distribution, which may change its name.
        of_language = component.type not in _SCHEMES and component.namespace
        name = f"{component.namespace}/{component.name}" if of_language else component.name
        found[component.type, name, component.arch].add(component.version)
    return found


def _paired(identity: _Identity, gone: set[str], come: set[str]) -> Iterable[Difference]:
    type_, name, arch = identity
    scheme = _SCHEMES.get(type_) or scheme_of(LANGUAGES.get(type_, ""))
    old, new = _ordered(gone, scheme), _ordered(come, scheme)
    for count in range(max(len(old), len(new))):
        before = old[count] if count < len(old) else ""
        after = new[count] if count < len(new) else ""
        yield Difference(
            type=type_,
            name=name,
            arch=arch,
            before=before,
            after=after,
            change=_change(before, after, scheme),
        )


def _ordered(versions: set[str], scheme: str) -> list[str]:
    if not scheme:
        return sorted(versions)
    key_of = key_function(scheme)
    return sorted(versions, key=lambda version: (key_of(version) or "", version))


def _change(before: str, after: str, scheme: str) -> Change:
    if not before:
        return Change.ADDED
    if not after:
        return Change.REMOVED
    key_of = key_function(scheme) if scheme else None
    old, new = (key_of(before), key_of(after)) if key_of else (None, None)
    if old is None or new is None or old == new:
        return Change.CHANGED
    return Change.UPGRADED if old < new else Change.DOWNGRADED
