"""Semantic versions, read leniently: npm, crates.io, Hex, Bitnami, GitHub Actions and more.

Source of the rules: Semantic Versioning 2.0.0, sections 9 to 11.  Beyond the
specification, because published versions and advisories hold such forms:

* a leading ``v`` is ignored;
* missing numbers are 0 (``1.2`` is ``1.2.0``), and there may be more than
  three of them (``1.2.3`` is ``1.2.3.0`` and older than ``1.2.3.4``);
* leading zeros carry no meaning, neither in the numbers nor in numeric
  identifiers of a pre-release (``1.02.0-01`` is ``1.2.0-1``);
* before a pre-release called alpha, beta, dev, pre or rc the hyphen may be missing or a
  dot (``2.0.0rc2`` and ``2.0.0.rc2`` are ``2.0.0-rc2``).  Other letters are no
  pre-release: ``1.1.1k`` of OpenSSL is newer than ``1.1.1``, and has no key.

Build metadata after ``+`` is ignored, as section 10 demands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from gate.versions.encoding import number

FORM = re.compile(
    r"[vV]?([0-9]+(?:\.[0-9]+)*)"
    r"(?:(?:-|[.]?(?=(?:alpha|beta|dev|pre|rc)(?![a-z])))([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
    r"(?:\+([!-~]*))?"
)
"""Groups: the dotted numbers, the pre-release, the build metadata."""

_END = "$"
PRE_RELEASE = "-"
RELEASE = "="
TEXT = ":"
_LAST = "!"
_NEXT = "#"


def key(version: str) -> str | None:
    """Return the key of a semantic version; None for what the form above does not cover."""
    match = FORM.fullmatch(version)
    return core(match[1]) + pre_release(match[2]) if match else None


def core(text: str) -> str:
    """Return the key of dotted numbers, however many: zeros at the end do not count."""
    numbers = [number(digits) for digits in text.split(".")]
    while len(numbers) > 1 and numbers[-1] == "0":
        numbers.pop()
    return "".join(numbers) + _END


def pre_release(text: str | None) -> str:
    """Return the key of a pre-release; None is the release itself, which is the highest."""
    return RELEASE if text is None else PRE_RELEASE + identifiers(text)


def identifiers(text: str) -> str:
    """Return the key of dotted identifiers (section 11.4).

    They compare one by one: numbers by value and before texts, texts by their
    bytes, and fewer identifiers before more.
    """
    return sequence(
        number(identifier) if identifier.isdigit() else TEXT + identifier
        for identifier in text.split(".")
    )


def sequence(keys: Iterable[str]) -> str:
    """Join keys of identifiers: the end sorts before a further identifier."""
    return _NEXT.join(keys) + _LAST
