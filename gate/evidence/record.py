"""Record a run: statement, signature, attachments, in an order that survives a crash.

1. The facts become statements (`gate.evidence.summary`).
2. They are checked by the rules they will be verified with
   (`gate.evidence.consistency`): what would not verify is not signed.
3. They are signed, each in an envelope of its own: the bundle.
4. Attachments are stored, then the bundle that names them: a record that
   can be seen is complete.
5. The ledger has its entry.  Only then is the run recorded.

Recording the same facts again changes nothing and returns the same record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import msgspec

from gate.errors import EvidenceError, VerificationError
from gate.evidence import dsse, vsa
from gate.evidence import entry as entries
from gate.evidence.attestations import check_statements
from gate.evidence.bundle import MAX_BUNDLE
from gate.evidence.consistency import check_run, check_verdict_document
from gate.evidence.facts import VERDICT, Attachment, RunFacts
from gate.evidence.keys import Signer
from gate.evidence.statement import PAYLOAD_TYPE
from gate.evidence.summary import Statements, state

_REPORT = "this is a defect of patchgate: please report it"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """Where a record is kept."""

    place: str
    """Of the bundle: a path for a folder store."""
    number: int
    """Of its entry in the ledger, counted from 0."""


class Record(NamedTuple):
    """A run that is to be kept."""

    run_id: str
    bundle: bytes
    entry: bytes
    """Of the ledger; follows from the bundle."""


class Store(Protocol):
    """Where evidence is kept.  Every method raises EvidenceError where it fails."""

    def read_bundle(self, run_id: str) -> bytes | None:
        """Return the bundle of a run, or None where there is none."""

    def put_blob(self, sha256: str, content: bytes) -> None:
        """Keep `content` under its digest (hex).  Keeping it again changes nothing."""

    def put_record(self, run_id: str, bundle: bytes, entry: bytes, signer: Signer) -> Kept:
        """Keep the bundle of a run, and append its entry to the ledger, which `signer` signs.

        Durable on return.  Keeping the same bundle again changes nothing; another
        bundle of the same run is refused.
        """

    def put_records(self, records: Sequence[Record], signer: Signer) -> list[Kept]:
        """Keep several runs as `put_record` does, in this order, at the price of fewer waits."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A run that has been recorded."""

    run_id: str
    place: str
    """Where the bundle is: a path for a folder store."""
    number: int
    """Of its entry in the ledger, counted from 0."""
    digest: str
    """``sha256:…`` of the exact bytes of the bundle."""
    keyid: str
    """The key that signed."""
    attachments: dict[str, str]
    """Name to ``sha256:…``."""
    repeated: bool
    """Whether the same facts had been recorded before."""


def record(facts: RunFacts, signer: Signer, store: Store) -> Recorded:
    """Sign the facts of a run and keep them in `store`.

    EvidenceError where the facts contradict each other, or where they could
    not be signed or stored.
    """
    stated = state(facts)
    run = stated.run
    payloads = _checked_payloads(stated, facts.attachments)
    run_id = run.summary.run.run_id
    bundle = store.read_bundle(run_id)
    repeated = bundle is not None
    if bundle is None:
        bundle = b"".join(dsse.sign(one, PAYLOAD_TYPE, [signer]) + b"\n" for one in payloads)
        if len(bundle) > MAX_BUNDLE:
            raise EvidenceError(f"the record is larger than {MAX_BUNDLE:,} bytes", where=run_id)
    else:
        _check_repeated(run_id, bundle, payloads, signer)
    for attachment in facts.attachments:
        store.put_blob(attachment.sha256, attachment.content)
    digest = f"sha256:{hashlib.sha256(bundle).hexdigest()}"
    entry = entries.encode(entries.entry_of(run, digest))
    kept = store.put_record(run_id, bundle, entry, signer)
    return Recorded(
        run_id=run_id,
        place=kept.place,
        number=kept.number,
        digest=digest,
        keyid=signer.verifying_key.keyid,
        attachments={
            descriptor.name: f"sha256:{descriptor.sha256}" for descriptor in run.summary.attachments
        },
        repeated=repeated,
    )


def _checked_payloads(stated: Statements, attachments: tuple[Attachment, ...]) -> list[bytes]:
    """Return the bytes to sign, once they read back as facts without contradiction."""
    payload = vsa.encode(stated.run)
    try:
        read = vsa.decode(payload)
    except VerificationError as error:
        raise EvidenceError(
            f"the facts of this run cannot be recorded: {error.what}", hint=_REPORT
        ) from error
    problems = check_run(read, payload)
    attached = {attachment.name: attachment.content for attachment in attachments}
    if VERDICT in attached:
        problems += check_verdict_document(read, attached[VERDICT])
    others = {other.name: other.payload for other in stated.others}
    problems += check_statements(read, others, attached)
    if problems:
        what = "; ".join(f"{problem.code} {problem.message}" for problem in problems)
        raise EvidenceError(f"the facts of this run contradict each other: {what}", hint=_REPORT)
    return [payload, *others.values()]


def _check_repeated(run_id: str, bundle: bytes, payloads: list[bytes], signer: Signer) -> None:
    """Raise EvidenceError unless `bundle` already holds these facts under this key."""
    try:
        verified = [
            dsse.verify(line, [signer.verifying_key]).payload
            for line in bundle.removesuffix(b"\n").split(b"\n")
        ]
    except VerificationError as error:
        raise EvidenceError(
            f"this run is recorded already, but not in a way that this key can confirm: "
            f"{error.what}",
            where=run_id,
            hint="use the key of the first time, or verify the record: it may have been altered",
        ) from error
    if verified != payloads:
        raise EvidenceError(
            "another run is recorded under the same run id",
            where=run_id,
            hint="verify that record: it may have been altered",
        )
