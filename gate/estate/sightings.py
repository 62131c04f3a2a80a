"""What one run saw: every flaw with the package it is in, under a name that lasts.

The same flaw in the same package is the same sighting at every version of the package,
so that runs can be compared.  Pure.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from gate.advisories.severity import Severity
from gate.policy.verdict import Cause, Decision, State, Verdict
from gate.run.history import Earlier

_NOT_WHOLE = frozenset({Cause.INPUT, Cause.ADVISORIES, Cause.INTERNAL})
_GRAVITY = (State.OVERDUE, State.OPEN, State.ACCEPTED, State.NO_LIMIT, State.NOT_AFFECTED)
_RANK = list(Severity)


class End(StrEnum):
    """How a flaw that was there came to be there no more."""

    UPGRADED = "upgraded"
    """Its package has another version."""
    REMOVED = "removed"
    """Its package is gone."""
    CORRECTED = "corrected"
    """The same package is there: it is the advisories that say something else now."""
    CLEARED = "cleared"
    """A VEX statement says that the product is not affected."""
    RETIRED = "retired"
    """The system is out of scope."""


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """One flaw in one package, as one run saw it."""

    key: str
    """The same in every run: flaw, and purl without version."""
    id: str
    package: str
    version: str
    """Installed; several are joined."""
    decision: Decision
    """The gravest, where the package is there several times."""


def is_whole(verdict: Verdict) -> bool:
    """Return whether all was read and matched, so that what is absent is not there."""
    return not any(reason.cause in _NOT_WHOLE for reason in verdict.reasons)


def sightings(run: Earlier) -> dict[str, Sighting]:
    """Return what a run saw, by key; what a VEX statement clears is not among it."""
    found: dict[str, Sighting] = {}
    installed = versions(run)
    for decision in sorted(run.verdict.decisions, key=_gravity):
        if decision.state is State.NOT_AFFECTED:
            continue
        key = run.sighting(decision)
        if key in found:
            continue
        component = run.installed.get(decision.ref)
        package = key.partition(" ")[2]
        found[key] = Sighting(
            key=key,
            id=decision.id,
            package=component.name if component else package,
            version=installed.get(package, component.version if component else ""),
            decision=decision,
        )
    return found


def versions(run: Earlier) -> dict[str, str]:
    """Return what is installed: purl without version to the version, or several."""
    found: dict[str, set[str]] = {}
    for one in run.installed.values():
        found.setdefault(one.purl.partition("@")[0] or one.ref, set()).add(one.version)
    return {package: ", ".join(sorted(each)) for package, each in found.items()}


def ended(old: Sighting, run: Earlier, installed: dict[str, str]) -> End:
    """Return why `run`, which is whole and has `installed`, does not see `old` any more."""
    package = old.key.partition(" ")[2]
    if package not in installed:
        return End.REMOVED
    if installed[package] != old.version:
        return End.UPGRADED
    cleared = {run.sighting(one) for one in run.verdict.decisions}
    return End.CLEARED if old.key in cleared else End.CORRECTED


def _gravity(decision: Decision) -> tuple[int, int, str]:
    return _GRAVITY.index(decision.state), _RANK.index(decision.severity), decision.ref
