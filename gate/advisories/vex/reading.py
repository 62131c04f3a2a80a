"""VEX documents of any format, recognised by content.  A new format is a file and a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from gate.advisories.vex import csaf, cyclonedx, openvex
from gate.advisories.vex.model import Document, Statement
from gate.errors import InputError

Read = Callable[[dict[str, Any], str], Iterator[Statement]]


def _is_openvex(document: Mapping[str, Any]) -> bool:
    return str(document.get("@context", "")).startswith(openvex.CONTEXT)


def _is_cyclonedx(document: Mapping[str, Any]) -> bool:
    return document.get("bomFormat") == "CycloneDX"


def _is_csaf(document: Mapping[str, Any]) -> bool:
    header = document.get("document")
    return isinstance(header, dict) and str(header.get("csaf_version", "")).startswith("2.")


FORMATS: tuple[tuple[Callable[[Mapping[str, Any]], bool], Read], ...] = (
    (_is_openvex, openvex.statements),
    (_is_cyclonedx, cyclonedx.statements),
    (_is_csaf, csaf.statements),
)


def read_vex(document: Document) -> tuple[Statement, ...]:
    """Return the statements of a VEX document; InputError where it is none, or is malformed."""
    try:
        value = msgspec.json.decode(document.text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise InputError(f"is not JSON ({error})", where=document.name) from error
    read = next((read for fits, read in FORMATS if isinstance(value, dict) and fits(value)), None)
    if read is None:
        raise InputError(
            "is no VEX document that is known",
            where=document.name,
            hint="OpenVEX, CycloneDX with vulnerabilities, and CSAF 2.0 are read",
        )
    try:
        return tuple(read(value, document.name))
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise InputError(f"is malformed: {error}", where=document.name) from error
