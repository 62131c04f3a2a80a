"""Verify a recorded run offline: from its files and the keys one trusts, nothing else.

In order, each finding with its code (`gate.evidence.problems`):

1. The first line is exactly one DSSE envelope (V15), in its one canonical
   spelling (V14).
2. A trusted key signed it (V03).  Keys come from the caller, never from the
   evidence.  Every signature is by a trusted key, and its keyid, which nobody
   signs, names that key (V17).
3. The payload is a patchgate run record (V16), in canonical form (V14).
4. The record agrees with itself (V11, V19) and with its file name (V18).
5. The other lines are the statements that the record names: each is there (V02),
   with the digest that was signed (V01), signed itself as in 1 and 2, and there
   is no further one (V15).
6. Every attachment is there (V02), can be read (V20) and is unaltered (V01);
   the attached verdict and the statements say what the record says (V11).

A step that cannot start because an earlier one failed is not guessed at: what
nobody trusted has signed is not evidence, and is not shown as such.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec

from gate.errors import EvidenceError, VerificationError
from gate.evidence import vsa
from gate.evidence.attestations import check_statements
from gate.evidence.bundle import MAX_BUNDLE, split_lines, verify_line, verify_statements
from gate.evidence.consistency import check_run, check_verdict_document
from gate.evidence.extension import RunVerdict
from gate.evidence.facts import SBOM, VERDICT
from gate.evidence.keys import VerifyingKey
from gate.evidence.layout import blob_name, bundle_name
from gate.evidence.place import Place, place_of
from gate.evidence.problems import Code, Problem
from gate.evidence.statement import ResourceDescriptor
from gate.evidence.trust import TOLERANCE, UNPROVEN, Span, Trust, trust_in

MAX_COMPARED = 256 * 1024 * 1024
"""Largest attachment that is compared with what the record says, in bytes."""

_COMPARED = frozenset({VERDICT, SBOM})
_CHUNK = 1024 * 1024


class VerifiedRun(msgspec.Struct, frozen=True, kw_only=True):
    """What a trusted key has signed.  Text may come from an image: sinks escape it."""

    run_id: str
    subject: tuple[ResourceDescriptor, ...]
    verdict: RunVerdict
    decided_at: datetime
    """UTC, as the signer claims."""
    policy_digest: str
    keyids: tuple[str, ...]
    """The trusted keys that signed."""
    summary: vsa.VerificationSummary
    """All that the record says."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The result of verifying one record."""

    name: str
    """Name of the bundle."""
    digest: str
    """``sha256:…`` of the exact bytes of the bundle."""
    run: VerifiedRun | None
    """None where no trusted key signed, or where what it signed is not a run record."""
    problems: tuple[Problem, ...]
    blobs_checked: int | None
    """Attachments that were compared with their digest; None where that was not asked for."""

    @property
    def ok(self) -> bool:
        """Whether the record is signed by a trusted key and nothing is wrong with it."""
        return self.run is not None and not self.problems


def places_of(run: VerifiedRun) -> dict[str, str]:
    """Return what problems call each attachment, and its SHA-256 (hex)."""
    return {_place(one.name): one.sha256 for one in run.summary.attachments}


def _place(name: str) -> str:
    return f"attachment '{name}'"


class BlobSource(Protocol):
    """Where attachments are found."""

    def open_blob(self, sha256: str) -> BinaryIO:
        """Return the blob of this digest (hex).

        FileNotFoundError where there is none, another OSError where it cannot
        be read.
        """


class FolderBlobs:
    """The blobs of an evidence folder, or of another place.  Implements `BlobSource`."""

    def __init__(self, where: Path | Place) -> None:
        self._place = place_of(where)

    def open_blob(self, sha256: str) -> BinaryIO:
        """Return the blob of this digest (hex)."""
        return self._place.open(blob_name(sha256))


def verify_file(
    path: Path, trusted: Sequence[VerifyingKey], span: Span = UNPROVEN, *, blobs: bool = True
) -> Report:
    """Verify the run recorded in `path`, and with `blobs` its attachments beside it.

    VerificationError only where the file cannot even be read.
    """
    return verify_at(place_of(path.parent), path.name, trusted, span, blobs=blobs)


def verify_at(
    place: Place,
    name: str,
    trusted: Sequence[VerifyingKey],
    span: Span = UNPROVEN,
    *,
    blobs: bool = True,
) -> Report:
    """Verify the record called `name` in `place`, and with `blobs` its attachments.

    VerificationError only where the record cannot even be read.
    """
    try:
        content = place.read(name, MAX_BUNDLE)
    except EvidenceError as error:
        raise VerificationError(error.what, where=error.where, hint=error.hint) from error
    where = f"{place.name}/{name}"
    if content is None:
        raise VerificationError("does not exist", where=where, hint="check the path")
    if len(content) > MAX_BUNDLE:
        raise VerificationError(
            f"is larger than {MAX_BUNDLE:,} bytes",
            where=where,
            hint="patchgate writes no bundle this large; this is something else",
        )
    source = FolderBlobs(place) if blobs else None
    return verify_bundle(content, name, trusted, source, span)


