"""RFC 6962 Merkle trees: hashes, roots, and proofs that need no tree to be checked.

A tree is known by `NodeHashes`: the hash of each complete subtree, by its level
(a subtree of level n has 2^n leaves) and its number on that level.  Everything
else follows from these.  Pure: values in, values out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

NodeHashes = Callable[[int, int], bytes]
"""(level, number) to the hash of that complete subtree."""

HASH_SIZE = 32
"""Bytes of a SHA-256."""
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of no leaves (RFC 6962 2.1)."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf (RFC 6962 2.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node with two children (RFC 6962 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def subtree_hash(leaves: Sequence[bytes]) -> bytes:
    """Return the hash over the hashes of a power of two of nodes, side by side."""
    level = list(leaves)
    while len(level) > 1:
        level = [node_hash(level[i], level[i + 1]) for i in range(0, len(level), 2)]
    return level[0]


def root_hash(size: int, hashes: NodeHashes) -> bytes:
    """Return the root of the first `size` leaves."""
    return _range_hash(0, size, hashes) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, hashes: NodeHashes) -> list[bytes]:
    """Return the proof that leaf `index` is one of the first `size` (RFC 6962 2.1.1)."""
    begin, end = 0, size
    proof = []
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            proof.append(_range_hash(middle, end, hashes))
            end = middle
        else:
            proof.append(_range_hash(begin, middle, hashes))
            begin = middle
    return proof[::-1]


def consistency_proof(old: int, new: int, hashes: NodeHashes) -> list[bytes]:
    """Return the proof that the first `old` leaves begin the first `new` (RFC 6962 2.1.2)."""
    begin, end = 0, new
    proof = []
    while old != end:
        middle = begin + _split(end - begin)
        if old <= middle:
            proof.append(_range_hash(middle, end, hashes))
            end = middle
        else:
            proof.append(_range_hash(begin, middle, hashes))
            begin = middle
    if begin:  # else the old tree is a whole subtree, and the verifier has its root
        proof.append(_range_hash(begin, end, hashes))
    return proof[::-1]


def includes(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Return whether `proof` shows `leaf`, a leaf hash, at `index` (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size or len(leaf) != HASH_SIZE:
        return False
    number, last = index, size - 1
    computed = leaf
    for sibling in proof:
        if not last:
            return False
        if number & 1 or number == last:
            computed = node_hash(sibling, computed)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        number, last = number >> 1, last >> 1
    return not last and computed == root


def extends(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Return whether `proof` shows that the old tree begins the new (RFC 9162 2.1.4.2).

    Nothing is shown by an empty old tree: False.
    """
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        return False
    number, last = old - 1, new - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if not last:
            return False
        if number & 1 or number == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        number, last = number >> 1, last >> 1
    return not last and first == old_root and second == new_root


def _split(count: int) -> int:
    """Return the largest power of two smaller than `count` (RFC 6962 2.1)."""
    return 1 << ((count - 1).bit_length() - 1)


def _range_hash(begin: int, end: int, hashes: NodeHashes) -> bytes:
    """Return the hash of leaves `begin` to `end`, a range that the splitting of a tree gives."""
    count = end - begin
    if not count & (count - 1):
        return hashes(count.bit_length() - 1, begin // count)
    middle = begin + _split(count)
    return node_hash(_range_hash(begin, middle, hashes), _range_hash(middle, end, hashes))
