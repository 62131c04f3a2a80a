"""Dart package versions: semantic versions whose build metadata counts.

Source of the rules: the pub versioning page of dart.dev and the order of
pub_semver: after everything else is equal, a version without build metadata
comes first, and build identifiers compare as those of a pre-release do.
"""

from __future__ import annotations

import re

from gate.versions import semver

_BUILD = re.compile(r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*")
_NO_BUILD = "!"
_WITH_BUILD = "+"


def key(version: str) -> str | None:
    """Return the key of a Dart version; None as for `semver.key`, and for odd build metadata."""
    match = semver.FORM.fullmatch(version)
    if not match:
        return None
    numbers, pre, build = match.groups()
    head = semver.core(numbers) + semver.pre_release(pre)
    if build is None:
        return head + _NO_BUILD
    return head + _WITH_BUILD + semver.identifiers(build) if _BUILD.fullmatch(build) else None
