"""Version order as text: one file per scheme, one line per scheme below.

A scheme turns a version into a key whose plain byte order is the scheme's
order: ``key(a) < key(b)`` exactly when ``a`` is older than ``b``, and the keys
are equal exactly when the scheme calls the versions equal.  With it an
affected range is two strings, and matching is ``lo <= key AND key < hi`` in
any database.

Every key is

* printable ASCII (0x21..0x7e), so that each database sorts it the same way;
* prefix-free: no key is a proper prefix of another, so that `just_after` can
  turn an inclusive bound into an exclusive one;
* smaller than `BEYOND` and greater than `BEFORE`.

A version that the scheme cannot parse has no key (None).  Its comparison is
unknown, which is never "not affected".
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from importlib import import_module

from gate.versions import patched

KeyFunction = Callable[[str], str | None]

BEFORE = ""
"""Lower bound of a range that starts before every version (OSV ``introduced: "0"``)."""

BEYOND = "~"
"""Upper bound, exclusive, of a range that never ends."""

LEGACY = "!"
"""Begins the key of a Python version outside PEP 440, and of no other Python version."""

SCHEMES: dict[str, str] = {
    "apk": "gate.versions.apk",
    "bitnami": "gate.versions.bitnami",
    "cran": "gate.versions.cran",
    "dpkg": "gate.versions.dpkg",
    "freebsd": "gate.versions.freebsd",
    "golang": "gate.versions.golang",
    "hackage": "gate.versions.hackage",
    "maven": "gate.versions.maven",
    "nuget": "gate.versions.nuget",
    "opam": "gate.versions.opam",
    "packagist": "gate.versions.packagist",
    "pacman": "gate.versions.pacman",
    "pep440": "gate.versions.pep440",
    "pub": "gate.versions.pub",
    "rpm": "gate.versions.rpm",
    "rubygems": "gate.versions.rubygems",
    "semver": "gate.versions.semver",
}


@cache
def key_function(scheme: str) -> KeyFunction:
    """Return the key function of `scheme`; KeyError for a scheme not in `SCHEMES`.

    ``root:dpkg`` is the order of Root's patched versions over that of dpkg, and
    ``echo:semver`` that of Echo's over semantic versions.

    It remembers: one fixed version stands in hundreds of advisory rows, one for
    each package built from it.
    """
    patches, _, base = scheme.rpartition(":")
    function: KeyFunction = import_module(SCHEMES[base]).key
    if patches:
        function = patched.over(function, patches)
    return lru_cache(maxsize=32_768)(function)


def is_legacy(scheme: str, key: str | None) -> bool:
    """Return whether a key is that of a version its scheme orders by an old custom only.

    Such a version may lie anywhere: that it comes before a range proves nothing.
    """
    return scheme == "pep440" and key is not None and key.startswith(LEGACY)


def just_after(key: str) -> str:
    """Return the smallest bound above `key` and below every greater key."""
    return key + "!"
