"""Write a bom as CycloneDX 1.6 XML: the document that is written as JSON, in the other form.

Rules: CycloneDX 1.6 XML schema (the order of elements is fixed); XML 1.0,
section 2.2 (which characters a document may hold at all).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from gate.bom import own
from gate.bom.cyclonedx import SPEC_VERSION, document_of
from gate.bom.cyclonedx_types import (
    CdxComponent,
    Composition,
    Metadata,
    Occurrence,
    Property,
    Tools,
)
from gate.bom.model import Bom, Component

NAMESPACE = f"http://cyclonedx.org/schema/bom/{SPEC_VERSION}"

_FORBIDDEN = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
_CHANGED = re.compile(f"{_FORBIDDEN.pattern}|[\\t\\n\\r]")
"""What XML cannot hold, and what readers that validate make a blank of."""
_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;",
     "\r": "&#13;"}
)  # fmt: skip


def write_bom(bom: Bom, now: datetime) -> bytes:
    """Return `bom` as a CycloneDX XML document stamped `now` (UTC)."""
    document = document_of(bom, now)
    changed = {one.ref: one for one in bom.components if _is_changed(one)}
    out = _Writer()
    out.line('<?xml version="1.0" encoding="UTF-8"?>')
    attributes = {"xmlns": NAMESPACE, "serialNumber": document.serial_number, "version": "1"}
    with out.inside("bom", attributes):
        if document.metadata is not None:
            _metadata(out, document.metadata)
        with out.inside("components"):
            for component in document.components or ():
                _component(out, component, changed)
        with out.inside("compositions"):
            for composition in document.compositions or ():
                _composition(out, composition)
    return out.document()


def _is_changed(component: Component) -> bool:
    """Say whether a text of a component cannot stand in XML as it is."""
    texts = [component.ref, component.namespace, component.name, component.version]
    texts += [component.purl, component.vendor, *component.licenses]
    texts += [text for place in component.locations for text in (place.path, place.layer)]
    return any(_CHANGED.search(text) for text in texts)


class _Writer:
    """Lines of XML, indented by one blank for each level."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._depth = 0

    def line(self, line: str) -> None:
        """Write one line as it is."""
        self._lines.append(" " * self._depth + line)

    @contextmanager
    def inside(self, tag: str, attributes: Mapping[str, str] | None = None) -> Iterator[None]:
        """Write an element around what is written meanwhile."""
        self.line(f"<{tag}{_attributes(attributes)}>")
        self._depth += 1
        yield
        self._depth -= 1
        self.line(f"</{tag}>")

    def text(self, tag: str, value: str, attributes: Mapping[str, str] | None = None) -> None:
        """Write an element with a text."""
        self.line(f"<{tag}{_attributes(attributes)}>{_escaped(value)}</{tag}>")

    def some(self, tag: str, value: str) -> None:
        """Write an element with a text, if there is one."""
        if value:
            self.text(tag, value)

    def document(self) -> bytes:
        """Return what was written."""
        return ("\n".join(self._lines) + "\n").encode()


def _attributes(attributes: Mapping[str, str] | None) -> str:
    return "".join(f' {name}="{_escaped(value)}"' for name, value in (attributes or {}).items())


def _escaped(value: str) -> str:
    return _FORBIDDEN.sub(_spelled, value).translate(_ESCAPES)


def _spelled(match: re.Match[str]) -> str:
    r"""Spell a character that XML has no way to hold as JSON does: ``\u001b``."""
    return f"\\u{ord(match[0]):04x}"


def _metadata(out: _Writer, metadata: Metadata) -> None:
    with out.inside("metadata"):
        out.text("timestamp", metadata.timestamp)
        if isinstance(metadata.tools, Tools):
            with out.inside("tools"), out.inside("components"):
                for tool in metadata.tools.components or ():
                    _component(out, tool, {})
        if metadata.component is not None:
            _component(out, metadata.component, {})
        _properties(out, metadata.properties or ())


def _component(out: _Writer, listed: CdxComponent, changed: Mapping[str, Component]) -> None:
    ref = {"bom-ref": listed.bom_ref} if listed.bom_ref else {}
    with out.inside("component", {"type": listed.type, **ref}):
        if listed.supplier is not None:
            with out.inside("supplier"):
                out.text("name", listed.supplier.name)
        out.some("group", listed.group)
        out.text("name", listed.name)
        out.some("version", listed.version)
        out.some("description", listed.description)
        if listed.hashes:
            with out.inside("hashes"):
                for value in listed.hashes:
                    out.text("hash", value.content, {"alg": value.alg})
        _licences(out, listed)
        out.some("purl", listed.purl)
        component = changed.get(listed.bom_ref)
        verbatim = (Property(*own.verbatim_entry(component)),) if component is not None else ()
        _properties(out, (*(listed.properties or ()), *verbatim))
        _occurrences(out, (listed.evidence.occurrences if listed.evidence else None) or ())


def _licences(out: _Writer, listed: CdxComponent) -> None:
    names = [choice.license.name for choice in listed.licenses or () if choice.license]
    if names:
        with out.inside("licenses"):
            for name in names:
                with out.inside("license"):
                    out.text("name", name)


def _properties(out: _Writer, properties: Iterable[Property]) -> None:
    listed = tuple(properties)
    if listed:
        with out.inside("properties"):
            for one in listed:
                out.text("property", one.value, {"name": one.name})


def _occurrences(out: _Writer, places: Iterable[Occurrence]) -> None:
    listed = tuple(places)
    if listed:
        with out.inside("evidence"), out.inside("occurrences"):
            for place in listed:
                with out.inside("occurrence"):
                    out.text("location", place.location)
                    out.some("additionalContext", place.additional_context)


def _composition(out: _Writer, composition: Composition) -> None:
    with out.inside("composition"):
        out.text("aggregate", composition.aggregate)
        with out.inside("assemblies"):
            for ref in composition.assemblies or ():
                out.line(f"<assembly{_attributes({'ref': ref})}/>")
