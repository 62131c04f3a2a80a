"""What the ledger says of one run: a small record that follows from the bundle.

It stays when, after the time of retention, the bundle itself is removed.
"""

from __future__ import annotations

import msgspec

from gate.errors import VerificationError
from gate.evidence import canonical
from gate.evidence.extension import RunId, RunVerdict
from gate.evidence.statement import PrefixedSha256
from gate.evidence.vsa import RunStatement


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the ledger."""

    bundle: PrefixedSha256
    """Of the exact bytes of the bundle."""
    run_id: RunId
    subject: PrefixedSha256
    """Of what was judged."""
    verdict: RunVerdict


_decoder = msgspec.json.Decoder(Entry)


def entry_of(run: RunStatement, digest: str) -> Entry:
    """Return the entry of a run; `digest` is ``sha256:…`` of the bytes of its bundle."""
    return Entry(
        bundle=digest,
        run_id=run.summary.run.run_id,
        subject=f"sha256:{run.subject[0].sha256}",
        verdict=run.summary.run.verdict,
    )


def encode(entry: Entry) -> bytes:
    """Return the bytes that are the leaf: canonical JSON."""
    return canonical.encode(entry)


def decode(data: bytes) -> Entry:
    """Return the entry in `data`; VerificationError where it is none in canonical form."""
    try:
        entry = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise VerificationError(f"is not an entry of a ledger: {error}") from error
    if encode(entry) != data:
        raise VerificationError("is not an entry in its canonical form")
    return entry
