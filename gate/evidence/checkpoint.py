"""Checkpoints: how large a ledger is and what its root is, signed (C2SP tlog-checkpoint).

The key signs under the origin of the ledger as its name.  A checkpoint cannot be
taken for an envelope, nor the other way round, although one key signs both: the
signed text of an envelope begins with ``DSSEv1``, that of a checkpoint with the
origin.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence

import msgspec

from gate.errors import VerificationError
from gate.evidence import note
from gate.evidence.keys import Signer, VerifyingKey
from gate.evidence.merkle import HASH_SIZE, leaf_hash

_ORIGIN = "patchgate.dev/ledger/"
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a ledger."""

    origin: str
    """Which ledger."""
    size: int
    """Number of entries."""
    root: bytes
    """RFC 6962 root of them, 32 bytes."""


class SignedCheckpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint that trusted keys have signed."""

    checkpoint: Checkpoint
    keyids: tuple[str, ...]


def origin_of(first_entry: bytes) -> str:
    """Return the origin of the ledger that begins with `first_entry`.

    So a ledger is named by what it holds, needs no configuration, and no other
    can take its place under the same key.
    """
    return f"{_ORIGIN}{leaf_hash(first_entry).hex()[:32]}"


def sign(checkpoint: Checkpoint, signer: Signer) -> bytes:
    """Return the signed note of `checkpoint`; EvidenceError where signing fails."""
    root = base64.b64encode(checkpoint.root).decode("ascii")
    text = f"{checkpoint.origin}\n{checkpoint.size}\n{root}\n"
    return note.sign(text, checkpoint.origin, signer)


def verify(data: bytes, trusted: Sequence[VerifyingKey]) -> SignedCheckpoint:
    """Return the checkpoint in `data` that a `trusted` key has signed; else VerificationError."""
    signed = note.decode(data)
    checkpoint = _read(signed.text)
    keyids = note.signers(signed, checkpoint.origin, trusted)
    return SignedCheckpoint(checkpoint=checkpoint, keyids=keyids)


def _read(text: str) -> Checkpoint:
    lines = text.split("\n")
    # Extension lines are allowed by tlog-checkpoint; a ledger of patchgate has none.
    if len(lines) != 4 or not note.is_name(lines[0]):
        raise VerificationError("is not a checkpoint: origin, size and root are expected")
    origin, size, encoded, _ = lines
    if not _SIZE.fullmatch(size):
        raise VerificationError(f"is not a checkpoint: {size[:40]!r} is no size")
    try:
        root = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise VerificationError("is not a checkpoint: the root is not base64") from error
    if len(root) != HASH_SIZE or base64.b64encode(root).decode("ascii") != encoded:
        raise VerificationError("is not a checkpoint: the root is no SHA-256")
    return Checkpoint(origin=origin, size=int(size), root=root)
