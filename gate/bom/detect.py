"""Recognise an SBOM by its content and read it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import msgspec

from gate.bom.cyclonedx_read import read_cyclonedx
from gate.bom.model import Bom
from gate.bom.spdx_read import read_spdx
from gate.errors import InputError

OPENINGS = (b"{", b"<", b"\xef\xbb\xbf", b"SPDXVersion:", b"pkg:", b"\xff\xfe<", b"\xfe\xff\0<")
"""What the documents begin with that `read_bom` is for."""
_HINT = "give CycloneDX, SPDX (JSON), or the JSON of syft, grype or trivy"
_MARK = b"\xef\xbb\xbf"
_NESTING = 4
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class _Marks(msgspec.Struct):
    """The fields by which formats can be told apart."""

    bom_format: str = msgspec.field(default="", name="bomFormat")
    spdx_version: str = msgspec.field(default="", name="spdxVersion")
    context: msgspec.Raw = msgspec.field(default=msgspec.Raw(b""), name="@context")
    artifacts: msgspec.Raw = msgspec.Raw(b"")
    matches: msgspec.Raw = msgspec.Raw(b"")
    descriptor: msgspec.Raw = msgspec.Raw(b"")
    manifests: msgspec.Raw = msgspec.Raw(b"")
    detector: msgspec.Raw = msgspec.Raw(b"")
    artifact_name: msgspec.Raw = msgspec.field(default=msgspec.Raw(b""), name="ArtifactName")


def read_bom(data: bytes, where: str) -> Bom:
    """Return the bom in `data`, an SBOM in a format that is read.

    Raises InputError that says what was found instead.
    """
    return _read(data, where, 0)


def _read(data: bytes, where: str, depth: int) -> Bom:
    if depth > _NESTING:
        raise InputError(f"is wrapped more than {_NESTING} times", where=where)
    stripped = data.lstrip()
    if stripped.removeprefix(_MARK).startswith(b"<") or data.startswith(_UTF_16):
        return _late("cyclonedx_xml_read", "read_cyclonedx_xml")(stripped, where)
    if stripped.startswith(b"SPDXVersion:"):
        raise InputError("is SPDX tag-value, which is not read", where=where, hint=_HINT)
    if stripped.startswith(b"pkg:"):
        return _late("purls", "read_purls")(data, where)
    if stripped.startswith(_MARK):
        raise InputError("begins with a byte order mark, which JSON forbids", where=where)
    try:
        marks = msgspec.json.decode(data, type=_Marks)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return _of_lines(data, where, depth, error)
    if marks.bom_format == "CycloneDX":
        return read_cyclonedx(data, where)
    if marks.spdx_version.startswith("SPDX-2"):
        return read_spdx(data, where)
    if b"spdx.org" in bytes(marks.context):
        return _late("spdx3_read", "read_spdx3")(data, where)
    if reader := _of_tool(marks):
        return reader(data, where)
    from gate.bom.wrapped import read_wrapped  # noqa: PLC0415 - see _late

    bom = read_wrapped(data, where, lambda inner, place: _read(inner, place, depth + 1))
    if bom is None:
        raise InputError("is JSON of an unknown kind, which is not read", where=where, hint=_HINT)
    return bom


def _of_tool(marks: _Marks) -> Callable[[bytes, str], Bom] | None:
    """Return what reads the own format of a tool."""
    descriptor = bytes(marks.descriptor)
    if bytes(marks.artifacts) and b"syft" in descriptor:
        return _late("syft_read", "read_syft")
    if bytes(marks.matches) and b"grype" in descriptor:
        return _late("syft_read", "read_grype")
    if bytes(marks.manifests) and bytes(marks.detector):
        return _late("github_read", "read_snapshot")
    return _late("trivy_read", "read_trivy") if bytes(marks.artifact_name) else None


def _of_lines(data: bytes, where: str, depth: int, error: Exception) -> Bom:
    """Read attestations that stand one in a line, which is no JSON document."""
    from gate.bom.wrapped import read_lines  # noqa: PLC0415 - see _late

    bom = read_lines(data, where, lambda inner, place: _read(inner, place, depth + 1))
    if bom is None:
        raise InputError(f"is not an SBOM ({error})", where=where, hint=_HINT) from error
    return bom


def _late(module: str, function: str) -> Callable[[bytes, str], Bom]:
    """Return a reader that is imported only where its format is met."""
    reader: Callable[[bytes, str], Bom] = getattr(import_module(f"gate.bom.{module}"), function)
    return reader
