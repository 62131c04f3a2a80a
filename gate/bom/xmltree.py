"""XML as a tree of elements: what other tools write, with nothing that XML can do to a reader.

A document type or an entity declaration is refused, so nothing is fetched and
nothing expands (CWE-611, CWE-776).  Names go without their namespace's prefix.
"""

from __future__ import annotations

from xml.parsers import expat

from gate.errors import InputError

_DEPTH = 256
_ELEMENTS = 1_000_000
_ATTRIBUTES = 64
"""Of one element; SBOM formats use two."""


class Element:
    """One element."""

    __slots__ = ("attributes", "children", "namespace", "tag", "text")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        """Begin an element that expat calls `name`."""
        self.namespace, _, self.tag = name.rpartition(" ")
        self.attributes = attributes
        self.children: list[Element] = []
        self.text = ""

    def child(self, tag: str) -> Element | None:
        """Return the first child of this name."""
        return next((child for child in self.children if child.tag == tag), None)

    def of(self, tag: str) -> list[Element]:
        """Return the children of this name, for example all of ``component``."""
        return [child for child in self.children if child.tag == tag]

    def inside(self, *tags: str) -> list[Element]:
        """Return the elements along a path: ``inside("components", "component")``."""
        found = [self]
        for tag in tags:
            found = [child for element in found for child in element.of(tag)]
        return found

    def word(self, tag: str) -> str:
        """Return the text of the first child of this name, "" without one."""
        child = self.child(tag)
        return child.text if child is not None else ""


class _Builder:
    def __init__(self, where: str) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._pieces: list[str] = []
        self._count = 0
        self._where = where

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= _DEPTH:
            raise InputError(f"elements are nested deeper than {_DEPTH}", where=self._where)
        if self._count > _ELEMENTS:
            raise InputError(f"has more than {_ELEMENTS:,} elements", where=self._where)
        if len(attributes) > _ATTRIBUTES:
            raise InputError(
                f"has an element with more than {_ATTRIBUTES} attributes", where=self._where
            )
        element = Element(name, attributes)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)
        self._pieces = []

    def end(self, _: str) -> None:
        element = self._open.pop()
        if not element.children:
            element.text = "".join(self._pieces)
        self._pieces = []

    def text(self, piece: str) -> None:
        self._pieces.append(piece)

    def refuse(self, *_: object) -> None:
        raise InputError(
            "has a document type or entity declaration, which is not read",
            where=self._where,
            hint="no SBOM needs one: write it without",
        )


def read_xml(data: bytes, where: str) -> Element:
    """Return the root element; InputError for what is not XML or is more than XML."""
    builder = _Builder(where)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = builder.refuse
    parser.EntityDeclHandler = builder.refuse
    parser.ExternalEntityRefHandler = lambda *_: 0
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.buffer_text = True
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise InputError(f"is not valid XML ({error})", where=where) from error
    except (LookupError, ValueError) as error:
        raise InputError(
            f"is XML in an encoding that is not read ({error})", where=where
        ) from error
    if builder.root is None:
        raise InputError("is XML without an element", where=where)
    return builder.root
