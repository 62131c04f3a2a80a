"""CycloneDX VEX: ``vulnerabilities`` with an analysis, in a BOM or beside one.

Rules: CycloneDX 1.6, ``vulnerabilities[].analysis`` and ``affects``: a ref is the
bom-ref of a component of the document, or a BOM-Link into another document.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from gate.advisories.vex.model import Product, Statement, Status
from gate.advisories.vex.values import entries, moment, text

_STATES = {
    "not_affected": Status.NOT_AFFECTED,
    "false_positive": Status.NOT_AFFECTED,
    "resolved": Status.FIXED,
    "resolved_with_pedigree": Status.FIXED,
    "exploitable": Status.AFFECTED,
    "in_triage": Status.UNDER_INVESTIGATION,
}


def statements(document: dict[str, Any], name: str) -> Iterator[Statement]:
    """Yield the analysed vulnerabilities of a document; ValueError where one is malformed."""
    purls = dict(_purls(document))
    made = moment((document.get("metadata") or {}).get("timestamp"))
    for number, vulnerability in enumerate(entries(document, "vulnerabilities")):
        analysis = vulnerability.get("analysis")
        if not isinstance(analysis, dict) or not analysis.get("state"):
            continue
        state = text(analysis.get("state"))
        if state not in _STATES:
            raise ValueError(f"vulnerability {number} has the unknown state '{state[:40]}'")
        why = text(analysis.get("justification")) or text(analysis.get("detail"))
        yield Statement(
            vulnerabilities=tuple(_identifiers(vulnerability)),
            products=tuple(_products(vulnerability, purls)),
            status=_STATES[state],
            why=why,
            justified=bool(why) or state == "false_positive",
            author=_author(document),
            made=moment(analysis.get("lastUpdated")) or made,
            document=name,
        )


def _identifiers(vulnerability: dict[str, Any]) -> Iterator[str]:
    if text(vulnerability.get("id")):
        yield text(vulnerability.get("id"))
    for reference in entries(vulnerability, "references"):
        if text(reference.get("id")):
            yield text(reference.get("id"))


def _products(vulnerability: dict[str, Any], purls: dict[str, str]) -> Iterator[Product]:
    """Yield what is affected; versions that are said to be unaffected are not what is meant."""
    for affected in entries(vulnerability, "affects"):
        ref = text(affected.get("ref"))
        # A BOM-Link ends with the bom-ref in the other document: urn:cdx:SERIAL/VERSION#REF.
        local = unquote(ref.partition("#")[2]) if ref.startswith("urn:cdx:") else ref
        identifier = purls.get(ref) or purls.get(local) or local
        versions = [text(item.get("version")) for item in entries(affected, "versions")]
        plain, _, rest = identifier.partition("?")
        if versions and identifier.startswith("pkg:") and "@" not in plain:
            for version in versions:
                if version:
                    yield Product(id=f"{plain}@{version}" + (f"?{rest}" if rest else ""))
        else:
            yield Product(id=identifier)


def _purls(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield bom-ref and purl of each component, nested ones too."""
    pending = [*entries(document, "components")]
    subject = (document.get("metadata") or {}).get("component")
    if isinstance(subject, dict):
        pending.append(subject)
    while pending:
        component = pending.pop()
        ref, purl = text(component.get("bom-ref")), text(component.get("purl"))
        if ref and purl:
            yield ref, purl
        pending += entries(component, "components")


def _author(document: dict[str, Any]) -> str:
    metadata = document.get("metadata") or {}
    for field in ("supplier", "manufacturer", "manufacture"):
        if isinstance(metadata.get(field), dict):
            return text(metadata[field].get("name"))
    authors = metadata.get("authors") or ()
    return text(authors[0].get("name")) if authors and isinstance(authors[0], dict) else ""
