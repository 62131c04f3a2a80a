"""Bitnami component versions: semantic versions followed by a packaging revision.

Source of the rules: Bitnami's vulnerability database, whose ranges speak of
upstream versions, and the way Bitnami numbers its packages: in ``2.3.1-4``
the 4 counts rebuilds of 2.3.1 and is no pre-release.  It is left out, so that
every rebuild counts as its upstream version, for ``fixed`` and
``last_affected`` alike; ``-0`` in an advisory then is the version itself.

This cannot tell two rebuilds apart.  Few advisories are about the packaging
and name a rebuild as fixed (``BIT-pgpool-2025-22248``: ``fixed 4.6.0-1``);
for these a key alone does not decide.
"""

from __future__ import annotations

import re

from gate.versions import semver

_REVISION = re.compile(r"(.*)-[0-9]+")


def key(version: str) -> str | None:
    """Return the key of a Bitnami version without its revision; None as for `semver.key`."""
    match = _REVISION.fullmatch(version)
    return semver.key(match[1] if match else version)
