"""AlmaLinux module builds: which rows of an advisory speak of an installed package.

20,750 of 69,160 AlmaLinux rows are module builds, and no row names its stream:
nginx 1.14 and nginx 1.24 look like one package.  The label of the installed
package and the title of the advisory (``nginx:1.24 security update``) do.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gate.advisories.osv import Affected, Record
from gate.bom.model import Component

_MODULE_BUILD = ".module_el"
_STREAM = re.compile(r"(?<![\w:])([A-Za-z][\w.+-]*):([\w.+-]+)(?= |,|;|\Z)")


def applicable(
    record: Record, entries: Sequence[Affected], component: Component
) -> tuple[Affected, ...]:
    """Return the entries that speak of `component`: module builds for a module build."""
    modular = bool(component.module) or _MODULE_BUILD in component.version
    kept = tuple(entry for entry in entries if _is_module_build(entry) == modular)
    if not modular or not component.module:
        return kept
    name, _, rest = component.module.partition(":")
    stream = rest.partition(":")[0]
    streams = set(_STREAM.findall(record.summary))
    if streams and (name, stream) not in streams:
        return ()
    return kept


def _is_module_build(entry: Affected) -> bool:
    return any(
        _MODULE_BUILD in (event.fixed or event.last_affected or event.introduced or "")
        for described in entry.ranges or ()
        for event in described.events
    )


def build_group(entry: Affected) -> str:
    """Return what rows about several builds of one version have in common.

    AlmaLinux names each rebuild of a version in a row of its own; whoever has
    any of them has the fix.  Entries without a fixed version stand alone.
    """
    fixes = sorted(
        event.fixed
        for described in entry.ranges or ()
        for event in described.events
        if event.fixed is not None
    )
    return "|".join(fix.rpartition("-")[0] for fix in fixes)
