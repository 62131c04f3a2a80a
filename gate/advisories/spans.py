"""Affected ranges as spans of version keys: two strings, ``lo <= key < hi``.

Rules: OSV schema 1.7.5, section "Evaluation" (normative): events are walked in
version order; `fixed` is exclusive, `last_affected` inclusive; where `limit`
events exist the version must lie below one of them; ``introduced: "0"`` comes
before every version, and 0 means nothing special anywhere else.

The spans of a whole entry are for the look-up: they cover every version that
`gate.matching.ranges` may call affected, and every one of which it may say
that it cannot be decided.  They may cover more, never less.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gate.advisories.osv import PACKAGE_RANGES, Affected, Event, custom_ranges, undecidable
from gate.versions import BEFORE, BEYOND, KeyFunction, just_after

Span = tuple[str, str]

EVERYTHING: Span = (BEFORE, BEYOND)

# At one version a fix ends what an inclusive end would still hold.
_INTRODUCED, _FIXED, _LAST_AFFECTED = range(3)


def spans(entry: Affected, key_of: KeyFunction | None) -> list[Span]:
    """Return the spans of `entry`, merged and in order; empty where it affects no version.

    `key_of` is None where the ecosystem has no version order: then nothing can
    be left out.
    """
    if entry.ranges and undecidable(entry):
        return [EVERYTHING]
    ranges = [described for described in entry.ranges or () if described.type in PACKAGE_RANGES]
    ranges.extend(custom_ranges(entry))
    if not ranges and not entry.versions:
        return []
    if key_of is None:
        return [EVERYTHING]
    found: list[Span] = []
    for described in ranges:
        covered = spans_of(described.events, key_of)
        if covered is None:
            return [EVERYTHING]
        found.extend(covered)
    for version in entry.versions or ():
        key = key_of(version)
        if key is None:
            # It has no place in the order, and whoever has just this version has
            # no key to ask with: the entry must not be lost to the index.
            return [EVERYTHING]
        found.append((key, just_after(key)))
    return merged(found)


def merged(found: Iterable[Span]) -> list[Span]:
    """Join spans that overlap or touch."""
    result: list[Span] = []
    for lo, hi in sorted(found):
        if result and lo <= result[-1][1]:
            if hi > result[-1][1]:
                result[-1] = (result[-1][0], hi)
        elif lo < hi:
            result.append((lo, hi))
    return result


def spans_of(events: Sequence[Event], key_of: KeyFunction) -> list[Span] | None:
    """Return what the events of one range cover; None where one of them has no key."""
    steps: list[tuple[str, int]] = []
    limit = BEFORE
    limited = False
    for event in events:
        if event.introduced is not None:
            bound = BEFORE if event.introduced == "0" else key_of(event.introduced)
            if bound is None:
                return None
            steps.append((bound, _INTRODUCED))
        if event.fixed is not None:
            if (bound := key_of(event.fixed)) is None:
                return None
            steps.append((bound, _FIXED))
        if event.last_affected is not None:
            if (bound := key_of(event.last_affected)) is None:
                return None
            steps.append((bound, _LAST_AFFECTED))
        if event.limit is not None:
            bound = BEYOND if event.limit == "*" else key_of(event.limit)
            if bound is None:
                return None
            limited, limit = True, max(limit, bound)
    return _walk(sorted(steps), limit if limited else BEYOND)


def _walk(steps: Sequence[tuple[str, int]], limit: str) -> list[Span]:
    found: list[Span] = []
    start: str | None = None
    for bound, kind in steps:
        if kind == _INTRODUCED:
            start = bound if start is None else start
        elif start is not None:
            found.append((start, bound if kind == _FIXED else just_after(bound)))
            start = None
    if start is not None:
        found.append((start, BEYOND))
    return [(lo, min(hi, limit)) for lo, hi in found]
