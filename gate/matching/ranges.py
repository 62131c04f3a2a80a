"""Whether a version lies in what an affected entry describes.

Rules: OSV schema 1.7.5, section "Evaluation" (normative): an entry applies
when the version is listed OR lies in a range; events are walked in version
order; `fixed` is exclusive, `last_affected` inclusive; where `limit` events
exist the version must lie below one of them; ``introduced: "0"`` comes before
every version, and 0 means nothing special anywhere else.  GIT ranges speak of
commits: beside another range or a list of versions they are passed over, alone
they leave open which versions are meant.  A range that holds every version needs
no comparison.

A comparison that cannot be made is None, never "not affected".
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from gate.advisories.osv import (
    PACKAGE_RANGES,
    Affected,
    Event,
    Range,
    custom_ranges,
    undecidable,
)
from gate.advisories.spans import spans_of
from gate.versions import KeyFunction, is_legacy, key_function


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What one affected entry says of one version."""

    affected: bool | None
    """None: it cannot be decided."""
    why: str
    """For a person: the range or the list that decided."""
    fixed: str = ""
    """The version to raise to, or "" where the entry names none."""


_UNAFFECTED = Judgement(affected=False, why="no range or version of the entry applies")


def judge(entry: Affected, scheme: str, version: str) -> Judgement:
    """Return what `entry` says of `version`, ordered by `scheme` ("" if unknown)."""
    if scheme and _is_past_the_fix(entry, key_function(scheme), version):
        return _UNAFFECTED
    ranges = ranges_of(entry, version)
    if all_of_them := next((one for one in ranges if _holds_all(one.events)), None):
        return Judgement(affected=True, why=_describe(all_of_them.events))
    if not version:
        return _of_nothing_known(entry, ranges)
    key_of = _key_function(scheme, ranges)
    key = key_of(version) if key_of is not None else None
    if _is_listed(entry, key_of, version, key):
        why = f"{version} is listed"
        return Judgement(affected=True, why=why, fixed=_next_fix(ranges, key_of, key))
    open_question = undecidable(entry) if entry.ranges else ""
    for described in ranges:
        answer = _in_range(described.events, key_of, key)
        if answer:
            why = _describe(described.events)
            return Judgement(affected=True, why=why, fixed=_next_fix(ranges, key_of, key))
        if answer is None or (is_legacy(scheme, key) and _begins_late(described.events)):
            order = f"by {scheme} order" if scheme else "since no order is known"
            events = _describe(described.events)
            open_question = f"{version} cannot be compared with {events} {order}"
    if open_question:
        fixed = _next_fix(ranges, key_of, key)
        return Judgement(affected=None, why=open_question, fixed=fixed)
    if key is None and entry.versions:
        return Judgement(affected=False, why=f"{version} is not listed, compared as text")
    return _UNAFFECTED


def _of_nothing_known(entry: Affected, ranges: Sequence[Range]) -> Judgement:
    """Judge what has no version: wherever the entry affects any, nothing can be decided."""
    if not ranges and not entry.versions and not undecidable(entry):
        return _UNAFFECTED
    return Judgement(affected=None, why="the installed version is not known")


def _is_past_the_fix(entry: Affected, key_of: KeyFunction, version: str) -> bool:
    """Answer for the shape of nearly every distribution's row: introduced 0, fixed once.

    True says that the version is not affected; False says nothing.
    """
    if entry.versions or entry.ranges is None or len(entry.ranges) != 1:
        return False
    events = entry.ranges[0].events
    if len(events) != 2 or events[0].introduced != "0" or events[1].fixed is None:
        return False
    if entry.ranges[0].type not in PACKAGE_RANGES:
        return False
    key, fixed = key_of(version), key_of(events[1].fixed)
    return key is not None and fixed is not None and fixed <= key


def ranges_of(entry: Affected, version: str) -> tuple[Range, ...]:
    """Return the ranges that speak of package versions.

    Go records keep versions that are not Go module versions in
    ``ecosystem_specific.custom_ranges``, beside a SEMVER range of bare
    "introduced 0" that would call every version affected.  Then the custom
    ranges decide, except for a pseudo-version without a base: it counts from
    0.0.0 and compares with nothing.
    """
    ranges = tuple([r for r in entry.ranges or () if r.type in PACKAGE_RANGES])
    custom = custom_ranges(entry)
    if custom and all(_is_bare(described.events) for described in ranges):
        return ranges if version.removeprefix("v").startswith("0.0.0-") else custom
    return ranges


def _begins_late(events: Sequence[Event]) -> bool:
    """Return whether some versions come before the range or between two parts of it."""
    return any(event.introduced not in {None, "0"} for event in events)


def _holds_all(events: Sequence[Event]) -> bool:
    """Return whether nothing ends what begins before every version."""
    ends = any(
        event.fixed is not None or event.last_affected is not None or event.limit not in {None, "*"}
        for event in events
    )
    return not ends and any(event.introduced == "0" for event in events)


def _is_bare(events: Sequence[Event]) -> bool:
    return all(event.introduced == "0" for event in events)


def _key_function(scheme: str, ranges: Sequence[Range]) -> KeyFunction | None:
    """Return how to order versions; a SEMVER range says so itself (schema, type)."""
    if scheme:
        return key_function(scheme)
    if ranges and all(described.type == "SEMVER" for described in ranges):
        return key_function("semver")
    return None


def _is_listed(entry: Affected, key_of: KeyFunction | None, version: str, key: str | None) -> bool:
    listed = entry.versions or ()
    if version in listed:
        return True
    # 1.0 and 1.0.0 are one version to every scheme that says so.
    return key_of is not None and key is not None and any(key_of(v) == key for v in listed)


def _in_range(events: Sequence[Event], key_of: KeyFunction | None, key: str | None) -> bool | None:
    """Return whether the events hold the version; None where one of them has no key."""
    if key_of is None or key is None:
        return None
    covered = spans_of(events, key_of)
    return None if covered is None else any(lo <= key < hi for lo, hi in covered)


def _values(event: Event) -> list[tuple[str, str]]:
    found = (
        ("introduced", event.introduced),
        ("last_affected", event.last_affected),
        ("fixed", event.fixed),
    )
    return [(kind, value) for kind, value in found if value is not None]


def _next_fix(ranges: Sequence[Range], key_of: KeyFunction | None, key: str | None) -> str:
    """Return the oldest fixed version that is newer than the installed one."""
    fixes = {event.fixed for described in ranges for event in described.events if event.fixed}
    if key_of is None or key is None:
        return min(fixes, default="")
    newer = [(bound, fix) for fix in fixes if (bound := key_of(fix)) is not None and bound > key]
    return min(newer, default=("", ""))[1]


def _describe(events: Sequence[Event]) -> str:
    """Write a range as a person would: ``introduced 0, fixed 1.2``."""
    parts = [
        f"{kind.replace('_', ' ')} {value}"
        for event in events
        for kind, value in (*_values(event), ("limit", event.limit))
        if value is not None
    ]
    shown = ", ".join(parts[:6])
    return shown if len(parts) <= 6 else f"{shown} and {len(parts) - 6} more events"
