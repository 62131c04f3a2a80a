"""Read SPDX 3.0 JSON-LD as its serialization rules write it.

No JSON-LD processing: the specification fixes the context, so the names of
properties are those of the model.  Elements may stand in ``@graph`` or inside
one another.  Our own documents read back to the bom they came from.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from gate.bom import foreign, own
from gate.bom.foreign_distro import distro_named
from gate.bom.model import Bom, Component, Subject
from gate.bom.spdx_read import entries_in, own_component, stated
from gate.errors import InputError

_CONTEXT = re.compile(r"https://spdx\.org/rdf/(3\.0(?:\.[0-9]+)?)/spdx-context\.jsonld")
_PACKAGES = frozenset({"ai_AIPackage", "dataset_DatasetPackage", "software_Package"})
_COLLECTIONS = frozenset({"Bom", "Bundle", "SpdxDocument", "software_Sbom"})
_NOT_PACKAGES = frozenset({"data", "device", "documentation", "file", "model", "source"})
_INCLUDES = frozenset({"contains", "dependsOn"})
_LICENSED = "hasDeclaredLicense"
_NOTHING = re.compile(r"https://spdx\.org/rdf/[^/]+/terms/Core/NoneElement|.*:NoneElement")
_DEPTH = 64

Element = Mapping[str, Any]


def read_spdx3(data: bytes, where: str) -> Bom:
    """Return the bom in an SPDX 3.0 document; InputError where it is none that is read."""
    try:
        document = msgspec.json.decode(data, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"is not valid SPDX 3 ({error})", where=where) from error
    if not any(_CONTEXT.fullmatch(context) for context in _words(document.get("@context"))):
        raise InputError(
            "is SPDX 3 of a version that is not read", where=where, hint="3.0 and 3.0.1 are"
        )
    graph = document.get("@graph", [document])
    if not isinstance(graph, list):
        raise InputError("is not valid SPDX 3 ('@graph' is no list)", where=where)
    return _Graph(graph, where).bom(data)


class _Graph:
    """The elements of a document, by IRI."""

    def __init__(self, graph: list[Any], where: str) -> None:
        self.where = where
        self.elements: dict[str, Element] = {}
        for element in graph:
            self._take(element, 0)

    def _take(self, value: Any, depth: int) -> None:
        """Take an element and those inside it."""
        if depth > _DEPTH:
            raise InputError(f"elements are nested deeper than {_DEPTH}", where=self.where)
        if isinstance(value, list):
            for one in value:
                self._take(one, depth + 1)
        elif isinstance(value, dict):
            name = _id(value)
            if name and "type" in value and len(value) > 1:
                if name in self.elements:
                    raise InputError(f"has the spdxId '{name[:80]}' twice", where=self.where)
                self.elements[name] = value
            for one in value.values():
                if isinstance(one, dict | list):
                    self._take(one, depth + 1)

    def bom(self, data: bytes) -> Bom:
        documents = self.of({"SpdxDocument"})
        if len(documents) > 1:
            raise InputError("holds several SPDX documents", where=self.where)
        remarks: dict[str, list[str]] = {}
        for remark in self.of({"Annotation"}):
            for subject in _words(remark.get("subject")):
                remarks.setdefault(subject, []).append(_word(remark, "statement"))
        roots = self._roots(documents)
        packages = [one for one in self.of(_PACKAGES) if _id(one) not in roots]
        known = None
        for document in documents:
            known = own.read_document(entries_in(remarks.get(_id(document), ())), self.where)
        if known is not None:
            components = [self._own(one, remarks.get(_id(one), ())) for one in packages]
            return own.rebuild(known, components, self.where)
        return self._foreign(documents, packages, roots, data)

    def of(self, kinds: Iterable[str]) -> list[Element]:
        """Return the elements of these types, in the order of the document."""
        wanted = frozenset(kinds)
        return [one for one in self.elements.values() if _word(one, "type") in wanted]

    def _roots(self, documents: list[Element]) -> set[str]:
        """Return the package that the document is about, if it is one.

        A document is about what an SBOM in it is about.
        """
        found: set[str] = set()
        seen: set[str] = set()
        ahead = [*documents] or self.of({"software_Sbom"})
        while ahead:
            collection = ahead.pop()
            for name in _words(collection.get("rootElement")):
                element = self.elements.get(name, {})
                if name in seen:
                    continue
                seen.add(name)
                if _word(element, "type") in _COLLECTIONS:
                    ahead.append(element)
                elif _word(element, "type") in _PACKAGES:
                    found.add(name)
        return found if len(found) == 1 else set()

    def _own(self, listed: Element, remarks: Iterable[str]) -> Component:
        return own_component(
            entries_in(remarks),
            name=_word(listed, "name"),
            version=_word(listed, "software_packageVersion"),
            purl=_purl(listed),
            vendor=self._supplier(listed),
            spdx_id=_id(listed),
            where=self.where,
        )

    def _foreign(
        self, documents: list[Element], packages: list[Element], roots: set[str], data: bytes
    ) -> Bom:
        licences = self._licences()
        entries = []
        distros = []
        for listed in packages:
            purpose = _word(listed, "software_primaryPurpose")
            if purpose == "operatingSystem":
                version = stated(_word(listed, "software_packageVersion"))
                distros.append(distro_named(_word(listed, "name"), version))
            elif _purl(listed) or not (
                purpose in _NOT_PACKAGES or _word(listed, "type") != "software_Package"
            ):
                entries.append(self._entry(listed, licences.get(_id(listed), ())))
        name = next((_word(one, "name") for one in documents), "")
        return foreign.bom_of(
            entries,
            subject=self._subject([self.elements[root] for root in roots], name, data),
            stated=distros,
            tools=self._tools(),
            problems=dict.fromkeys(self._problems(documents)),
            what="SPDX SBOM",
        )

    def _problems(self, documents: list[Element]) -> Iterator[str]:
        if not documents and not self.of({"software_Sbom"}):
            yield "the SBOM does not say what it describes"
        for relation in self.of({"LifecycleScopedRelationship", "Relationship"}):
            if _word(relation, "relationshipType") not in _INCLUDES:
                continue
            if _word(relation, "completeness") == "incomplete":
                yield "the SBOM says that a list of what is in it is incomplete"
            if any(
                target not in self.elements and not _NOTHING.fullmatch(target)
                for target in _words(relation.get("to"))
            ):
                yield "parts of it are in other documents, which are not read"

    def _tools(self) -> list[str]:
        return [
            _word(self.elements.get(name, {}), "name")
            for creation in self.of({"CreationInfo"})
            for key in ("createdUsing", "createdBy")
            for name in _words(creation.get(key))
        ]

    def _licences(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for relation in self.of({"Relationship"}):
            if _word(relation, "relationshipType") == _LICENSED:
                names = [
                    stated(_word(self.elements.get(to, {}), "simplelicensing_licenseExpression"))
                    for to in _words(relation.get("to"))
                ]
                for one in _words(relation.get("from")):
                    found[one] = (*found.get(one, ()), *filter(None, names))
        return found

    def _entry(self, listed: Element, licences: tuple[str, ...]) -> foreign.Entry:
        return foreign.Entry(
            ref=_id(listed),
            name=_word(listed, "name"),
            version=stated(_word(listed, "software_packageVersion")),
            purl=_purl(listed),
            vendor=self._supplier(listed),
            licenses=licences,
            source_info=_word(listed, "software_sourceInfo"),
        )

    def _supplier(self, listed: Element) -> str:
        named = (self.elements.get(one, {}) for one in _words(listed.get("suppliedBy")))
        return next((_word(one, "name") for one in named), "")

    def _subject(self, roots: list[Element], name: str, data: bytes) -> Subject:
        root: Element = roots[0] if roots else {}
        hashes = root.get("verifiedUsing")
        digests = {
            "sha256": hashlib.sha256(data).hexdigest(),
            **foreign.digests_of(
                (_word(one, "algorithm"), _word(one, "hashValue"))
                for one in (hashes if isinstance(hashes, list) else ())
                if isinstance(one, dict)
            ),
        }
        is_image = _word(root, "software_primaryPurpose") == "container" or _purl(root).startswith(
            "pkg:oci/"
        )
        return foreign.subject_of(
            name=_word(root, "name") or name,
            is_image=is_image,
            digests=digests,
            where=self.where,
        )


def _id(element: Element) -> str:
    return _word(element, "spdxId") or _word(element, "@id")


def _word(element: Element, key: str) -> str:
    """Return a text of an element, "" where there is none."""
    value = element.get(key)
    return value if isinstance(value, str) else ""


def _words(value: Any) -> list[str]:
    """Return one text, a list of them, or the names of elements that stand there."""
    found = []
    for one in value if isinstance(value, list) else [value]:
        name = _id(one) if isinstance(one, dict) else one
        if isinstance(name, str):
            found.append(name)
    return found


def _purl(listed: Element) -> str:
    if purl := _word(listed, "software_packageUrl"):
        return purl
    identifiers = listed.get("externalIdentifier")
    for one in identifiers if isinstance(identifiers, list) else ():
        if isinstance(one, dict) and _word(one, "externalIdentifierType") == "packageUrl":
            return _word(one, "identifier")
    return ""
