"""Statements: one form for OpenVEX, CycloneDX and CSAF."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class Status(StrEnum):
    """What is said (OpenVEX specification, "Status labels")."""

    NOT_AFFECTED = "not_affected"
    AFFECTED = "affected"
    FIXED = "fixed"
    UNDER_INVESTIGATION = "under_investigation"


class Product(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a statement is about; an identifier is a purl or any other name."""

    id: str = ""
    """Of the product: the component itself, or the image that it is in.  "" for a statement
    that names components only."""
    hashes: tuple[str, ...] = ()
    """SHA-256 in hex, of the product."""
    subcomponents: tuple[str, ...] = ()
    """Components of the product that are meant; empty: the product itself."""


class Statement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One flaw, some products, one status."""

    vulnerabilities: tuple[str, ...]
    """The flaw's identifiers."""
    products: tuple[Product, ...]
    status: Status
    why: str = ""
    """Justification, impact or detail, for a person."""
    justified: bool = False
    """Whether it says why, as "not affected" has to."""
    author: str = ""
    made: datetime | None = None
    """UTC."""
    document: str
    """Name of the file it stands in."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A VEX document as it was given."""

    name: str
    text: str
