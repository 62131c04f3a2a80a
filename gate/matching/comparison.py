"""How a version lies to the events of a range, written out for a person."""

from __future__ import annotations

from gate.advisories.osv import Affected, Event, Range
from gate.matching.ranges import judge, ranges_of
from gate.versions import key_function

_SIGNS = {True: "<", False: ">"}


def deciding_range(entry: Affected, scheme: str, version: str) -> Range | None:
    """Return the range that holds `version`; where none does the first that could have."""
    ranges = ranges_of(entry, version)
    for one in ranges:
        if judge(Affected(ranges=(one,)), scheme, version).affected:
            return one
    return ranges[0] if ranges else next(iter(entry.ranges or ()), None)


def compared(events: tuple[Event, ...], scheme: str, version: str) -> tuple[str, ...]:
    """Return each event beside the version: ``1.5 > introduced 1.0``, ``1.5 < fixed 2.0``.

    ``?`` stands where the two cannot be compared.
    """
    key_of = key_function(scheme) if scheme else None
    key = key_of(version) if key_of is not None and version else None
    found = []
    for event in events:
        for kind, value in stated(event):
            bound = key_of(value) if key_of is not None else None
            if (kind == "introduced" and value == "0") or value == version:
                sign = ">=" if value != version else "="
            elif key is None or bound is None:
                sign = "?"
            else:
                sign = "=" if key == bound else _SIGNS[key < bound]
            found.append(f"{version or 'unknown'} {sign} {kind.replace('_', ' ')} {value}")
    return tuple(found)


def stated(event: Event) -> list[tuple[str, str]]:
    """Return what an event states, as pairs of kind and version."""
    found = (
        ("introduced", event.introduced),
        ("fixed", event.fixed),
        ("last_affected", event.last_affected),
        ("limit", event.limit),
    )
    return [(kind, value) for kind, value in found if value is not None]