def verify_bundle(
    content: bytes,
    name: str,
    trusted: Sequence[VerifyingKey],
    blobs: BlobSource | None,
    span: Span = UNPROVEN,
) -> Report:
    """Verify the bundle `content` called `name`; attachments too, given their source.

    `span` is when it is proven to have been recorded.
    """
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    problems: list[Problem] = []
    lines = split_lines(content)
    run = _verify_record(lines, trusted, problems)
    checked = 0 if blobs is not None else None
    if run is not None:
        if name != bundle_name(run.run_id):
            message = f"the record of run {run.run_id} is in a file of another name"
            problems.append(Problem(code=Code.NAME_DIFFERS, message=message))
        problems += _check_time(run, trust_in(trusted), span)
        payloads = verify_statements(lines, run.summary, trusted, problems)
        kept: dict[str, bytes] = {}
        if blobs is not None:
            checked, kept = _verify_blobs(run, blobs, problems)
        statement = vsa.RunStatement(subject=run.subject, summary=run.summary)
        problems += check_statements(statement, payloads, kept)
    return Report(
        name=name, digest=digest, run=run, problems=tuple(problems), blobs_checked=checked
    )


def _check_time(run: VerifiedRun, trust: Trust, span: Span) -> list[Problem]:
    """Return why the keys do not count for the time of the run, and whether that can be so."""
    problems = [
        Problem(code=Code.NOT_SIGNED, message=fault)
        for fault in trust.faults(run.keyids, run.decided_at, span)
    ]
    if span.before is not None and run.decided_at - span.before > TOLERANCE:
        message = (
            f"claims to be of {run.decided_at:%Y-%m-%d %H:%M:%S} UTC, but was there at "
            f"{span.before:%Y-%m-%d %H:%M:%S} UTC already"
        )
        problems.append(Problem(code=Code.CLOCK_DISAGREES, message=message))
    return problems


def _verify_record(
    lines: list[bytes], trusted: Sequence[VerifyingKey], problems: list[Problem]
) -> VerifiedRun | None:
    """Return the run that the first line records if a trusted key signed it."""
    verified = verify_line(lines[0], "", trusted, problems)
    if verified is None:
        return None
    try:
        run = vsa.decode(verified.payload)
    except VerificationError as error:
        problems.append(Problem(code=Code.NOT_A_RECORD, message=error.what))
        return None
    problems += check_run(run, verified.payload)
    extension = run.summary.run
    return VerifiedRun(
        run_id=extension.run_id,
        subject=run.subject,
        verdict=extension.verdict,
        decided_at=extension.clock.now,
        policy_digest=extension.policy_digest,
        keyids=verified.keyids,
        summary=run.summary,
    )


def _verify_blobs(
    run: VerifiedRun, blobs: BlobSource, problems: list[Problem]
) -> tuple[int, dict[str, bytes]]:
    """Check each attachment against its digest.

    Return how many could be, and the content of those that statements are held against.
    """
    checked = 0
    kept: dict[str, bytes] = {}
    statement = vsa.RunStatement(subject=run.subject, summary=run.summary)
    for attachment in run.summary.attachments:
        where = _place(attachment.name)
        try:
            found, content = _hash(blobs, attachment)
        except (FileNotFoundError, NotADirectoryError):
            message = f"blob {attachment.sha256} is missing (deleted?)"
            problems.append(Problem(code=Code.BLOB_MISSING, message=message, where=where))
            continue
        except OSError as error:
            message = f"blob {attachment.sha256} cannot be read ({error.strerror or error})"
            problems.append(Problem(code=Code.BLOB_UNREADABLE, message=message, where=where))
            continue
        checked += 1
        if found != attachment.sha256:
            message = f"sha256 expected {attachment.sha256}, got {found}"
            problems.append(Problem(code=Code.BLOB_ALTERED, message=message, where=where))
            continue
        if attachment.name == VERDICT:
            problems += check_verdict_document(statement, content)
        if attachment.name in _COMPARED:
            kept[attachment.name] = content
    return checked, kept


def _hash(blobs: BlobSource, attachment: ResourceDescriptor) -> tuple[str, bytes]:
    """Return the SHA-256 of a blob in hex, and of what is compared also the content."""
    digest = hashlib.sha256()
    content = bytearray()
    with blobs.open_blob(attachment.sha256) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            if attachment.name in _COMPARED:
                content += chunk
                if len(content) > MAX_COMPARED:
                    raise OSError(f"larger than {MAX_COMPARED:,} bytes")
    return digest.hexdigest(), bytes(content)
