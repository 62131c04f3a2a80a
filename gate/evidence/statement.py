"""in-toto Statement v1: what a signature is about.

Field names follow the in-toto Attestation Framework v1.2 (statement.md,
resource_descriptor.md, digest_set.md).  Unknown fields are ignored, as its
parsing rules ask.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from gate.errors import VerificationError
from gate.evidence import canonical

PAYLOAD_TYPE = "application/vnd.in-toto+json"
"""DSSE payload type of every in-toto statement (envelope.md)."""
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"

Timestamp = Annotated[datetime, msgspec.Meta(tz=True)]
"""UTC, RFC 3339 with ``Z`` (field_types.md).  `check_utc` holds the UTC part."""

DigestSet = dict[
    Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9_]{1,64}\Z")],
    Annotated[str, msgspec.Meta(max_length=512)],
]
"""Algorithm to lowercase hex."""

HexSha256 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
PrefixedSha256 = Annotated[str, msgspec.Meta(pattern=r"\Asha256:[0-9a-f]{64}\Z")]


class ResourceDescriptor(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"
):
    """A file, document or artifact (resource_descriptor.md)."""

    name: str = ""
    uri: str = ""
    digest: DigestSet = {}
    media_type: str = ""

    @property
    def sha256(self) -> str:
        """The SHA-256 in hex; empty where the descriptor has none."""
        return self.digest.get("sha256", "")


class Statement(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A statement whose predicate has not been read yet."""

    type: Literal["https://in-toto.io/Statement/v1"] = msgspec.field(name="_type")
    subject: tuple[ResourceDescriptor, ...]
    predicate_type: str
    predicate: msgspec.Raw


_decoder = msgspec.json.Decoder(Statement)


def encode(
    subject: tuple[ResourceDescriptor, ...], predicate_type: str, predicate: object
) -> bytes:
    """Return the statement as canonical JSON: the payload that is signed."""
    return canonical.encode(
        {
            "_type": STATEMENT_TYPE,
            "subject": subject,
            "predicateType": predicate_type,
            "predicate": predicate,
        }
    )


def decode(payload: bytes) -> Statement:
    """Return the statement in `payload`.

    VerificationError where it is not one, or where a subject has no SHA-256:
    subjects are matched by digest alone (statement.md).
    """
    canonical.decode(payload)  # refuses what readers would understand differently
    try:
        statement = _decoder.decode(payload)
    except msgspec.DecodeError as error:
        raise VerificationError(f"is not an in-toto statement: {error}") from error
    if not statement.subject:
        raise VerificationError("the statement has no subject")
    for subject in statement.subject:
        check_sha256(subject, f"subject '{subject.name}'")
    return statement


def check_sha256(descriptor: ResourceDescriptor, what: str) -> None:
    """Raise VerificationError unless `descriptor` has a well-formed SHA-256."""
    try:
        msgspec.convert(descriptor.sha256, HexSha256)
    except msgspec.ValidationError as error:
        raise VerificationError(f"{what} has no valid sha256 digest") from error


def check_utc(moment: datetime) -> None:
    """Raise ValueError unless `moment` is an instant in UTC.

    Called from ``__post_init__``, where msgspec turns it into a ValidationError.
    """
    offset = moment.utcoffset()
    if offset is None or offset:
        raise ValueError(f"{moment.isoformat()} is not in UTC")
