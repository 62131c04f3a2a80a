"""Go module versions, and the names of Go releases.

Source of the rules: the Go modules reference, sections on versions and on
pseudo-versions, which take their order from Semantic Versioning; and the Go
toolchains page on release names.  ``+incompatible`` is build metadata and
does not count.  ``go1.22rc1`` is 1.22.0-rc.1, ``go1.22`` is 1.22.0, and what
follows a release after ``-`` or a blank (``go1.22.4-acme``, ``go1.22.4
X:boringcrypto``) names a rebuild of that release.
"""

from __future__ import annotations

import re

from gate.versions import semver

_RELEASE = re.compile(r"go([0-9]+(?:\.[0-9]+)*)(?:(alpha|beta|rc)([0-9]+))?(?:[- ].*)?")
_UNNAMED = re.compile(r"([0-9]+\.[0-9]+)(alpha|beta|rc)([0-9]+)")


def key(version: str) -> str | None:
    """Return the key of a module version, with or without ``v``, or of a Go release.

    None for ``(devel)``, ``devel go1.23-…`` and everything else that names no
    version.
    """
    match = _RELEASE.fullmatch(version) or _UNNAMED.fullmatch(version)
    if not match:
        return semver.key(version)
    pre = f"{match[2]}.{match[3]}" if match[2] else None
    return semver.core(match[1]) + semver.pre_release(pre)
