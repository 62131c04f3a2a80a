"""What patchgate keeps in its own SBOMs beyond what their formats have fields for.

Each entry is a name and a JSON value: CycloneDX takes them as properties, SPDX
as annotations.  With them an SBOM reads back as the bom it was written from;
above all, one that is not complete never reads back as complete, and one that
something was taken out of does not read back at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeVar

import msgspec

from gate.bom.model import BaseImage, Bom, Component, Distro, Host, Location, Note, Reading, Subject
from gate.errors import InputError

T = TypeVar("T")

PREFIX = "patchgate:"
_SUBJECT = f"{PREFIX}subject"
_DISTRO = f"{PREFIX}distro"
_BASE = f"{PREFIX}base"
_HOST = f"{PREFIX}host"
_READING = f"{PREFIX}reading"
_NOTE = f"{PREFIX}note"
_CONTENTS = f"{PREFIX}contents"
_COMPONENT = f"{PREFIX}component"
_VERBATIM = f"{PREFIX}verbatim"
_EDITED = "make the SBOM again; it was edited"

Entry = tuple[str, str]


class _Contents(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many of each a document was written with."""

    components: int
    readings: int
    notes: int
    base: bool = False
    host: bool = False


class _ComponentRest(msgspec.Struct, frozen=True, omit_defaults=True):
    """The fields of a component that the purl and the format do not carry."""

    source_name: str = ""
    source_version: str = ""
    arch: str = ""
    module: str = ""
    other_namespaces: tuple[str, ...] = ()
    added_in: str = ""
    installed_at: datetime | None = None
    owned_by: str = ""


class _Verbatim(msgspec.Struct, frozen=True, omit_defaults=True):
    """The texts of a component as they are, where a format cannot hold one of them."""

    ref: str
    namespace: str = ""
    name: str = ""
    version: str = ""
    purl: str = ""
    vendor: str = ""
    licenses: tuple[str, ...] = ()
    locations: tuple[Location, ...] = ()


_TEXTS = tuple(field.name for field in msgspec.structs.fields(_Verbatim))
_REST = tuple(field.name for field in msgspec.structs.fields(_ComponentRest))


def document_entries(bom: Bom) -> list[Entry]:
    """Return what belongs to the document as a whole."""
    contents = _Contents(
        len(bom.components),
        len(bom.readings),
        len(bom.notes),
        base=bom.base is not None,
        host=bom.host is not None,
    )
    entries = [(_SUBJECT, _json(bom.subject)), (_CONTENTS, _json(contents))]
    if bom.distro is not None:
        entries.append((_DISTRO, _json(bom.distro)))
    if bom.base is not None:
        entries.append((_BASE, _json(bom.base)))
    if bom.host is not None:
        entries.append((_HOST, _json(bom.host)))
    entries += [(_READING, _json(reading)) for reading in bom.readings]
    entries += [(_NOTE, _json(note)) for note in bom.notes]
    return entries


def component_entries(component: Component) -> list[Entry]:
    """Return what belongs to one component; often nothing."""
    rest = _ComponentRest(**{name: getattr(component, name) for name in _REST})
    return [] if rest == _ComponentRest() else [(_COMPONENT, _json(rest))]


class OwnDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What `document_entries` wrote."""

    subject: Subject
    distro: Distro | None
    base: BaseImage | None
    host: Host | None
    readings: tuple[Reading, ...]
    notes: tuple[Note, ...]
    contents: _Contents


def read_document(entries: Iterable[Entry], where: str) -> OwnDocument | None:
    """Return what an SBOM of patchgate's says of itself, or None for other SBOMs.

    Raises InputError where such an entry is damaged.
    """
    values: dict[str, list[str]] = {}
    for name, value in entries:
        if name.startswith(PREFIX):
            values.setdefault(name, []).append(value)
    if _SUBJECT not in values:
        return None
    for name in (_SUBJECT, _DISTRO, _BASE, _HOST, _CONTENTS):
        if len(values.get(name, ())) > 1:
            raise InputError(f"has the property '{name}' twice", where=where, hint=_EDITED)
    try:
        return OwnDocument(
            subject=msgspec.json.decode(values[_SUBJECT][0], type=Subject),
            distro=_one(values, _DISTRO, Distro),
            readings=tuple(
                msgspec.json.decode(value, type=Reading) for value in values.get(_READING, [])
            ),
            notes=tuple(msgspec.json.decode(value, type=Note) for value in values.get(_NOTE, [])),
            base=_one(values, _BASE, BaseImage),
            host=_one(values, _HOST, Host),
            contents=msgspec.json.decode(values.get(_CONTENTS, ["{}"])[0], type=_Contents),
        )
    except msgspec.MsgspecError as error:
        raise _damaged(error, where) from error


def _one(values: Mapping[str, list[str]], name: str, as_type: type[T]) -> T | None:
    return msgspec.json.decode(values[name][0], type=as_type) if name in values else None


def rebuild(known: OwnDocument, components: Iterable[Component], where: str) -> Bom:
    """Return the bom a document of patchgate's was written from.

    Raises InputError where something was taken out of it or put into it.
    """
    components = tuple(components)
    listed = {component.ref: component for component in components}
    found = _Contents(
        len(components),
        len(known.readings),
        len(known.notes),
        base=known.base is not None,
        host=known.host is not None,
    )
    if found != known.contents:
        raise InputError(
            f"was written with {_counts(known.contents)}, and now has {_counts(found)}",
            where=where,
            hint=_EDITED,
        )
    if len(listed) != len(components):
        raise InputError("has a component twice", where=where, hint=_EDITED)
    return Bom(
        subject=known.subject,
        distro=known.distro,
        components=tuple(listed[ref] for ref in sorted(listed)),
        readings=known.readings,
        notes=known.notes,
        base=known.base,
        host=known.host,
    )


def _counts(contents: _Contents) -> str:
    parts = [
        f"{contents.components} components, {contents.readings} readings and {contents.notes} notes"
    ]
    parts += [name for name in ("base", "host") if getattr(contents, name)]
    return ", ".join(parts)


def read_component(entries: Iterable[Entry], component: Component, where: str) -> Component:
    """Return `component` with the fields that `component_entries` kept."""
    return _restored(entries, _COMPONENT, _ComponentRest, component, where)


def verbatim_entry(component: Component) -> Entry:
    """Return the texts of a component, for a format that has to change one of them."""
    return _VERBATIM, _json(_Verbatim(**{name: getattr(component, name) for name in _TEXTS}))


def read_verbatim(entries: Iterable[Entry], component: Component, where: str) -> Component:
    """Return `component` with the texts that `verbatim_entry` kept."""
    return _restored(entries, _VERBATIM, _Verbatim, component, where)


def _restored(
    entries: Iterable[Entry],
    wanted: str,
    as_type: type[msgspec.Struct],
    component: Component,
    where: str,
) -> Component:
    value = next((value for name, value in entries if name == wanted), "")
    if not value:
        return component
    try:
        kept = msgspec.json.decode(value, type=as_type)
    except msgspec.MsgspecError as error:
        raise _damaged(error, where) from error
    fields = {name: getattr(kept, name) for name in as_type.__struct_fields__}
    return msgspec.structs.replace(component, **fields)


def _damaged(error: msgspec.MsgspecError, where: str) -> InputError:
    return InputError(f"a patchgate property is damaged ({error})", where=where, hint=_EDITED)


def _json(value: msgspec.Struct) -> str:
    return msgspec.json.encode(value, order="sorted").decode()
