"""Every bit of a ledger counts, and every cut of one of its files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gate.evidence.keys import Ed25519Signer
from gate.evidence.ledger import FOLDER
from gate.evidence.problems import Code
from gate.evidence.verify_ledger import LedgerReport, verify_ledger
from tests.evidence.ledgers import codes
from tests.evidence.places import MemoryPlace

ALLOWED = {
    "checkpoint": {Code.NOT_TRUSTED},
    "tile/0": {Code.LEDGER_ALTERED},
    # An entry that is longer or shorter cannot be told from the next; the first is the origin.
    "tile/entries": {Code.LEDGER_ALTERED, Code.LEDGER_INCOMPLETE, Code.NOT_TRUSTED},
}


def flips(content: bytes) -> Iterator[bytes]:
    for position in range(len(content)):
        for bit in range(8):
            yield b"".join(
                (
                    content[:position],
                    bytes([content[position] ^ 1 << bit]),
                    content[position + 1 :],
                )
            )


def cuts(content: bytes) -> Iterator[bytes]:
    for length in range(len(content)):
        yield content[:length]
        yield content[length + 1 :]


@pytest.fixture
def contents(data: Path) -> dict[str, bytes]:
    """The files of the golden ledger, in memory: what is changed there is what is read."""
    folder = data / "vectors" / "evidence" / FOLDER
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("alter", [flips, cuts])
def test_every_change_is_found(
    contents: dict[str, bytes],
    signer: Ed25519Signer,
    alter: Callable[[bytes], Iterator[bytes]],
) -> None:
    def verified() -> LedgerReport:
        return verify_ledger(MemoryPlace(contents), [signer.verifying_key])

    assert verified().ok
    for name, content in list(contents.items()):
        allowed = next(found for start, found in ALLOWED.items() if name.startswith(start))
        for changed in alter(content):
            contents[name] = changed
            report = verified()
            assert not report.ok, name
            assert codes(report) <= allowed, name
        contents[name] = content
    assert verified().ok


def test_every_missing_file_is_found(contents: dict[str, bytes], signer: Ed25519Signer) -> None:
    for name in ("checkpoint", "tile/0/000.p/3", "tile/entries/000.p/3"):
        content = contents.pop(name)
        report = verify_ledger(MemoryPlace(contents), [signer.verifying_key])
        assert codes(report) <= {Code.NOT_TRUSTED, Code.LEDGER_INCOMPLETE}
        assert not report.ok
        contents[name] = content
