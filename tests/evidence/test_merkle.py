"""RFC 6962 trees: the vectors of transparency-dev/merkle, and every small tree by itself."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.evidence.merkle import (
    EMPTY_ROOT,
    NodeHashes,
    consistency_proof,
    extends,
    includes,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_hash,
    subtree_hash,
)


@pytest.fixture(scope="module")
def vectors(data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((data / "vectors/rfc6962/vectors.json").read_bytes())
    return found


def decoded(case: dict[str, Any], *names: str) -> list[bytes]:
    return [base64.b64decode(case[name] or "") for name in names]


def proof_of(case: dict[str, Any]) -> list[bytes]:
    return [base64.b64decode(node) for node in case["proof"] or ()]


def nodes_of(leaves: list[bytes]) -> NodeHashes:
    def hashes(level: int, number: int) -> bytes:
        width = 1 << level
        chosen = leaves[number * width : (number + 1) * width]
        assert len(chosen) == width, "only complete subtrees are asked for"
        return subtree_hash(chosen)

    return hashes


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 2.1 to the letter."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = max(1 << n for n in range(40) if 1 << n < len(leaves))
    return node_hash(naive_root(leaves[:split]), naive_root(leaves[split:]))


def test_roots(vectors: dict[str, Any]) -> None:
    leaves = [leaf_hash(bytes.fromhex(text)) for text in vectors["roots"]["leaf_inputs_hex"]]
    roots = vectors["roots"]["root_hashes_hex_by_size"]
    assert len(roots) == 9
    for size, root in enumerate(roots):
        assert root_hash(size, nodes_of(leaves)).hex() == root


def test_inclusion_vectors(vectors: dict[str, Any]) -> None:
    cases = vectors["inclusion"]
    assert len(cases) == 98
    for case in cases:
        root, leaf = decoded(case, "root", "leafHash")
        answer = includes(case["leafIdx"], case["treeSize"], leaf, proof_of(case), root)
        assert answer is not case["wantErr"], case["file"]


def test_consistency_vectors(vectors: dict[str, Any]) -> None:
    cases = vectors["consistency"]
    assert len(cases) == 98
    for case in cases:
        old, new = decoded(case, "root1", "root2")
        answer = extends(case["size1"], case["size2"], old, new, proof_of(case))
        assert answer is not case["wantErr"], case["file"]


LEAVES = [leaf_hash(bytes([number])) for number in range(40)]


def test_every_small_tree() -> None:
    hashes = nodes_of(LEAVES)
    roots = [root_hash(size, hashes) for size in range(len(LEAVES) + 1)]
    assert roots == [naive_root(LEAVES[:size]) for size in range(len(LEAVES) + 1)]
    for size in range(1, len(roots)):
        for index in range(size):
            proof = inclusion_proof(index, size, hashes)
            for position in range(size):
                leaf = LEAVES[index]
                assert includes(position, size, leaf, proof, roots[size]) == (position == index)
        for old in range(1, size + 1):
            proof = consistency_proof(old, size, hashes)
            assert extends(old, size, roots[old], roots[size], proof)
            assert not extends(old, size, roots[old - 1], roots[size], proof)
            assert not extends(old, size, roots[old], roots[size - 1], proof)


@given(data=st.data())
def test_no_other_proof_is_accepted(data: st.DataObject) -> None:
    hashes = nodes_of(LEAVES)
    size = data.draw(st.integers(2, len(LEAVES)))
    index = data.draw(st.integers(0, size - 1))
    root = root_hash(size, hashes)
    proof = inclusion_proof(index, size, hashes)
    other = data.draw(st.lists(st.sampled_from([*proof, LEAVES[0], root]), max_size=8))
    assert includes(index, size, LEAVES[index], other, root) == (other == proof)
    old = data.draw(st.integers(1, size - 1))
    proof = consistency_proof(old, size, hashes)
    other = data.draw(st.lists(st.sampled_from([*proof, LEAVES[0], root]), max_size=8))
    answer = extends(old, size, root_hash(old, hashes), root, other)
    assert answer == (other == proof)
