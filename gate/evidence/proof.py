"""Proofs that one record is in the ledger, in one small file (C2SP tlog-proof).

A proof holds a checkpoint, so whoever has it, the record and a trusted key needs
nothing else of the folder.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import msgspec

from gate.errors import VerificationError
from gate.evidence import checkpoint as checkpoints
from gate.evidence import entry as entries
from gate.evidence.checkpoint import SignedCheckpoint
from gate.evidence.growth import CHECKPOINT
from gate.evidence.keys import VerifyingKey
from gate.evidence.ledger import LOCK
from gate.evidence.merkle import (
    HASH_SIZE,
    NodeHashes,
    includes,
    inclusion_proof,
    leaf_hash,
    subtree_hash,
)
from gate.evidence.note import MAX_BYTES
from gate.evidence.place import Place, place_of, read_part
from gate.evidence.search import find_run
from gate.evidence.tiles import FULL, LARGEST_BUNDLE, Tile, split_hashes
from gate.evidence.verify import VerifiedRun
from gate.evidence.vsa import RunStatement

SUFFIX = ".tlog-proof"
"""How the names of proofs end (tlog-proof, "Format")."""

_FIRST = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,15})")


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """A decoded proof.  Nothing about it has been verified."""

    number: int
    """Of the entry, from 0."""
    path: tuple[bytes, ...]
    """The hashes from the leaf's sibling up (RFC 6962 2.1.1)."""
    checkpoint: bytes
    """The signed note."""


def encode(proof: Proof) -> bytes:
    """Return the text of a proof."""
    hashes = [base64.b64encode(node).decode("ascii") for node in proof.path]
    head = "\n".join([_FIRST, f"index {proof.number}", *hashes])
    return f"{head}\n\n".encode() + proof.checkpoint


def decode(data: bytes) -> Proof:
    """Return the proof in `data`; VerificationError where it is none.

    Extra data, which nothing signs, is refused.
    """
    head, blank, note = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
        index = _INDEX.fullmatch(lines[1]) if len(lines) > 1 else None
        path = tuple(base64.b64decode(line, validate=True) for line in lines[2:])
    except (UnicodeDecodeError, binascii.Error) as error:
        raise VerificationError("is not a proof: not text and base64") from error
    if lines[0] != _FIRST or index is None or not blank:
        raise VerificationError("is not a proof: version, index and checkpoint are expected")
    if any(len(node) != HASH_SIZE for node in path):
        raise VerificationError("is not a proof: a line is no SHA-256")
    proof = Proof(number=int(index[1]), path=path, checkpoint=note)
    if encode(proof) != data:
        raise VerificationError("is not a proof in its one spelling")
    return proof


def prove(where: Path | Place, number: int, trusted: Sequence[VerifyingKey]) -> Proof:
    """Return the proof of an entry; `where` is the folder or place that holds the checkpoint.

    VerificationError where no trusted key signed the checkpoint, where it has no
    such entry, or where a tile is missing.  Reads one tile of each level, or two.
    """
    ledger = place_of(where)
    with ledger.unchanged(LOCK):
        content = read_part(ledger, CHECKPOINT, MAX_BYTES)
        if content is None:
            raise VerificationError("there is no checkpoint", where=ledger.name)
        size = checkpoints.verify(content, trusted).checkpoint.size
        if not 0 <= number < size:
            raise VerificationError(f"there is no entry {number}", where=ledger.name)
        hashes = _node_hashes(ledger, size)
        path = tuple(inclusion_proof(number, size, hashes))
        proof = Proof(number=number, path=path, checkpoint=content)
        verify(proof, hashes(0, number), trusted)
    return proof


def prove_run(where: Path | Place, run_id: str, trusted: Sequence[VerifyingKey]) -> Proof:
    """Return the proof of the entry of a run, as `prove` does; VerificationError without one."""
    ledger = place_of(where)
    with ledger.unchanged(LOCK):
        content = read_part(ledger, CHECKPOINT, MAX_BYTES)
        if content is None:
            raise VerificationError("there is no checkpoint", where=ledger.name)
        size = checkpoints.verify(content, trusted).checkpoint.size
        number = find_run(ledger, size, run_id) if size else None
        if number is None:
            raise VerificationError("the ledger has no such run", where=run_id)
        return prove(ledger, number, trusted)


def leaf_of(run: VerifiedRun, digest: str) -> bytes:
    """Return the leaf hash of a record; `digest` is ``sha256:…`` of the bytes of its bundle."""
    statement = RunStatement(subject=run.subject, summary=run.summary)
    return leaf_hash(entries.encode(entries.entry_of(statement, digest)))


def verify(proof: Proof, leaf: bytes, trusted: Sequence[VerifyingKey]) -> SignedCheckpoint:
    """Return the checkpoint that holds `leaf`, a leaf hash; VerificationError where none does."""
    signed = checkpoints.verify(proof.checkpoint, trusted)
    state = signed.checkpoint
    if not includes(proof.number, state.size, leaf, proof.path, state.root):
        raise VerificationError(f"does not show that this record is entry {proof.number}")
    return signed


def _node_hashes(ledger: Place, size: int) -> NodeHashes:
    """Return the hashes of subtrees from the tiles, each read once."""

    @cache
    def read(level: int, number: int) -> list[bytes]:
        width = min((size >> (8 * level)) - number * FULL, FULL)
        tile = Tile(level, number, width)
        content = read_part(ledger, tile.path, LARGEST_BUNDLE)
        if content is None:
            raise VerificationError("a tile is missing", where=f"{ledger.name}/{tile.path}")
        return split_hashes(content, width)

    def hashes(level: int, number: int) -> bytes:
        row, height = divmod(level, 8)
        begin = number << height
        first = begin % FULL
        return subtree_hash(read(row, begin // FULL)[first : first + (1 << height)])

    return hashes
