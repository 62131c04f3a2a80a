"""Recognise an SBOM by its content and read it."""

from __future__ import annotations

import msgspec

from gate.bom.cyclonedx_read import read_cyclonedx
from gate.bom.model import Bom
from gate.bom.spdx_read import read_spdx
from gate.errors import InputError

_HINT = "give CycloneDX JSON or SPDX 2 JSON; most tools can write one of them"


class _Marks(msgspec.Struct):
    """The fields by which formats can be told apart."""

    bom_format: str = msgspec.field(default="", name="bomFormat")
    spdx_version: str = msgspec.field(default="", name="spdxVersion")
    context: msgspec.Raw = msgspec.field(default=msgspec.Raw(b""), name="@context")
    schema: msgspec.Raw = msgspec.Raw(b"")
    artifact_name: str = msgspec.field(default="", name="ArtifactName")


def read_bom(data: bytes, where: str) -> Bom:
    """Return the bom in `data`, an SBOM in a format that is read.

    Raises InputError that says what was found instead.
    """
    stripped = data.lstrip()
    if stripped.startswith(b"<"):
        raise InputError("is XML, which is not read", where=where, hint=_HINT)
    if stripped.startswith(b"SPDXVersion:"):
        raise InputError("is SPDX tag-value, which is not read", where=where, hint=_HINT)
    if stripped.startswith(b"\xef\xbb\xbf"):
        raise InputError("begins with a byte order mark, which JSON forbids", where=where)
    try:
        marks = msgspec.json.decode(data, type=_Marks)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"is not an SBOM ({error})", where=where, hint=_HINT) from error
    if marks.bom_format == "CycloneDX":
        return read_cyclonedx(data, where)
    if marks.spdx_version.startswith("SPDX-2"):
        return read_spdx(data, where)
    raise InputError(f"is {_other(marks)}, which is not read", where=where, hint=_HINT)


def _other(marks: _Marks) -> str:
    if b"spdx.org" in bytes(marks.context):
        return "SPDX 3 JSON"
    if b"anchore" in bytes(marks.schema):
        return "syft's own JSON"
    if marks.artifact_name:
        return "trivy's own JSON"
    return "JSON of an unknown kind"
