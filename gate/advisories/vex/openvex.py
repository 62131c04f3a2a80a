"""OpenVEX 0.2.0: ``@context``, statements, products with subcomponents.

Rules: OpenVEX specification, "Statement fields", "Product data structure",
"Status labels"; a statement inherits the document's timestamp.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gate.advisories.vex.model import Product, Statement, Status
from gate.advisories.vex.values import entries, moment, text

CONTEXT = "https://openvex.dev/ns"


def statements(document: dict[str, Any], name: str) -> Iterator[Statement]:
    """Yield the statements of a document; ValueError where one cannot be understood."""
    author = text(document.get("author"))
    inherited = document.get("timestamp")
    for number, statement in enumerate(entries(document, "statements")):
        try:
            status = Status(text(statement.get("status")))
        except ValueError as error:
            raise ValueError(f"statement {number}: {error}") from error
        why = text(statement.get("justification")) or text(statement.get("impact_statement"))
        detail = text(statement.get("action_statement")) or text(statement.get("status_notes"))
        yield Statement(
            vulnerabilities=_vulnerabilities(statement, number),
            products=tuple(_products(statement)),
            status=status,
            why=why or detail,
            justified=bool(why),
            author=author,
            made=moment(statement.get("timestamp") or inherited),
            document=name,
        )


def _vulnerabilities(statement: dict[str, Any], number: int) -> tuple[str, ...]:
    vulnerability = statement.get("vulnerability")
    if isinstance(vulnerability, str):
        return (vulnerability,)
    if not isinstance(vulnerability, dict):
        raise TypeError(f"statement {number} names no vulnerability")
    names = [text(vulnerability.get("name")), text(vulnerability.get("@id"))]
    aliases = vulnerability.get("aliases") or ()
    names += [text(alias) for alias in aliases if isinstance(alias, str)]
    found = tuple(name.rpartition("/")[2] for name in names if name)
    if not found:
        raise ValueError(f"statement {number} names no vulnerability")
    return found


def _products(statement: dict[str, Any]) -> Iterator[Product]:
    for product in statement.get("products") or ():
        if isinstance(product, str):
            yield Product(id=product)
            continue
        if not isinstance(product, dict):
            raise TypeError("a product is neither text nor an object")
        hashes = product.get("hashes") or {}
        subcomponents = tuple(
            found for item in product.get("subcomponents") or () if (found := _identifier(item))
        )
        yield Product(
            id=_identifier(product),
            hashes=tuple(
                str(value).lower()
                for kind, value in hashes.items()
                if kind.lower().replace("-", "") == "sha256"
            ),
            subcomponents=subcomponents,
        )


def _identifier(item: Any) -> str:
    """Return the purl of a component, or its ``@id``."""
    if isinstance(item, str):
        return item
    if not isinstance(item, dict):
        raise TypeError("a component is neither text nor an object")
    identifiers = item.get("identifiers") or {}
    return text(identifiers.get("purl")) or text(item.get("@id"))
