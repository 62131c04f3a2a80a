"""CSAF 2.0: product status by product of the product tree.

Rules: CSAF 2.0, 3.2.2 (product tree, relationships), 3.2.3.9 (product status),
3.2.3.5 (flags), 3.2.3.14 (threats of category impact), profile 5 (VEX): what is not
affected has a flag or an impact statement.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gate.advisories.vex.model import Product, Statement, Status
from gate.advisories.vex.values import entries, moment, text

_STATUS = {
    "known_not_affected": Status.NOT_AFFECTED,
    "fixed": Status.FIXED,
    "first_fixed": Status.FIXED,
    "known_affected": Status.AFFECTED,
    "first_affected": Status.AFFECTED,
    "last_affected": Status.AFFECTED,
    "under_investigation": Status.UNDER_INVESTIGATION,
}
_DEPTH = 30
"""Branches within branches."""


def statements(document: dict[str, Any], name: str) -> Iterator[Statement]:
    """Yield the product statuses of a document; ValueError where it is malformed."""
    header = document.get("document") or {}
    tracking = header.get("tracking") or {}
    author = text((header.get("publisher") or {}).get("name"))
    products = _products(document.get("product_tree") or {})
    for vulnerability in entries(document, "vulnerabilities"):
        names = [text(vulnerability.get("cve"))]
        names += [text(item.get("text")) for item in entries(vulnerability, "ids")]
        why = _reasons(vulnerability)
        for status, listed in (vulnerability.get("product_status") or {}).items():
            if status not in _STATUS:
                continue
            for product in listed:
                if product not in products:
                    continue
                yield Statement(
                    vulnerabilities=tuple(found for found in names if found),
                    products=products[product],
                    status=_STATUS[status],
                    why=why.get(product, ""),
                    justified=product in why,
                    author=author,
                    made=moment(tracking.get("current_release_date")),
                    document=name,
                )


def _products(tree: dict[str, Any]) -> dict[str, tuple[Product, ...]]:
    """Return what each product id stands for; one without a purl stands for nothing."""
    purls = dict(_named(tree))
    found: dict[str, tuple[Product, ...]] = {
        product: (Product(id=purl),) for product, purl in purls.items()
    }
    for relation in entries(tree, "relationships"):
        whole = relation.get("full_product_name") or {}
        part = purls.get(text(relation.get("product_reference")), "")
        around = purls.get(text(relation.get("relates_to_product_reference")), "")
        if part:
            product = Product(id=around, subcomponents=(part,)) if around else Product(id=part)
            found[text(whole.get("product_id"))] = (product,)
    return found


def _named(tree: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield id and purl of each product that has one."""
    pending = [(branch, 0) for branch in entries(tree, "branches")]
    for product in entries(tree, "full_product_names"):
        yield from _purl_of(product)
    while pending:
        branch, depth = pending.pop()
        if depth > _DEPTH:
            raise ValueError(f"its product tree is more than {_DEPTH} branches deep")
        if isinstance(branch.get("product"), dict):
            yield from _purl_of(branch["product"])
        pending += [(inner, depth + 1) for inner in entries(branch, "branches")]


def _purl_of(product: dict[str, Any]) -> Iterator[tuple[str, str]]:
    helper = product.get("product_identification_helper") or {}
    if text(helper.get("purl")):
        yield text(product.get("product_id")), text(helper.get("purl"))


def _reasons(vulnerability: dict[str, Any]) -> dict[str, str]:
    """Return why products are not affected: flags, else impact statements."""
    reasons: dict[str, str] = {}
    for threat in entries(vulnerability, "threats"):
        if threat.get("category") == "impact":
            for product in threat.get("product_ids") or ():
                reasons[product] = text(threat.get("details"))
    for flag in entries(vulnerability, "flags"):
        for product in flag.get("product_ids") or ():
            reasons[product] = text(flag.get("label"))
    return {product: why for product, why in reasons.items() if why}
