"""Whatever is done to a record by someone without the key, it no longer verifies."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.evidence.facts import RunFacts
from gate.evidence.keys import Ed25519Signer
from gate.evidence.layout import blob_path
from gate.evidence.problems import Code
from gate.evidence.record import Recorded
from gate.evidence.verify import Report, verify_bundle

Record = tuple[str, bytes, dict[str, bytes]]


class Blobs:
    """Blobs in memory."""

    def __init__(self, contents: dict[str, bytes]) -> None:
        self._contents = contents

    def open_blob(self, sha256: str) -> BinaryIO:
        if sha256 not in self._contents:
            raise FileNotFoundError
        return io.BytesIO(self._contents[sha256])


@pytest.fixture
def entry(recorded: Recorded, facts: RunFacts) -> Record:
    """A recorded run: name and bytes of its bundle, and its blobs by digest."""
    bundle = Path(recorded.place)
    blobs = {
        attachment.sha256: blob_path(bundle.parent, attachment.sha256).read_bytes()
        for attachment in facts.attachments
    }
    return bundle.name, bundle.read_bytes(), blobs


def flips(content: bytes) -> list[bytes]:
    found = []
    for position in range(len(content)):
        for bit in range(8):
            flipped = bytearray(content)
            flipped[position] ^= 1 << bit
            found.append(bytes(flipped))
    return found


def check(entry: Record, signer: Ed25519Signer) -> Report:
    name, content, blobs = entry
    return verify_bundle(content, name, [signer.verifying_key], Blobs(blobs))


def test_every_bit_of_the_bundle_counts(entry: Record, signer: Ed25519Signer) -> None:
    name, content, _ = entry
    assert check(entry, signer).ok
    # Without blobs: what is wrong must be found in the bundle itself.
    passed = [
        flipped
        for flipped in flips(content)
        if verify_bundle(flipped, name, [signer.verifying_key], None).ok
    ]
    assert passed == []


def test_every_bit_of_every_blob_counts(entry: Record, signer: Ed25519Signer) -> None:
    name, content, blobs = entry
    for digest, blob in blobs.items():
        for flipped in flips(blob):
            report = check((name, content, {**blobs, digest: flipped}), signer)
            assert [problem.code for problem in report.problems] == [Code.BLOB_ALTERED]


def test_every_truncation_counts(entry: Record, signer: Ed25519Signer) -> None:
    name, content, blobs = entry
    for length in range(len(content)):
        assert not check((name, content[:length], blobs), signer).ok
    for digest, blob in blobs.items():
        for length in range(len(blob)):
            assert not check((name, content, {**blobs, digest: blob[:length]}), signer).ok


def test_every_missing_blob_counts(entry: Record, signer: Ed25519Signer) -> None:
    name, content, blobs = entry
    for digest in blobs:
        remaining = {key: blob for key, blob in blobs.items() if key != digest}
        report = check((name, content, remaining), signer)
        assert [problem.code for problem in report.problems] == [Code.BLOB_MISSING]


@settings(max_examples=300)
@given(data=st.data())
def test_no_edit_goes_unnoticed(
    data: st.DataObject, golden_entry: Record, signer: Ed25519Signer
) -> None:
    name, content, blobs = golden_entry
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(start + 40, len(content))))
    edited = content[:start] + data.draw(st.binary(max_size=40)) + content[end:]
    assert check((name, edited, blobs), signer).ok == (edited == content)


@settings(max_examples=300)
@given(data=st.data())
def test_no_rearrangement_goes_unnoticed(
    data: st.DataObject, golden_entry: Record, signer: Ed25519Signer
) -> None:
    name, content, blobs = golden_entry
    first, second, third = sorted(data.draw(st.integers(0, len(content))) for _ in range(3))
    edited = content[:first] + content[second:third] + content[first:second] + content[third:]
    assert check((name, edited, blobs), signer).ok == (edited == content)


@pytest.fixture(scope="session")
def golden_entry(data: Path) -> Record:
    """The first of the golden records."""
    folder = data / "vectors" / "evidence"
    bundle = min(folder.glob("*.intoto.jsonl"))
    blobs = {
        path.name: path.read_bytes() for path in (folder / "blobs").rglob("*") if path.is_file()
    }
    return bundle.name, bundle.read_bytes(), blobs
