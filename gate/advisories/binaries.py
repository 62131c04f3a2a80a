"""Binary packages that a row about a source package names (SUSE, openSUSE).

``ecosystem_specific.binaries`` is a list of objects, binary name to fixed version.  A check
asks by source package, which rpm databases and most SBOMs name; whoever knows the binary
alone, as the author of an advisory may, is answered from here.
"""

from __future__ import annotations

from typing import Any

import msgspec

from gate.advisories.ecosystems import base_of
from gate.advisories.osv import Affected, Event, Range

_ECOSYSTEMS = frozenset({"SUSE", "openSUSE"})


def of_binary(entry: Affected, name: str) -> Affected | None:
    """Return what `entry` says of the binary package `name`; None where it does not name it."""
    raw = bytes(entry.ecosystem_specific)
    if entry.package is None or base_of(entry.package.ecosystem) not in _ECOSYSTEMS:
        return None
    fields: Any = msgspec.json.decode(raw) if b'"binaries"' in raw else None
    listed = fields.get("binaries") if isinstance(fields, dict) else None
    for binaries in listed if isinstance(listed, list) else ():
        fixed = binaries.get(name) if isinstance(binaries, dict) else None
        if isinstance(fixed, str):
            events = (Event(introduced="0"), Event(fixed=fixed))
            return msgspec.structs.replace(
                entry,
                package=msgspec.structs.replace(entry.package, name=name),
                ranges=(Range(type="ECOSYSTEM", events=events),),
            )
    return None
