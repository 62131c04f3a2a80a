"""SBOMs inside other documents: attestations, and what Docker and GitHub hand out.

* in-toto statements (v0.1 and v1) about an image, as BuildKit stores them, plain
  or in a DSSE envelope (also one a line, as cosign prints them) or a Sigstore
  bundle.  Signatures are not checked here, and a note says so.
* ``docker buildx imagetools inspect --format '{{json .SBOM}}'``
* the dependency graph's export of GitHub (``{"sbom": {…}}``)
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec

from gate.bom.model import Bom, Note, Subject, SubjectKind
from gate.bom.purl import read_purl
from gate.errors import InputError

T = TypeVar("T")

_STATEMENTS = ("https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v1")
_PAYLOADS = ("application/vnd.in-toto+json", "application/vnd.in-toto.")
_SBOMS = ("https://spdx.dev/Document", "https://cyclonedx.org/bom", "https://syft.dev/bom")
"""Predicate types; a version may follow (``/v2.3``)."""
_UNCHECKED = Note(
    code="signature-not-checked",
    message="the SBOM lies in a signed envelope whose signature was not checked: "
    "verify it with the tool that made it",
)
_PLATFORMS = 1000

Read = Callable[[bytes, str], Bom]


class _Subject(msgspec.Struct, frozen=True):
    name: str = ""
    digest: dict[str, str] = {}


class _Statement(msgspec.Struct, frozen=True, rename="camel"):
    predicate_type: str
    subject: tuple[_Subject, ...]
    predicate: msgspec.Raw


class _Envelope(msgspec.Struct, frozen=True, rename="camel"):
    payload_type: str
    payload: str


class _Marks(msgspec.Struct, frozen=True):
    kind: Any = msgspec.field(name="_type", default=None)
    payload: Any = None
    envelope: msgspec.Raw = msgspec.field(name="dsseEnvelope", default=msgspec.Raw(b""))
    sbom: msgspec.Raw = msgspec.Raw(b"")
    spdx: msgspec.Raw = msgspec.field(name="SPDX", default=msgspec.Raw(b""))


def read_wrapped(data: bytes, where: str, read: Read) -> Bom | None:
    """Return the bom inside a document, by `read`; None where nothing is wrapped in it.

    Raises InputError for what is wrapped and cannot be read.
    """
    marks = _decoded(data, _Marks, "document", where)
    if marks.kind in _STATEMENTS:
        return _attested(data, where, read)
    if bytes(marks.envelope):
        return _enveloped(bytes(marks.envelope), where, read)
    if marks.payload is not None:
        return _enveloped(data, where, read)
    for inner in (marks.sbom, marks.spdx):
        if bytes(inner).startswith(b"{"):
            return read(bytes(inner), where)
    return _of_platforms(data, where, read)


def read_lines(data: bytes, where: str, read: Read) -> Bom | None:
    """Return the bom in one of several envelopes, one a line; None where it is no such list."""
    lines = [line for line in data.splitlines() if line.strip()]
    if len(lines) < 2:
        return None
    try:
        envelopes = [msgspec.json.decode(line, type=_Envelope) for line in lines]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    statements = [_payload(envelope, where) for envelope in envelopes]
    sboms = [one for one in statements if _is_sbom(_statement(one, where))]
    if len(set(sboms)) != 1:
        raise InputError(
            f"holds {len(lines)} attestations, {len(sboms)} of them SBOMs",
            where=where,
            hint="give a file with the one that counts",
        )
    return _noted(_attested(sboms[0], where, read))


def _of_platforms(data: bytes, where: str, read: Read) -> Bom | None:
    """Return the bom of the only platform that Docker lists, ``{"linux/amd64": {"SPDX": …}}``."""
    try:
        listed = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    if not listed or len(listed) > _PLATFORMS or not all("/" in name for name in listed):
        return None
    if len(listed) > 1:
        raise InputError(
            f"holds SBOMs of several platforms ({', '.join(sorted(listed))[:200]})",
            where=where,
            hint="ask for one: docker buildx imagetools inspect "
            "--format '{{json (index .SBOM \"linux/amd64\")}}'",
        )
    (inner,) = listed.values()
    return read_wrapped(bytes(inner), where, read)


def _enveloped(data: bytes, where: str, read: Read) -> Bom:
    envelope = _decoded(data, _Envelope, "envelope", where)
    return _noted(_attested(_payload(envelope, where), where, read))


def _payload(envelope: _Envelope, where: str) -> bytes:
    if not envelope.payload_type.startswith(_PAYLOADS):
        raise InputError(
            f"is an envelope of '{envelope.payload_type[:80]}', which is no attestation",
            where=where,
        )
    try:
        return base64.b64decode(envelope.payload, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError(
            f"is an envelope whose payload is no base64 ({error})", where=where
        ) from error


def _noted(bom: Bom) -> Bom:
    return msgspec.structs.replace(bom, notes=(*bom.notes, _UNCHECKED))


def _statement(data: bytes, where: str) -> _Statement:
    return _decoded(data, _Statement, "in-toto statement", where)


def _decoded(data: bytes, as_type: type[T], what: str, where: str) -> T:
    try:
        return msgspec.json.decode(data, type=as_type)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"is not a valid {what} ({error})", where=where) from error


def _is_sbom(statement: _Statement) -> bool:
    return any(
        statement.predicate_type == kind or statement.predicate_type.startswith(f"{kind}/")
        for kind in _SBOMS
    )


def _attested(data: bytes, where: str, read: Read) -> Bom:
    statement = _statement(data, where)
    if not _is_sbom(statement):
        raise InputError(
            f"is an attestation of '{statement.predicate_type[:80]}', which is no SBOM",
            where=where,
            hint="give the one whose predicate is SPDX or CycloneDX",
        )
    inner = _document(bytes(statement.predicate), where)
    return _about(read(inner, where), statement.subject, hashlib.sha256(inner).hexdigest(), where)


def _document(predicate: bytes, where: str) -> bytes:
    """Return the SBOM; older cosign puts it into ``Data``, as JSON or as text."""
    try:
        wrapped = msgspec.json.decode(predicate, type=dict[str, msgspec.Raw])
        data = bytes(wrapped.get("Data", b""))
        if data.startswith(b'"'):
            return msgspec.json.decode(data, type=str).encode()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"is an attestation without an SBOM ({error})", where=where) from error
    return data or predicate


def _about(bom: Bom, subjects: Iterable[_Subject], unstated: str, where: str) -> Bom:
    """Return the bom as one of what the statement is about.

    `unstated` is the digest that a bom has whose document names none.  One that
    names another is of something else.
    """
    listed = tuple(subjects)
    digests = {one.digest.get("sha256", "").lower() for one in listed}
    if len(digests) != 1 or not (digest := digests.pop()):
        raise InputError(
            "is an attestation that is not about one image, named by its SHA-256 digest",
            where=where,
        )
    subject = bom.subject
    known = {*subject.digests.values(), subject.image_id.removeprefix("sha256:")}
    known |= {one.partition("@sha256:")[2] for one in subject.repo_digests}
    if unstated in known:
        name = next((one.name for one in listed if one.name), "")
        subject = Subject(
            kind=SubjectKind.IMAGE,
            source="sbom",
            name=_named(name) or subject.name,
            digests={"sha256": digest},
        )
    elif digest not in known:
        raise InputError(
            f"the attestation is about sha256:{digest}, its SBOM about another image",
            where=where,
            hint="get both of the same image",
        )
    return msgspec.structs.replace(bom, subject=subject)


def _named(name: str) -> str:
    """Return the name of a subject, which BuildKit writes as a purl."""
    if not name.startswith("pkg:docker/"):
        return name
    try:
        package = read_purl(name)
    except ValueError:
        return name
    path = "/".join(part for part in (package.namespace, package.name) if part)
    return f"{path}:{package.version}" if package.version else path
