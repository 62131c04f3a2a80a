"""Hold an SBOM against the official schema of its format.

What the schemas need is not part of every installation: the extra `validate`
has cyclonedx-python-lib with jsonschema and lxml, and SPDX's own model of 3.0.
Nothing is fetched from a network.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module, resources
from typing import Any

import msgspec

from gate.bom.xmltree import read_xml
from gate.errors import InputError, UsageError

SPDX_2_3 = "spdx-2.3.schema.json"
"""In the folder `schemas` of this room."""
_XML_NAMESPACE = "http://cyclonedx.org/schema/bom/"
_LONGEST = 300
_MOST = 1000
_DEPTH = 200

Complaints = Iterator[str]


class Format(msgspec.Struct, frozen=True):
    """A format and what says whether a document is of it."""

    name: str
    complaints: Callable[[bytes], Complaints]


class _Marks(msgspec.Struct, frozen=True):
    bom_format: str = msgspec.field(default="", name="bomFormat")
    spec_version: str = msgspec.field(default="", name="specVersion")
    spdx_version: str = msgspec.field(default="", name="spdxVersion")
    context: msgspec.Raw = msgspec.field(default=msgspec.Raw(b""), name="@context")


def format_of(data: bytes, where: str) -> Format:
    """Return the format of a document; InputError for one without a schema here."""
    if data.lstrip().removeprefix(b"\xef\xbb\xbf").startswith(b"<"):
        version = read_xml(data.lstrip(), where).namespace.removeprefix(_XML_NAMESPACE)
        return Format(f"CycloneDX {version} XML", lambda text: _cyclonedx(text, version, "xml"))
    try:
        marks = msgspec.json.decode(data, type=_Marks)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"is no JSON document ({error})", where=where) from error
    if _depth(data) > _DEPTH:
        raise InputError(f"is nested deeper than {_DEPTH}", where=where)
    if marks.bom_format == "CycloneDX":
        version = marks.spec_version
        return Format(f"CycloneDX {version} JSON", lambda text: _cyclonedx(text, version, "json"))
    if marks.spdx_version == "SPDX-2.3":
        return Format("SPDX 2.3 JSON", _spdx_2_3)
    if b"spdx.org/rdf/3.0" in bytes(marks.context):
        return Format("SPDX 3.0 JSON-LD", _spdx_3)
    raise InputError(
        "is of a format without a schema here",
        where=where,
        hint="CycloneDX (JSON and XML), SPDX 2.3 and SPDX 3.0 can be validated",
    )


def complaints(form: Format, data: bytes) -> list[str]:
    """Return what is wrong with a document, each in one line; nothing where it is valid.

    Raises UsageError where what is needed for it is not installed.
    """
    found = []
    for line in form.complaints(data):
        found.append(line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…")
        if len(found) == _MOST:
            break
    return found


def _needed(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise UsageError(
            f"validation needs {error.name or module}, which is not installed",
            where="sbom validate",
            hint="pip install 'patchgate[validate]'",
        ) from error


def _cyclonedx(data: bytes, version: str, form: str) -> Complaints:
    schema = _needed("cyclonedx.schema").SchemaVersion
    names = {member.to_version(): member for member in schema}
    if version not in names:
        yield f"there is no schema of CycloneDX {version or 'without a version'}"
        return
    validators = _needed(f"cyclonedx.validation.{form}")
    _needed("lxml.etree" if form == "xml" else "jsonschema")
    kind = validators.XmlValidator if form == "xml" else validators.JsonStrictValidator
    if form == "json" and version < "1.2":
        yield f"there is no JSON schema of CycloneDX {version}"
        return
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        yield f"is not UTF-8 ({error})"
        return
    for found in kind(names[version]).validate_str(text, all_errors=True) or ():
        yield _told(found.data)


def _told(error: Any) -> str:
    """Return one error of jsonschema or lxml: where, and what."""
    if hasattr(error, "json_path"):
        return f"{error.json_path}: {_first_line(error.message)}"
    return f"line {getattr(error, 'line', '?')}: {_first_line(getattr(error, 'message', error))}"


def _first_line(value: object) -> str:
    return " ".join(str(value).split())


def _spdx_2_3(data: bytes) -> Complaints:
    validator = _needed("jsonschema").Draft7Validator
    schema = json.loads(resources.files("gate.bom").joinpath("schemas", SPDX_2_3).read_bytes())
    for error in _in_order(validator(schema).iter_errors(json.loads(data))):
        yield _told(error)


def _in_order(errors: Iterable[Any]) -> list[Any]:
    return sorted(errors, key=lambda error: (error.json_path, error.message))


def _spdx_3(data: bytes) -> Complaints:
    """Read it into SPDX's own model, which holds types, values and cardinalities.

    The model stops at the first error.
    """
    model = _needed("spdx_python_model").v3_0_1
    objects = model.SHACLObjectSet()
    try:
        model.JSONLDDeserializer().read(io.BytesIO(data), objects)
        model.JSONLDSerializer().write(objects, io.BytesIO())
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        yield _first_line(error.args[0] if error.args else error)
        return
    yield from (f"there is no element {name}" for name in sorted(_missing(json.loads(data))))


def _missing(document: Mapping[str, Any]) -> set[str]:
    """Return the names that relationships of the document's own elements lead to in vain."""
    graph = document.get("@graph", [document])
    known = {element.get("spdxId") for element in graph if isinstance(element, dict)}
    namespaces = {
        name.rpartition("#")[0] for name in known if isinstance(name, str) and "#" in name
    }
    asked = {
        target
        for element in graph
        if isinstance(element, dict)
        for key in ("to", "rootElement", "element")
        for target in _listed(element.get(key))
        if isinstance(target, str) and target.rpartition("#")[0] in namespaces
    }
    return asked - {name for name in known if name}


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _depth(data: bytes) -> int:
    """Return how deep brackets are nested, as an upper bound: those in texts count too."""
    deepest = depth = 0
    for byte in data.translate(None, bytes(set(range(256)) - set(b"[]{}"))):
        depth += 1 if byte in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest
